package lint

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var wanted = regexp.MustCompile(`want(-above)?((?: TTL\d\d\d)+)`)

// expectations are the codes by line that comments in a source want: "want CODE", or "want-above CODE" for a finding that
// begins above: at the line before, or at the start of a call over several lines.
func expectations(src string) map[string]bool {
	want := map[string]bool{}
	lines := strings.Split(src, "\n")
	for i, l := range lines {
		m := wanted.FindStringSubmatch(l)
		if m == nil {
			continue
		}
		at := i + 1
		if m[1] != "" {
			at--
			for strings.HasPrefix(lines[at-1], "        ") || lines[at-1] == "    )" {
				at--
			}
		}
		for _, code := range strings.Fields(m[2]) {
			want[fmt.Sprintf("%d %s", at, code)] = true
		}
	}
	return want
}

func TestScriptsAreReadAsPeopleWriteThem(t *testing.T) {
	files, err := filepath.Glob("testdata/*.*")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	for _, file := range files {
		lang := languageOf(file)
		if lang == nil {
			continue
		}
		t.Run(filepath.Base(file), func(t *testing.T) {
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			want := expectations(string(src))
			if strings.HasPrefix(filepath.Base(file), "other.") != (len(want) == 0) {
				t.Fatalf("%d findings are wanted", len(want))
			}
			for _, f := range scan(lang, file, string(src), Settings{}) {
				at := fmt.Sprintf("%d %s", f.Line, f.Code)
				if !want[at] {
					t.Errorf("unexpected: %s", f)
				}
				delete(want, at)
			}
			for _, at := range slices.Sorted(maps.Keys(want)) {
				t.Errorf("not found: line %s", at)
			}
		})
	}
}

func TestTheLeakingLineAlone(t *testing.T) {
	for src, lang := range map[string]*language{
		`redis_client.set(f"session:{user_id}", session_data)`: python,
		"redisClient.set(`session:${userId}`, data);":          script,
	} {
		found := scan(lang, "x", src, Settings{})
		if len(found) != 1 || found[0].Code != "TTL001" || !strings.HasPrefix(found[0].Message, `SET of "session:{user`) {
			t.Errorf("%s: %v", src, found)
		}
	}
}

// Broken files, and files cut anywhere, must end and not panic.
func TestBrokenFilesAreRead(t *testing.T) {
	for _, file := range []string{"testdata/articles.py", "testdata/redis_py.py", "testdata/ioredis.ts", "testdata/other.tsx"} {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		lang := languageOf(file)
		done := make(chan struct{})
		go func() {
			defer close(done)
			for n := 0; n < len(src); n += 97 {
				scan(lang, file, string(src[:n]), Settings{})
				scan(lang, file, string(src[n:]), Settings{})
			}
		}()
		select {
		case <-done:
		case <-time.After(2 * time.Minute):
			t.Fatalf("%s: a cut file is read forever", file)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		words := []string{"redis", "client", ".", "set", "(", ")", "[", "]", "{", "}", "'", `"`, "`", "${", "f'", `"""`, "\\", "\n", "    ", "if", "else", "def", ":", "=", "class",
			"Redis", "as", "with", "from", "import", "/", "//", "/*", "#", "=>", "return", ",", "datetime", "new", "Date", "%", "+", "await", "é", "\x00"}
		src := strings.Join(rapid.SliceOfN(rapid.SampledFrom(words), 0, 60).Draw(t, "words"), "")
		scan(python, "x.py", src, Settings{})
		scan(script, "x.ts", src, Settings{})
	})
}

func FuzzScan(f *testing.F) {
	f.Add("import redis\nr.set(f'a:{x}', 1)\n")
	f.Add("import Redis from 'ioredis'; r.set(`a:${b}`, /x/)")
	f.Fuzz(func(_ *testing.T, src string) {
		scan(python, "x.py", src, Settings{})
		scan(script, "x.ts", src, Settings{})
	})
}
