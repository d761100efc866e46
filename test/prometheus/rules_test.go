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
	tests, err := os.ReadFile(deploy + "/prometheus/rules_test.yml")
	if err != nil {
		t.Fatal(err)
	}
	var rules ruleFile
	readYAML(t, deploy+"/prometheus/rules.yml", &rules)
	for i, r := range rules.Groups[0].Rules {
		for _, broken := range []string{"vector(0) > 1", "vector(1)"} {
			dir := t.TempDir()
			rules.Groups[0].Rules[i].Expr = broken
			text, err := yaml.Marshal(rules)
			if err != nil {
				t.Fatal(err)
			}
			rules.Groups[0].Rules[i].Expr = r.Expr
			for name, content := range map[string][]byte{"rules.yml": text, "rules_test.yml": tests} {
				if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := promtool(t, "test", "rules", filepath.Join(dir, "rules_test.yml")); err == nil {
				t.Errorf("%s as %s passes its tests", r.Alert, broken)
			}
		}
	}
}
