package node_test

import (
	"strings"
	"testing"

	"github.com/curfewkv/curfew/internal/session/sessiontest"
)

// What is a secret is declared with the key; what shows commands asks there.
func TestSecretsOfTheConfigurationAreShownToNobody(t *testing.T) {
	s := sessiontest.New(t)
	s.Keys.SlowerThan.Override(0)
	watching, c := s.Connect(), s.Connect()
	watching.Do("MONITOR")
	for _, key := range []string{"requirepass", "masterauth", "masteruser", "tls-key-file-pass", "TLS-client-key-file-pass"} {
		if got := c.Do("CONFIG", "SET", key, "geheim", "maxmemory", "0"); got[0] != "+OK" {
			t.Fatalf("%s: %s", key, got)
		}
		for who, shown := range map[string]string{"MONITOR": strings.Join(watching.Receive(), " "), "SLOWLOG": strings.Join(c.Do("SLOWLOG", "GET", "1"), " ")} {
			if strings.Contains(shown, "geheim") {
				t.Errorf("%s shows the value of %s: %s", who, key, shown)
			}
		}
		if shown := strings.Join(c.Do("SLOWLOG", "GET", "2"), " "); !strings.Contains(shown, "(redacted)") || !strings.Contains(shown, "maxmemory") {
			t.Errorf("%s: SLOWLOG has %s", key, shown)
		}
	}
}
