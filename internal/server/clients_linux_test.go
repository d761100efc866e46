package server

import (
	"bytes"
	"fmt"
	"net"
	"strconv"
	"strings"
	"testing"

	"github.com/curfewkv/curfew/resp"
)

// field is one field of INFO.
func field(info, name string) string {
	_, after, _ := strings.Cut(info, "\n"+name+":")
	value, _, _ := strings.Cut(after, "\r")
	return value
}

func TestTheLargestClientsAreClosedOverMaxmemoryClients(t *testing.T) {
	socket := start(t, "--maxmemory-clients", "1mb")
	admin := dial(t, socket)
	begin := func(n int, noEvict bool) net.Conn {
		t.Helper()
		c := dial(t, socket)
		if noEvict {
			ask(t, c, "CLIENT", "NO-EVICT", "ON")
		}
		request := append(fmt.Appendf(nil, "*2\r\n$4\r\nECHO\r\n$%d\r\n", n+1), bytes.Repeat([]byte("x"), n)...)
		c.Write(request) // fails where the connection is closed meanwhile
		return c
	}
	begin(100_000, false)
	begin(600_000, true)
	large := begin(400_000, false)
	if n, err := large.Read(make([]byte, 1)); err == nil {
		t.Fatalf("the largest client was sent %d bytes and is still there", n)
	}
	if got := field(ask(t, admin, "INFO", "clients"), "connected_clients"); got != "3" {
		t.Errorf("%s clients are left", got)
	}
	ask(t, admin, "CLIENT", "NO-EVICT", "ON")
	ask(t, admin, "CONFIG", "SET", "maxmemory-clients", "610000")
	if got := ask(t, admin, "CLIENT", "LIST"); strings.Count(got, "\nid=") != 2 {
		t.Errorf("a lowered limit is not followed at once: %s", got)
	}
	if got := field(ask(t, admin, "INFO", "stats"), "evicted_clients"); got != "2" {
		t.Errorf("%s clients were evicted", got)
	}
}

// Keys give way to replies that nobody reads as these grow: a tick later they could be more than the limit by themselves,
// in which case the data is kept.
func TestKeysGiveWayToUnreadReplies(t *testing.T) {
	socket := start(t, "--maxmemory", "14mb", "--maxmemory-policy", "allkeys-lru")
	admin, idler := dial(t, socket), dial(t, socket)
	for i := range 100 {
		ask(t, admin, "SET", fmt.Sprint(i), strings.Repeat("x", 60_000)) // replies with larger ones share them
	}
	request := resp.AppendCommand(nil, "GET", "1")
	if _, err := idler.Write(bytes.Repeat(request, 200)); err != nil {
		t.Fatal(err)
	}
	for evicted := "0"; evicted == "0"; { // until the deadline of the connection
		evicted = field(ask(t, admin, "INFO", "stats"), "evicted_keys")
	}
}

func TestALoweredLimitIsFollowedAtOnce(t *testing.T) {
	c := dial(t, start(t, "--maxmemory-policy", "allkeys-lru"))
	for i := range 100 {
		ask(t, c, "SET", fmt.Sprint(i), strings.Repeat("x", 1000))
	}
	used, err := strconv.Atoi(field(ask(t, c, "INFO", "memory"), "used_memory"))
	if err != nil {
		t.Fatal(err)
	}
	ask(t, c, "CONFIG", "SET", "maxmemory", strconv.Itoa(used-20_000))
	n := 0
	for n < 15 { // at once but for what takes longer than a slice; until the deadline of the connection
		n, _ = strconv.Atoi(field(ask(t, c, "INFO", "stats"), "evicted_keys"))
	}
	if n > 40 {
		t.Errorf("%d keys of 1000 bytes were evicted for a limit that is lower by 20000", n)
	}
}

func TestAClientThatQuitIsGoneWithItsLastReply(t *testing.T) {
	socket := start(t)
	admin := dial(t, socket)
	for range 50 {
		c := dial(t, socket)
		ask(t, c, "SUBSCRIBE", "news")
		if got := ask(t, c, "QUIT"); got != "+OK\r\n" {
			t.Fatal(got)
		}
		if got := ask(t, admin, "PUBLISH", "news", "late"); got != ":0\r\n" {
			t.Fatalf("a client that has quit still listens: %q", got)
		}
		if got := field(ask(t, admin, "INFO", "clients"), "connected_clients"); got != "1" {
			t.Fatalf("%s clients are counted", got)
		}
	}
}

func TestWhatServicesKeepForAClientCounts(t *testing.T) {
	socket := start(t, "--maxmemory-clients", "200kb")
	for _, args := range [][]string{{"WATCH"}, {"SUBSCRIBE"}, {"PSUBSCRIBE"}, {"SSUBSCRIBE"}, {"CLIENT", "TRACKING", "ON", "BCAST", "PREFIX"}} {
		c, gone := dial(t, socket), false
		for i := range 2000 {
			if _, err := c.Write(resp.AppendCommand(nil, append(args, fmt.Sprintf("name-%06d", i))...)); err != nil {
				gone = true
				break
			}
			if _, err := c.Read(make([]byte, 4096)); err != nil {
				gone = true
				break
			}
		}
		if !gone {
			t.Errorf("%s: 2000 names cost nothing", args[0])
		}
	}
}

// However fast it comes: it would be run, and its memory freed, before anybody looked.
func TestARequestOverMaxmemoryClientsIsNotRun(t *testing.T) {
	socket := start(t, "--maxmemory-clients", "1mb")
	admin := dial(t, socket)
	for range 20 {
		c := dial(t, socket)
		c.Write(resp.AppendCommand(nil, "SET", "large", strings.Repeat("x", 1<<20))) // fails where the client is gone by then
		c.Read(make([]byte, 16))
		c.Close()
	}
	if got := ask(t, admin, "EXISTS", "large"); got != ":0\r\n" {
		t.Error("a request of more than all clients may take was run")
	}
}
