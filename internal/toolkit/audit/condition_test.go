package audit

import (
	"strings"
	"testing"
)

func conditionReport() *Report {
	median := int64(3_600_000)
	total := Row{Keys: exactly(1000), NoTTL: exactly(250), Bytes: exactly(5 << 20), NoTTLBytes: 1 << 20, Share: 1, TTLMedian: &median, Biggest: &BigKey{Key: "a", Bytes: 2048}}
	session := Row{Prefix: "session:*", Keys: exactly(600), NoTTL: exactly(1), Share: 0.6}
	return &Report{
		Looked: 1000, HasBytes: true, Total: total, Asked: []Row{session, {Prefix: "a>b[c]:*"}},
		Keyspaces: []Keyspace{{Keys: 1001, Expires: 750, NoTTL: 251}},
		Servers:   []Server{{Addr: "one:6379", UsedMemory: 90, MaxMemory: 100}, {Addr: "two:6379", UsedMemory: 10, MaxMemory: 0}},
	}
}

func TestConditions(t *testing.T) {
	for text, want := range map[string]string{
		"no_ttl>1000":             "",
		"no_ttl > 250":            "no_ttl > 250: it is 251", // as INFO counts, not as the sample found
		"no_ttl==251":             "no_ttl==251: it is 251",
		"no_ttl_ratio>=25%":       "no_ttl_ratio>=25%: it is 0.25074925074925075",
		"no_ttl_ratio<0.2":        "",
		"keys!=1001":              "",
		"keys<1k":                 "",
		"bytes>4mb":               "bytes>4mb: it is 5242880",
		"no_ttl_bytes<=1MiB":      "no_ttl_bytes<=1MiB: it is 1048576",
		"biggest>=2kb":            "biggest>=2kb: it is 2048",
		"ttl_median<2h":           "ttl_median<2h: it is 3600",
		"no_ttl[session:*]>0":     "no_ttl[session:*]>0: it is 1",
		"share[session:*]>60%":    "",
		"keys[session:*] > 1_000": "",
		"keys[a>b[c]:*]>0":        "",
		"memory_ratio>0.85":       "memory_ratio>0.85: it is 0.9 on one:6379",
		"memory_ratio>95%":        "",
	} {
		c, err := ParseCondition(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got, err := c.Crossed(conditionReport()); err != nil || got != want {
			t.Errorf("%s: %q %v, want %q", text, got, err, want)
		}
	}
}

func TestConditionsThatCannotBeUnderstood(t *testing.T) {
	for text, says := range map[string]string{
		"":                     "no comparison",
		"no_ttl":               "no comparison",
		"no_ttl>":              "is not a number",
		"no_ttl>many":          "is not a number",
		"no_ttl>NaN":           "is not a number",
		"no_tll>5":             `no figure "no_tll"`,
		">5":                   `no figure ""`,
		"no_ttl=5":             "compare by one of",
		"no_ttl[session:*>5":   "has no ]",
		"no_ttl[]>5":           "empty pattern",
		"no_ttl[a:*]x>5":       `"x" between`,
		"memory_ratio[a:*]>.5": "has no pattern",
		"no_ttl=>5":            "compare by one of",
	} {
		if _, err := ParseCondition(text); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v, want one that says %s", text, err, says)
		}
	}
}

func TestConditionsThatCannotBeAnswered(t *testing.T) {
	blind := conditionReport()
	blind.HasBytes, blind.Servers = false, []Server{{MaxMemory: unknown, UsedMemory: unknown}}
	for text, says := range map[string]string{"bytes>1": "MEMORY USAGE", "memory_ratio>0.5": "no server has a maxmemory", "keys[x]>1": "was not counted"} {
		c, err := ParseCondition(text)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Crossed(blind); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func FuzzParseCondition(f *testing.F) {
	for _, s := range []string{"no_ttl>1", "no_ttl[a]>1%", "[]", "a]b[>", "keys[>]>=1_0k"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := ParseCondition(text)
		if err != nil {
			return
		}
		if conditionFields[c.field] == nil && c.field != memoryRatio || c.op == "" {
			t.Fatalf("%q is %+v", text, c)
		}
	})
}
