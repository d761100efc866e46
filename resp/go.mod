module github.com/curfewkv/curfew/resp

go 1.25.0
