package ttllint

import (
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/analysistest"
)

// clients makes sure that the modules of the client libraries, which testdata uses in earnest, are there.
func clients(t *testing.T) string {
	t.Helper()
	dir := analysistest.TestData()
	download := exec.Command("go", "mod", "download")
	download.Dir = dir
	download.Env = append(download.Environ(), "GOWORK=off") // testdata is of no workspace
	if out, err := download.CombinedOutput(); err != nil {
		t.Fatalf("go mod download in testdata: %v\n%s", err, out)
	}
	return dir
}

func TestWritesAreFoundInEveryLibrary(t *testing.T) {
	analysistest.Run(t, clients(t), New(Settings{}), "./goredis", "./rueidis", "./redigo")
}

func TestCommentsAcceptFindings(t *testing.T) {
	analysistest.Run(t, clients(t), New(Settings{}), "./notes", "./hook")
}

func TestFixesJoinTwoCommands(t *testing.T) {
	analysistest.RunWithSuggestedFixes(t, clients(t), New(Settings{}), "./fixes")
}

func TestTestsAreLookedIntoWhenAsked(t *testing.T) {
	analysistest.Run(t, clients(t), New(Settings{Tests: true}), "./tests")
	if n := len(findings(t, New(Settings{}), "./tests")); n != 0 {
		t.Errorf("%d findings in tests and generated files that nobody asked for", n)
	}
}

// findings runs the analyzer without looking at what the sources expect.
func findings(t *testing.T, a *analysis.Analyzer, patterns ...string) []analysis.Diagnostic {
	t.Helper()
	var all []analysis.Diagnostic
	for _, r := range analysistest.Run(quiet{}, clients(t), a, patterns...) {
		all = append(all, r.Diagnostics...)
	}
	return all
}

// quiet takes what analysistest says about expectations.
type quiet struct{}

func (quiet) Errorf(string, ...any) {}

func TestSettingsSilence(t *testing.T) {
	all := findings(t, New(Settings{}), "./hook", "./fixes")
	for name, c := range map[string]struct {
		settings Settings
		gone     string
	}{
		"by code": {Settings{Disable: []string{"TTL003"}}, "TTL003"},
		"by name": {Settings{Disable: []string{"get-then-expire", "TTL007"}}, "TTL004"},
	} {
		t.Run(name, func(t *testing.T) {
			left := findings(t, New(c.settings), "./hook", "./fixes")
			if len(left) == 0 || len(left) >= len(all) {
				t.Fatalf("%d of %d findings are left", len(left), len(all))
			}
			for _, d := range left {
				if d.Category == c.gone {
					t.Errorf("still found: %s", d.Message)
				}
			}
		})
	}
	if left := findings(t, New(Settings{Durable: []string{"*"}}), "./goredis"); len(left) == 0 {
		t.Error("durable keys hide KEYS and wrong units")
	} else {
		for _, d := range left {
			if strings.Contains("TTL005 TTL006", d.Category) {
				t.Errorf("found in spite of -durable '*': %s", d.Message)
			}
		}
	}
}

func TestFlagsAreTheSettings(t *testing.T) {
	a := New(Settings{})
	for _, f := range [][2]string{{"disable", "TTL003,TTL004"}, {"durable", "x"}, {"tests", "true"}, {"default-ttl-hook", "true"}} {
		if err := a.Flags.Set(f[0], f[1]); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(findings(t, a, "./fixes")); n != 0 {
		t.Errorf("%d findings in spite of the flags", n)
	}
	if err := (Settings{Disable: []string{"TTL999"}}).Validate(); err == nil {
		t.Error("a rule that does not exist can be disabled")
	}
}

func TestFindingsCarryCodeAndPage(t *testing.T) {
	for _, d := range findings(t, New(Settings{}), "./goredis") {
		if !strings.HasPrefix(d.Message, d.Category+": ") || !strings.HasPrefix(d.URL, HelpURL+"#"+strings.ToLower(d.Category)+"-") {
			t.Errorf("%q has category %q and page %q", d.Message, d.Category, d.URL)
		}
	}
}
