package prefix

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestIdentifiersBecomeAny(t *testing.T) {
	for key, want := range map[string]string{
		"session:8f3a2c91": "session:*",
		"session:550e8400-e29b-41d4-a716-446655440000":  "session:*",
		"user:1001:profile":                             "user:*:profile",
		"{user:1001}:profile":                           "{user:*}:profile",
		"{user1001}.following":                          "{user*}.following",
		"{1001}":                                        "{*}",
		"user1001":                                      "user*",
		"api:v2:users":                                  "api:v2:users",
		"sha256sum":                                     "sha256sum",
		"order-12345":                                   "order-*",
		"order_12345_items":                             "order_*_items",
		"mail:jane.doe@example.com:seen":                "mail:*:seen",
		"stats:2024-05-07":                              "stats:*",
		"stats:2024-05-07:10":                           "stats:*:*",
		"ip:10.0.0.1":                                   "ip:*",
		"ip|10.0.0.1|hits":                              "ip|*|hits",
		"token/x7Gh2kQpL0":                              "token/*",
		"jwt:eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9":      "jwt:*",
		"cache:aGVsbG8gd29ybGQ=":                        "cache:*",
		"feature_flags":                                 "feature_flags",
		"getUserProfileSettings":                        "getUserProfileSettings",
		"rate:limit:203.0.113.9:login":                  "rate:limit:*:login",
		"celery-task-meta-0a1b2c3d-1111-2222-3333-4444": "celery-task-meta-*",
		"a::b":                           "a::b",
		":1":                             ":*",
		"":                               "",
		"bin:\x00\xff":                   "bin:*",
		"html:<script>alert(1)</script>": "html:<script>alert(1)</script>",
		"geo:-12.5":                      "geo:*",
		strings.Repeat("x", 50):          "*",
		strings.Repeat("a:", 40):         strings.Repeat("a:", 11) + "*",
	} {
		if got := strings.ReplaceAll(strings.Join(tokens(key, DefaultSeparators), ""), "**", "*"); got != want {
			t.Errorf("%q: %q, want %q", key, got, want)
		}
	}
	if got := strings.Join(tokens("a#b:c-1#7", "#"), ""); got != "a#b:c-1#*" {
		t.Errorf("separator #: %q", got)
	}
}

func FuzzTokens(f *testing.F) {
	for _, s := range []string{"a:b", "{a:1}:b", "}{", "a.b-c_d", "x\xff", "::", "{{}}", "a12.b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, key string) {
		list := tokens(key, DefaultSeparators)
		if len(list) > maxTokens {
			t.Fatalf("%d pieces", len(list))
		}
		for _, token := range list {
			if !utf8.ValidString(token) {
				t.Fatalf("%q", list)
			}
			if again := anySibling(token); anySibling(again) != again {
				t.Fatalf("what stands for %q is %q, and for that %q", token, again, anySibling(again))
			}
		}
	})
}
