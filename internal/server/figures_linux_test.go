package server

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// fieldsOf are the names of the fields in a section of INFO.
func fieldsOf(info string) []string {
	var names []string
	for line := range strings.Lines(info) {
		if name, _, ok := strings.Cut(line, ":"); ok {
			names = append(names, name)
		}
	}
	return names
}

// Exporters and dashboards look fields up by name, each in its section. testdata/info74.txt has the names of Redis 7.4.
func TestInfoHasTheFieldsOfRedisInItsOrder(t *testing.T) {
	text, err := os.ReadFile("testdata/info74.txt")
	if err != nil {
		t.Fatal(err)
	}
	c := run(t).tcp()
	total := 0
	for _, part := range strings.Split(string(text), "# ")[1:] {
		section, names, _ := strings.Cut(part, "\n")
		got := fieldsOf(c.ask("INFO", section))
		for _, want := range strings.Fields(names) {
			total++
			at := 0
			for at < len(got) && got[at] != want {
				at++
			}
			if at == len(got) {
				t.Errorf("section %s: no %s, or not in its place", section, want)
				continue
			}
			got = got[at+1:]
		}
	}
	if total < 200 {
		t.Errorf("only %d fields were looked for", total)
	}
	seen := map[string]bool{}
	for _, name := range fieldsOf(c.ask("INFO", "everything")) {
		if seen[name] {
			t.Errorf("field %s twice", name)
		}
		if strings.HasPrefix(name, "eventloop_duration_max") {
			t.Error("the section Debug is shown unasked")
		}
		seen[name] = true
	}
}

func TestInfoTellsWhereTheServerListens(t *testing.T) {
	r := run(t)
	got := r.unix().ask("INFO", "server")
	for _, want := range []string{
		fmt.Sprintf("listener0:name=tcp,bind=127.0.0.1,port=%d\r\n", r.port), "listener1:name=unix,bind=" + r.socket + "\r\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q", want)
		}
	}
}

func TestClientsClosedOverTheirLimitsAreCounted(t *testing.T) {
	r := run(t, "--client-query-buffer-limit", "1mb", "--client-output-buffer-limit", "pubsub 100kb 0 0")
	admin, greedy, deaf := r.tcp(), r.tcp(), r.tcp()
	fmt.Fprintf(greedy, "*2\r\n$4\r\nECHO\r\n$3000000\r\n%s", strings.Repeat("x", 2<<20)) // fails where it is closed meanwhile
	deaf.ask("SUBSCRIBE", "ch")
	message := strings.Repeat("x", 50_000)
	for name := range map[string]int{"client_query_buffer_limit_disconnections": 0, "client_output_buffer_limit_disconnections": 0} {
		until(t, name, func() bool {
			admin.ask("PUBLISH", "ch", message)
			return field(admin.ask("INFO", "stats"), name) == "1"
		})
	}
}
