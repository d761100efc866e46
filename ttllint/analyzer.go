package ttllint

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/analysis"

	"github.com/curfewkv/curfew/ttllint/rule"
)

// HelpURL is the page that explains the rules; "#" and the anchor of a rule may follow.
const HelpURL = "https://github.com/curfewkv/curfew/blob/main/docs/lint.md"

const about = `find Redis keys that are written without a lifetime

It knows go-redis v9, rueidis and redigo. A key that is meant to live forever is accepted by a comment on its line
or above: //ttl:durable REASON. The rules are explained on ` + HelpURL + `.`

// Analyzer is the analyzer with its default settings and with flags.
var Analyzer = New(Settings{})

// New makes an analyzer that starts with the settings. Rules that do not exist are an error of the run.
func New(s Settings) *analysis.Analyzer {
	s.Durable, s.Disable = slices.Clone(s.Durable), slices.Clone(s.Disable)
	return &analysis.Analyzer{
		Name:  "ttllint",
		Doc:   about,
		URL:   HelpURL,
		Flags: s.flags(),
		Run:   func(p *analysis.Pass) (any, error) { return nil, run(p, &s) },
	}
}

// Anchor is the place of a rule on the page of HelpURL.
func Anchor(r rule.Rule) string { return strings.ToLower(string(r.Code)) + "-" + r.Name }

// inspection is one run over one package.
type inspection struct {
	pass     *analysis.Pass
	settings *Settings
	decided  rule.Settings
	notes    notes
}

func run(p *analysis.Pass, s *Settings) error {
	if err := s.Validate(); err != nil {
		return err
	}
	in := &inspection{pass: p, settings: s}
	in.notes = readNotes(p)
	in.decided = rule.Settings{
		Durable:    append(slices.Clone(s.Durable), in.notes.durable...),
		DefaultTTL: s.DefaultTTLHook || in.notes.hook || installsHook(p),
	}
	for _, b := range in.notes.bad {
		if in.looksInto(p.Fset.File(b.pos)) {
			in.report(rule.BadComment, analysis.Diagnostic{Pos: b.pos, Message: b.what})
		}
	}
	for _, f := range p.Files {
		if ast.IsGenerated(f) || !in.looksInto(p.Fset.File(f.Pos())) {
			continue
		}
		for _, d := range f.Decls {
			in.declaration(d)
		}
	}
	return nil
}

func (in *inspection) looksInto(f *token.File) bool {
	return in.settings.Tests || !strings.HasSuffix(f.Name(), "_test.go")
}

// hooks are the functions of package lifetime that install a hook which gives new keys a lifetime.
var hooks = []string{"github.com/curfewkv/curfew/lifetime.WithDefaultTTL", "github.com/curfewkv/curfew/lifetime.Govern"}

// installsHook reports whether the package uses one of the hooks.
func installsHook(p *analysis.Pass) bool {
	for _, o := range p.TypesInfo.Uses {
		if f, ok := o.(*types.Func); ok && slices.Contains(hooks, f.FullName()) {
			return true
		}
	}
	return false
}

// declaration looks at what one declaration of a file does, with the functions inside it.
func (in *inspection) declaration(d ast.Decl) {
	s := newSource(in.pass, d)
	calls := collect(s, d)
	ops := make([]rule.Operation, len(calls))
	for i, c := range calls {
		ops[i] = c.op
		for _, m := range c.mistakes {
			in.report(m.code, analysis.Diagnostic{Pos: m.at.Pos(), End: m.at.End(), Message: m.what})
		}
	}
	for _, f := range rule.Check(ops, in.decided) {
		c := calls[f.At]
		diagnostic := analysis.Diagnostic{Pos: c.expr.Pos(), End: c.expr.End(), Message: f.Message}
		if f.Other >= 0 {
			other := calls[f.Other]
			diagnostic.Related = []analysis.RelatedInformation{{Pos: other.expr.Pos(), End: other.expr.End(), Message: other.op.Command + " is here"}}
			diagnostic.SuggestedFixes = fixes(s, f.Code, c, other)
		}
		in.report(f.Code, diagnostic)
	}
}

func (in *inspection) report(code rule.Code, d analysis.Diagnostic) {
	if in.settings.disabled(code) || in.notes.accept(in.pass.Fset, code, d) {
		return
	}
	r, _ := rule.Lookup(string(code))
	d.Category = string(code)
	d.Message = string(code) + ": " + d.Message
	d.URL = HelpURL + "#" + Anchor(r)
	in.pass.Report(d)
}
