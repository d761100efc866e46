module github.com/curfewkv/curfew/test/rig

go 1.25.0
