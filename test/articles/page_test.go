package articles

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// docs/articles.md must name tests and folders that are there.
func TestThePageNamesWhatIsThere(t *testing.T) {
	page, err := os.ReadFile("../../docs/articles.md")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	var tests strings.Builder
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		tests.Write(source)
	}
	named := regexp.MustCompile("`(Test[A-Za-z]+)`").FindAllStringSubmatch(string(page), -1)
	if len(named) < 30 {
		t.Errorf("only %d tests are named", len(named))
	}
	for _, name := range named {
		if !strings.Contains(tests.String(), "func "+name[1]+"(t *testing.T)") {
			t.Errorf("%s is not there", name[1])
		}
	}
	for _, folder := range regexp.MustCompile("`((?:internal|test|deploy)/[a-z/]+)`").FindAllStringSubmatch(string(page), -1) {
		if _, err := os.Stat(filepath.Join("../..", folder[1])); err != nil {
			t.Error(err)
		}
	}
}
