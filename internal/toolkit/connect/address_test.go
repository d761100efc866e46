package connect

import (
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

func TestAddressesFromFlags(t *testing.T) {
	for _, c := range []struct {
		flags string
		want  []string
		says  string // of the error
	}{
		{"", []string{"127.0.0.1:6379"}, ""},
		{"--addr=a,b:1", []string{"a:6379", "b:1"}, ""},
		{"--addr=/run/redis.sock", []string{"/run/redis.sock"}, ""},
		{"--addr=::1", []string{"[::1]:6379"}, ""},
		{"--addr=[::1]:7", []string{"[::1]:7"}, ""},
		{"--url=redis://h", []string{"h:6379"}, ""},
		{"--addr=", nil, "empty"},
		{"--url=", nil, "empty"},
		{"--addr=a,", nil, "empty"},
		{"--addr=redis://h", nil, "--url"},
		{"--addr=a --url=redis://h", nil, "one of them"},
		{"--url=http://h", nil, "invalid URL scheme"},
		{"--url=h:1", nil, "want redis://"},
		{"--url=redis://h/abc", nil, "database number"},
		{"--timeout=0s", nil, "--timeout 0s"},
		{"--timeout=-1s", nil, "--timeout -1s"},
		{"--db=-1", nil, "--db -1"},
	} {
		t.Run(c.flags, func(t *testing.T) {
			var o Options
			flags := pflag.NewFlagSet("test", pflag.ContinueOnError)
			o.AddFlags(flags)
			if err := flags.Parse(strings.Fields(c.flags)); err != nil {
				t.Fatal(err)
			}
			_, addrs, err := o.base()
			if c.says == "" && (err != nil || !slices.Equal(addrs, c.want)) {
				t.Errorf("%q %v, want %q", addrs, err, c.want)
			}
			if c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)) {
				t.Errorf("%q %v, want an error that says %q", addrs, err, c.says)
			}
		})
	}
}

func TestADatabaseGivenByFlagReplacesThatOfTheURL(t *testing.T) {
	var o Options
	flags := pflag.NewFlagSet("test", pflag.ContinueOnError)
	o.AddFlags(flags)
	if err := flags.Parse([]string{"--url=redis://h/3", "--db=0"}); err != nil {
		t.Fatal(err)
	}
	if base, _, err := o.base(); err != nil || base.DB != 0 {
		t.Errorf("%+v %v", base, err)
	}
}

// A password that is not escaped makes a URL that cannot be read, and can turn up in any of its parts.
func TestErrorsOfURLsDoNotTellPasswords(t *testing.T) {
	for _, password := range []string{"pa ss%zz", "hun/ter2", "hun#ter2", "hun?ter2", "12/ter2", "hun[ter2", "%ter2", "hun:ter2@x:y"} {
		for _, text := range []string{"redis://user:" + password + "@h:6379/0", "redis://:" + password + "@h", "rediss://u:" + password + "@h:port", "unix://u:" + password + "@h?db=x"} {
			err := Options{URL: text}.Check()
			if err == nil {
				continue
			}
			for _, part := range []string{password, "ter2", "hun"} {
				if strings.Contains(err.Error(), part) {
					t.Errorf("%s: %v", text, err)
				}
			}
		}
	}
}

// Sentinels without a password refuse a connection that gives one.
func TestSentinelsDoNotGetTheServersPassword(t *testing.T) {
	t.Setenv("REDISCLI_AUTH", "of the servers")
	for want, o := range map[string]Options{
		"of the servers": {}, "": Options{User: "u", Password: "p"}.ForSentinels(), "theirs": Options{SentinelPass: "theirs"}.ForSentinels(),
	} {
		base, _, err := o.base()
		if err != nil || base.Password != want || base.Username != "" {
			t.Errorf("%q %q %v, want %q", base.Username, base.Password, err, want)
		}
	}
}
