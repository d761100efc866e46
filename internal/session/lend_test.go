package session

import (
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/curfewkv/curfew/resp"
)

var elsewhere = &Kind{Name: "elsewhere"}

// lend makes a session that waits for another goroutine.
func lendNew() (*Session, *wakes, *Park) {
	s, w := newTest(2)
	p := s.Suspend(&Park{Kind: elsewhere})
	s.Lend()
	return s, w, p
}

func TestALentSessionComesBackWithItsReply(t *testing.T) {
	s, w, p := lendNew()
	if !s.Busy() || !s.Take() || s.Take() {
		t.Fatal("a lent session is taken once")
	}
	s.Push(0, func(w *resp.Writer) { w.BulkString("message") })
	if s.HasMail() {
		t.Error("a message would come before the reply")
	}
	s.Return(p, func(s *Session) { s.Out.OK() })
	if w.n.Load() != 2 || p.End(1) != Answered { // for the message, and for the reply
		t.Errorf("woken %d times", w.n.Load())
	}
	s.Resume()
	p.WriteAnswer()
	s.Settle()
	s.Collect()
	if got := string(s.Out.Buf); got != "+OK\r\n$7\r\nmessage\r\n" || s.Busy() {
		t.Errorf("%q", got)
	}
}

func TestWhatIsLeftOfALentSessionIsDoneOnce(t *testing.T) {
	for name, c := range map[string]func(s *Session, p *Park, last func()) (at string){
		"its wait was left": func(s *Session, p *Park, last func()) string { s.Leave(); s.Close(last); return "1" },
		"before it is taken": func(s *Session, p *Park, last func()) string {
			s.Close(last)
			return strconv.FormatBool(s.Take()) + "1"
		},
		"while it is away": func(s *Session, p *Park, last func()) string {
			s.Take()
			s.Close(last)
			if !p.Gone() {
				t.Error("the borrower cannot know that it works for nobody")
			}
			s.Return(p, func(*Session) { t.Error("a reply for a client that went away") })
			return "1"
		},
		"when it is back": func(s *Session, p *Park, last func()) string {
			s.Take()
			s.Return(p, func(*Session) {})
			s.Close(last)
			return "1"
		},
	} {
		s, _, p := lendNew()
		n := 0
		got := c(s, p, func() { n++ })
		if want := strconv.Itoa(n); got != want && got != "false"+want || n != 1 {
			t.Errorf("%s: done %d times, %s", name, n, got)
		}
	}
}

// The client goes away at any time while another goroutine works for it.
func TestAClientGoesAwayAtAnyTime(t *testing.T) {
	for range 2000 {
		s, _, p := lendNew()
		var last atomic.Int32
		done := make(chan struct{})
		go func() {
			defer close(done)
			if s.Take() {
				s.SetDB(1)
				s.Return(p, func(*Session) {})
			}
		}()
		s.Close(func() {
			s.SetDB(0)
			last.Add(1)
		})
		<-done
		if last.Load() != 1 {
			t.Fatalf("done %d times", last.Load())
		}
	}
}

// The owner may come upon the reply before it is woken, and lend the session once more at once.
func TestASessionIsHomeWhenItsReplyIsSeen(t *testing.T) {
	for range 10000 {
		s, _, p := lendNew()
		done := make(chan struct{})
		go func() {
			defer close(done)
			s.Take()
			s.Return(p, func(*Session) {})
		}()
		for p.End(1) == Waiting {
		}
		away := s.away.Load()
		<-done
		if away != home {
			t.Fatal("the reply is there and the session is not")
		}
	}
}
