package lint

import (
	"regexp"
	"slices"
	"strings"
)

var (
	pythonLibraries = []string{"redis", "aioredis", "valkey", "rediscluster", "django_redis", "fakeredis", "flask_redis"}
	scriptLibrary   = regexp.MustCompile(`^(ioredis|redis|iovalkey|@redis/.+|@upstash/redis|@(nestjs-modules|liaoliaots|songkeys)/.*redis.*|@fastify/redis)$`)
)

var python = &language{name: "Python", read: pythonTokens, blocks: pythonBlocks}

var script = &language{name: "JavaScript", read: scriptTokens, blocks: scriptBlocks}

func init() {
	// They name functions that name them.
	python.imports, script.imports = pythonImports, scriptImports
}

// pythonImports reports whether the file imports a Redis library.
func pythonImports(p *program) bool {
	return p.anyImport(func(module string) bool {
		first, _, _ := strings.Cut(module, ".")
		return slices.Contains(pythonLibraries, first)
	})
}

// anyImport reports whether Python's imports have a module that is wanted.
func (p *program) anyImport(wanted func(string) bool) bool {
	for i, tok := range p.list {
		if !tok.in("import", "from") || tok.kind != name || i > 0 && p.list[i-1].kind != line {
			continue
		}
		for j := i + 1; j < len(p.list) && p.list[j].kind != line && !(tok.is("from") && p.list[j].is("import")); j++ {
			module := ""
			for ; p.at(j).kind == name || p.at(j).is("."); j++ {
				if p.at(j).is("as") || p.at(j).is("import") {
					break
				}
				module += p.at(j).text
			}
			if wanted(module) {
				return true
			}
			if p.at(j).is("import") {
				break
			}
		}
	}
	return false
}

// pythonImport notes what `from MODULE import NAMES` binds. Names from modules about Redis stay open.
func (p *program) pythonImport(i int) {
	module := ""
	j := i - 1
	for ; j >= 0 && p.list[j].kind != line && !p.list[j].is("from"); j-- {
		module = p.list[j].text + module
	}
	if j < 0 || !p.list[j].is("from") || strings.Contains(strings.ToLower(module), "redis") || strings.Contains(strings.ToLower(module), "valkey") {
		return
	}
	for j = i + 1; j < len(p.list) && p.list[j].kind != line; j++ {
		if tok := p.list[j]; tok.kind == name && !p.at(j+1).is("as") && !certain.MatchString(tok.text) {
			p.set[tok.text] = append(p.set[tok.text], assignment{j, j, j})
		}
	}
}

// scriptImports reports whether the file imports a Redis library, by import, require or import().
func scriptImports(p *program) bool {
	found := false
	for i, tok := range p.list {
		module, ok := tok.constant()
		if !ok || !(p.at(i-1).in("from", "import") || p.at(i-1).is("(") && p.at(i-2).in("require", "import")) {
			continue
		}
		if scriptLibrary.MatchString(module) {
			found = true
			continue
		}
		p.scriptImport(i, module)
	}
	return found
}

// scriptImport notes what an import of another module binds.
func (p *program) scriptImport(i int, module string) {
	if strings.Contains(strings.ToLower(module), "redis") || strings.Contains(strings.ToLower(module), "valkey") || !p.at(i-1).is("from") {
		return
	}
	for j := i - 2; j >= 0 && j > i-80 && !p.list[j].is("import"); j-- {
		if tok := p.list[j]; tok.kind == name && !certain.MatchString(tok.text) {
			p.set[tok.text] = append(p.set[tok.text], assignment{j, j, j})
		}
	}
}
