// Command ttllint finds Redis keys that Go programs write without a lifetime. It runs by itself on packages
// (`ttllint ./...`) and under the go command (`go vet -vettool=$(which ttllint) ./...`), which caches its results. For
// Python, JavaScript and other forms of output, see `curfew ttl lint`.
package main

import (
	"golang.org/x/tools/go/analysis/singlechecker"

	"github.com/curfewkv/curfew/ttllint"
)

func main() { singlechecker.Main(ttllint.Analyzer) }
