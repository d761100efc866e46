package prometheus

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

const deploy = "../../deploy"

type rule struct {
	Alert       string            `yaml:"alert"`
	Expr        string            `yaml:"expr"`
	For         string            `yaml:"for,omitempty"`
	Labels      map[string]string `yaml:"labels"`
	Annotations map[string]string `yaml:"annotations"`
}

type ruleFile struct {
	Groups []struct {
		Name  string `yaml:"name"`
		Rules []rule `yaml:"rules"`
	} `yaml:"groups"`
}

func readYAML(t *testing.T, path string, into any) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, into); err != nil {
		t.Fatal(err)
	}
}

func promtool(t *testing.T, args ...string) (string, error) {
	t.Helper()
	if _, err := exec.LookPath("promtool"); err != nil {
		t.Fatalf("promtool is not installed; `make deps` installs it: %v", err)
	}
	out, err := exec.Command("promtool", args...).CombinedOutput()
	return string(out), err
}

func TestAlerts(t *testing.T) {
	for _, args := range [][]string{
		{"check", "rules", deploy + "/prometheus/rules.yml"},
		{"test", "rules", deploy + "/prometheus/rules_test.yml"},
	} {
		if out, err := promtool(t, args...); err != nil {
			t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
}

func TestEveryAlertIsFiredAndIsQuiet(t *testing.T) {
	var rules ruleFile
	readYAML(t, deploy+"/prometheus/rules.yml", &rules)
	var tests struct {
		Tests []struct {
			Cases []struct {
				Alert string `yaml:"alertname"`
				Fires []any  `yaml:"exp_alerts"`
			} `yaml:"alert_rule_test"`
		} `yaml:"tests"`
	}
	readYAML(t, deploy+"/prometheus/rules_test.yml", &tests)
	fired, quiet := map[string]bool{}, map[string]bool{}
	for _, test := range tests.Tests {
		for _, c := range test.Cases {
			if len(c.Fires) > 0 {
				fired[c.Alert] = true
			} else {
				quiet[c.Alert] = true
			}
		}
	}
	for _, r := range rules.Groups[0].Rules {
		if !fired[r.Alert] || !quiet[r.Alert] {
			t.Errorf("%s: a test that fires it: %v, one that does not: %v", r.Alert, fired[r.Alert], quiet[r.Alert])
		}
		if r.Labels["severity"] == "" || r.Annotations["summary"] == "" || r.Annotations["action"] == "" {
			t.Errorf("%s does not say how bad it is, what it is and what to do", r.Alert)
		}
	}
}

// An alert that is broken must break its tests, or they test nothing.
func TestTheTestsOfAlertsCanFail(t *testing.T) {
	var tests map[string]any
	readYAML(t, deploy+"/prometheus/rules_test.yml", &tests)
	all := tests["tests"].([]any)
	var rules ruleFile
	readYAML(t, deploy+"/prometheus/rules.yml", &rules)
	for i, r := range rules.Groups[0].Rules {
		var own []any // the others take their time
		for _, test := range all {
			c := test.(map[string]any)["alert_rule_test"].([]any)[0].(map[string]any)
			if c["alertname"] == r.Alert {
				own = append(own, test)
			}
		}
		tests["tests"] = own
		for _, broken := range []string{r.Expr, "vector(0) > 1", "vector(1)"} {
			rules.Groups[0].Rules[i].Expr = broken
			dir := t.TempDir()
			for name, content := range map[string]any{"rules.yml": rules, "rules_test.yml": tests} {
				text, err := yaml.Marshal(content)
				if err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			out, err := promtool(t, "test", "rules", filepath.Join(dir, "rules_test.yml"))
			if passes := err == nil; passes != (broken == r.Expr) {
				t.Errorf("%s as %s: its tests pass: %v\n%s", r.Alert, broken, passes, out)
			}
		}
		rules.Groups[0].Rules[i].Expr = r.Expr
	}
}

func TestThePageNamesEveryAlert(t *testing.T) {
	page, err := os.ReadFile("../../docs/monitoring.md")
	if err != nil {
		t.Fatal(err)
	}
	var rules ruleFile
	readYAML(t, deploy+"/prometheus/rules.yml", &rules)
	for _, r := range rules.Groups[0].Rules {
		if !strings.Contains(string(page), "| `"+r.Alert+"` |") || !strings.Contains(string(page), "| "+r.Labels["severity"]+" |") {
			t.Errorf("%s is not in docs/monitoring.md", r.Alert)
		}
	}
}
