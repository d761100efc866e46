module github.com/curfewkv/curfew

go 1.26
