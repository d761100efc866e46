package server

import (
	"strings"
	"testing"
)

func TestResetstatZeroesWhatConnectionsCounted(t *testing.T) {
	c := dial(t, start(t))
	ask(t, c, "PING")
	before := ask(t, c, "INFO", "stats")
	for _, line := range []string{"total_connections_received:1\r", "rejected_connections:0\r"} {
		if !strings.Contains(before, line) {
			t.Errorf("no %q in %s", line, before)
		}
	}
	for _, line := range []string{"total_net_input_bytes:0\r", "total_net_output_bytes:0\r"} {
		if strings.Contains(before, line) {
			t.Errorf("%q although something was sent", line)
		}
	}
	if got := ask(t, c, "CONFIG", "RESETSTAT"); got != "+OK\r\n" {
		t.Fatal(got)
	}
	if after := ask(t, c, "INFO", "stats"); !strings.Contains(after, "total_connections_received:0\r") {
		t.Errorf("not reset: %s", after)
	}
}

func TestInfoCountsSubscribers(t *testing.T) {
	socket := start(t)
	a, b := dial(t, socket), dial(t, socket)
	ask(t, a, "SUBSCRIBE", "news")
	if got := ask(t, b, "INFO", "clients"); !strings.Contains(got, "pubsub_clients:1\r") {
		t.Error(got)
	}
}
