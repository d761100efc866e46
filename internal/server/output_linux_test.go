package server

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/curfewkv/curfew/resp"
)

func TestRepliesOverTheHardLimitAreNotBegun(t *testing.T) {
	socket := start(t)
	a, b := dial(t, socket), dial(t, socket)
	ask(t, a, "SET", "big", strings.Repeat("x", 60_000))
	ask(t, a, "CONFIG", "SET", "client-output-buffer-limit", "normal 100000 0 0")
	request := resp.AppendCommand(nil, "GET", "big")
	if _, err := b.Write(append(request, request...)); err != nil {
		t.Fatal(err)
	}
	if got, _ := io.ReadAll(b); len(got) != 0 {
		t.Errorf("%d bytes came before the connection was closed", len(got))
	}
	if got := ask(t, a, "GET", "big"); !strings.HasPrefix(got, "$60000\r\n") {
		t.Errorf("within the limit: %.20q", got)
	}
}

// Who has not given the password must not be able to fill the memory by not reading.
func TestAStrangerThatDoesNotReadIsClosed(t *testing.T) {
	socket := start(t, "--requirepass", "secret")
	c := dial(t, socket)
	requests := bytes.Repeat(resp.AppendCommand(nil, "PING"), 10_000)
	for range 1000 {
		if _, err := c.Write(requests); err != nil {
			return
		}
	}
	t.Error("ten million refusals wait unread")
}

func TestABroadcastPrecedesWhatItsReaderAsksAfterTheWrite(t *testing.T) {
	socket := start(t)
	reader, writer := dial(t, socket), dial(t, socket)
	ask(t, reader, "HELLO", "3")
	ask(t, reader, "CLIENT", "TRACKING", "ON", "BCAST")
	for range 200 {
		ask(t, writer, "SET", "key", "value")
		want := ">2\r\n$10\r\ninvalidate\r\n*1\r\n$3\r\nkey\r\n+PONG\r\n"
		got := ask(t, reader, "PING")
		for len(got) < len(want) {
			got += receive(t, reader)
		}
		if got != want {
			t.Fatalf("got %q", got)
		}
	}
}

func TestAKilledClientActsNoMore(t *testing.T) {
	socket := start(t)
	a := dial(t, socket)
	for range 100 {
		b := dial(t, socket)
		id := strings.Trim(ask(t, b, "CLIENT", "ID"), ":\r\n")
		if got := ask(t, a, "CLIENT", "KILL", "ID", id); got != ":1\r\n" {
			t.Fatal(got)
		}
		b.Write(resp.AppendCommand(nil, "SET", "ghost", id)) // fails where the connection is closed already
		b.Close()
	}
	if got := ask(t, a, "EXISTS", "ghost"); got != ":0\r\n" {
		t.Error("a killed client wrote")
	}
}
