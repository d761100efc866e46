package config_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/curfewkv/curfew/internal/config"
)

// setCases are run in turn against one server.
var setCases = [][]string{
	{"maxmemory", "4gb"}, {"maxmemory", "5xx"}, {"maxmemory", "-1"}, {"maxmemory", "1.5gb"}, {"maxmemory", ""},
	{"maxmemory", "010"}, {"maxmemory", " 10"}, {"maxmemory", "10 kb"}, {"MAXMEMORY", "x"}, {"maxmemory", "1KB"},
	{"maxmemory", "100k"}, {"maxmemory", "7b"}, {"maxmemory", "3M"}, {"maxmemory", "3mB"}, {"maxmemory", "2g"}, {"maxmemory", "0"},
	{"hz", "abc"}, {"hz", ""}, {"hz", "600"}, {"hz", "0"}, {"hz", "-1"}, {"hz", "010"}, {"hz", "+10"}, {"hz", "-0"}, {"hz", "10"},
	{"port", "70000"}, {"protected-mode", "maybe"}, {"protected-mode", "NO"}, {"protected-mode", ""},
	{"maxmemory-policy", "foo"}, {"maxmemory-policy", "ALLKEYS-lru"}, {"databases", "3"},
	{"hz", "10", "hz", "20"}, {"nosuch", "1"}, {"hz", "10", "nosuch", "1", "databases", "2"}, {"databases", "2", "nosuch", "1"},
	{"Hz", "20", "nosuch", "1"}, {"hz", "20", "tcp-keepalive", "x"}, {"hz", "20", "tcp-keepalive", "5"},
	{"dir", "/nonexistent"}, {"dbfilename", "a/b"}, {"enable-protected-configs", "yes"},
	{"save", "900"}, {"save", "900 x"}, {"save", "900 1 300 10"}, {"save", ""}, {"save", "0 1"}, {"save", "900 -1"},
	{"save", "900 1  300 10"}, {"save", " 900 1"}, {"save", "900 0"}, {"save", "+900 01"},
	{"client-output-buffer-limit", "normal 0 0"}, {"client-output-buffer-limit", "foo 0 0 0"},
	{"client-output-buffer-limit", "master 1 1 1"}, {"client-output-buffer-limit", "normal 1x 0 0"},
	{"client-output-buffer-limit", "slave 1gb 1mb 10 normal 5mb 6mb 7"}, {"client-output-buffer-limit", "Replica 1 2 3"},
	{"client-output-buffer-limit", ""}, {"client-output-buffer-limit", "pubsub 1 2 -1"}, {"client-output-buffer-limit", "pubsub 1 2 x"},
	{"oom-score-adj-values", "1 2"}, {"oom-score-adj-values", "1 2 a"}, {"oom-score-adj-values", "300 2 1"},
	{"oom-score-adj-values", "1 2 3000"}, {"oom-score-adj-values", "1 200 800"}, {"oom-score-adj-values", ""},
	{"notify-keyspace-events", "q"}, {"notify-keyspace-events", "KEA"}, {"notify-keyspace-events", "KEg$lszxetd"},
	{"notify-keyspace-events", "nKEg"}, {"notify-keyspace-events", "n"}, {"notify-keyspace-events", "mKEA"},
	{"notify-keyspace-events", "g$lshzxetd"}, {"notify-keyspace-events", ""}, {"notify-keyspace-events", "K E"},
	{"maxmemory-clients", "5%"}, {"maxmemory-clients", "105%"}, {"maxmemory-clients", "-5"}, {"maxmemory-clients", "1gb"},
	{"maxmemory-clients", "1x"}, {"maxmemory-clients", "5.5%"}, {"maxmemory-clients", "%"}, {"maxmemory-clients", "0%"}, {"maxmemory-clients", "05%"},
	{"maxmemory-clients", "-5%"}, {"maxmemory-clients", ""},
	{"unixsocketperm", "777"}, {"lfu-decay-time", "99999999999"}, {"lfu-decay-time", "99999999999999999999999"},
	{"slowlog-max-len", "-1"}, {"slowlog-log-slower-than", "-5"}, {"slowlog-log-slower-than", "-1"}, {"repl-diskless-load", "x"},
	{"shutdown-on-sigint", "nosave now"}, {"shutdown-on-sigint", "nosave save"}, {"shutdown-on-sigint", "foo"},
	{"shutdown-on-sigint", "default force"}, {"shutdown-on-sigint", ""}, {"shutdown-on-sigint", "NOW now"}, {"shutdown-on-sigterm", "default"},
	{"latency-tracking-info-percentiles", "50 x"}, {"latency-tracking-info-percentiles", "50 101"},
	{"latency-tracking-info-percentiles", "1.50 99.99"}, {"latency-tracking-info-percentiles", "0.123456789 50.0 100"},
	{"latency-tracking-info-percentiles", "0 1e1"}, {"latency-tracking-info-percentiles", "-1"}, {"latency-tracking-info-percentiles", ""},
	{"proc-title-template", "{x}"}, {"proc-title-template", "{title} {port}"}, {"proc-title-template", "{title"}, {"proc-title-template", ""},
	{"proc-title-template", "a}b"}, {"proc-title-template", "{}"},
	{"slaveof", "a 1"}, {"SLAVE-PRIORITY", "x"}, {"slave-priority", "7"},
	{"cluster-announce-hostname", "a b"}, {"cluster-announce-hostname", "a-b.c"}, {"cluster-announce-hostname", strings.Repeat("a", 256)},
	{"masterauth", "p w"}, {"masterauth", ""}, {"unixsocket", "x"}, {"socket-mark-id", "-1"}, {"maxclients", "0"}, {"maxclients", "5000000000"},
	{"repl-backlog-size", "0"}, {"repl-backlog-size", "1"}, {"repl-backlog-size", "32kb"}, {"proto-max-bulk-len", "5"},
	{"stream-node-max-bytes", "-1"}, {"hash-max-listpack-value", "1kb"}, {"hash-max-ziplist-value", "65"},
	{"io-threads", "2"}, {"cluster-port", "3"}, {"appendfilename", "a/b"}, {"supervised", "no"}, {"replica-announce-ip", ""},
	{"acl-pubsub-default", "x"}, {"port", "6379 1"}, {"list-max-listpack-size", "-9999999999"}, {"list-max-listpack-size", "-5"},
	{"cluster-link-sendbuf-limit", "-1"}, {"active-defrag-ignore-bytes", "0"}, {"loading-process-events-interval-bytes", "5"},
	{"min-slaves-to-write", "-1"}, {"loglevel", "verbose"}, {"appendfsync", "ALWAYS"}, {"syslog-ident", "x"}, {"ignore-warnings", "a b"},
	{"list-max-ziplist-entries", "5"}, {"include", "x"}, {"user", "x"}, {"", "1"}, {"server_cpulist", "1"},
}

