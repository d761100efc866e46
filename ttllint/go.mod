module github.com/curfewkv/curfew/ttllint

go 1.25.0

require (
	github.com/curfewkv/curfew/resp v0.1.0
	github.com/golangci/plugin-module-register v0.1.2
	golang.org/x/tools v0.48.0
	pgregory.net/rapid v1.3.0
)

require (
	golang.org/x/mod v0.38.0 // indirect
	golang.org/x/sync v0.22.0 // indirect
)