// notTried are keys on which the peer acts, or refuses for reasons of its build.
var notTried = []string{
	"bind", "port", "dir", "tls-", "appendonly", "activedefrag", "oom-score-adj", "maxclients", "maxmemory-clients", "watchdog-period", "timeout",
	"client-query-buffer-limit", "proto-max-bulk-len", "jemalloc-bg-thread", "crash-log-enabled",
}

// differs reports the pairs where a newer Redis, or this server, is meant to
// answer otherwise than Redis 7.0.15.
func differs(name, value string) bool {
	switch {
	case value == "b" || value == "9223372036854775808", value == "0x10": // a unit without number; a number that C would cut; hexadecimal
		return true
	case name == "save" && value == "1 ": // no number there reads as 0 in C
		return true
	case name == "loglevel": // 7.2 added "nothing"
		return true
	}
	return slices.ContainsFunc(notTried, func(p string) bool { return strings.HasPrefix(name, p) })
}

func TestEveryKeyTakesWhatRedisTakes(t *testing.T) {
	p, why := startPeer(t, "")
	if p == nil {
		t.Fatal(why)
	}
	r := full()
	for _, name := range sortedNames(p.all()) {
		for _, value := range config.Values {
			if differs(name, value) {
				continue
			}
			want, _ := p.do("CONFIG", "SET", name, value)
			got := "OK"
			if err := r.Set(pairs(name, value)...); err != nil {
				got = err.Error()
			}
			if got != want {
				t.Errorf("CONFIG SET %s %q\n here:  %s\n Redis: %s", name, value, got, want)
				continue
			}
			sameAnswer(t, p, r, name)
		}
	}
}

func sortedNames(m map[string]string) []string {
	names := make([]string, 0, len(m))
	for n := range m {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}
