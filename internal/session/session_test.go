package session

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/curfewkv/curfew/resp"
)

// wakes is a transport that counts how often it was woken.
type wakes struct{ n atomic.Int64 }

func (w *wakes) Wake(*Session) { w.n.Add(1) }

func newTest(proto int) (*Session, *wakes) {
	t := &wakes{}
	s := New(1, t, 1)
	s.SetProto(proto)
	return s, t
}

const frame = ">3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\nm\r\n"

func TestPushFrameIsAnArrayInRESP2(t *testing.T) {
	for proto, want := range map[int]string{2: "*" + frame[1:], 3: frame} {
		s, _ := newTest(proto)
		s.PushFrame(0, []byte(frame))
		s.PushFrame(0, []byte(frame))
		s.Collect()
		if got := string(s.Out.Buf); got != want+want {
			t.Errorf("RESP%d: %q", proto, got)
		}
	}
}

func TestMessagesComeAfterTheReplies(t *testing.T) {
	s, _ := newTest(3)
	s.PushFrame(0, []byte(frame))
	s.Out.OK()
	s.Collect()
	if got := string(s.Out.Buf); got != "+OK\r\n"+frame {
		t.Errorf("%q", got)
	}
	if s.HasMail() || s.MailBytes() != 0 {
		t.Error("mail is left after Collect")
	}
}

func TestOwnerIsWokenOnceUntilItCollects(t *testing.T) {
	s, w := newTest(2)
	for range 3 {
		s.Push(0, func(w *resp.Writer) { w.OK() })
	}
	if w.n.Load() != 1 {
		t.Errorf("woken %d times", w.n.Load())
	}
	s.Collect()
	s.Push(0, func(w *resp.Writer) { w.OK() })
	if w.n.Load() != 2 {
		t.Errorf("woken %d times after Collect", w.n.Load())
	}
}

func TestOutputLimitKillsAndBoundsMemory(t *testing.T) {
	const limit = 10_000
	s, w := newTest(3)
	s.Public.OutBytes.Store(4000)
	for range 1000 {
		s.PushFrame(limit, []byte(frame))
		if n := s.MailBytes(); n > limit-4000+len(frame) {
			t.Fatalf("%d bytes wait", n)
		}
	}
	if !s.Killed() || s.MailBytes() != 0 {
		t.Errorf("killed %v, %d bytes wait", s.Killed(), s.MailBytes())
	}
	if w.n.Load() != 2 { // the first message and the kill
		t.Errorf("woken %d times", w.n.Load())
	}
}

func TestPushFrameDoesNotAllocate(t *testing.T) {
	s, _ := newTest(2)
	msg := []byte(frame)
	s.PushFrame(0, msg)
	s.Collect()
	if n := testing.AllocsPerRun(100, func() {
		s.PushFrame(0, msg)
		s.Collect()
		s.Out.Buf = s.Out.Buf[:0]
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestPushFromManyLosesNothing(t *testing.T) {
	s, _ := newTest(2)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 500 {
				s.PushFrame(0, []byte(frame))
			}
		})
	}
	wg.Wait()
	s.Collect()
	if n := strings.Count(string(s.Out.Buf), "*3\r\n"); n != 2000 {
		t.Errorf("%d messages", n)
	}
}

func TestPauseOnlyGrows(t *testing.T) {
	var p Pause
	if p.Active(1) || p.Holds(1, true) {
		t.Error("paused at the start")
	}
	p.Start(1, 100, true)
	if !p.Holds(99, true) || p.Holds(99, false) || p.Holds(100, true) {
		t.Error("a pause of writes holds writes until its end, and nothing else")
	}
	p.Start(1, 50, false)
	if !p.Holds(99, false) || p.Until() != 100 {
		t.Error("a pause of all, for less long, makes the longer one one of all")
	}
	p.Start(1, 200, true)
	if !p.Holds(199, false) {
		t.Error("a pause of writes weakened one of all")
	}
	p.Start(300, 400, true)
	if p.Holds(350, false) || !p.Holds(350, true) {
		t.Error("a pause that is over lives on in the next")
	}
}

func TestPauseEndWakesWhoWaits(t *testing.T) {
	var p Pause
	s, w := newTest(2)
	gone, wGone := newTest(2)
	p.Start(1, 100, false)
	if !p.Suspend(2, s) || !p.Suspend(2, gone) || !s.HasFlag(FlagBlocked) {
		t.Error("a session does not wait for a pause that is under way")
	}
	gone.Leave()
	if p.Waiting() != 1 {
		t.Errorf("%d wait", p.Waiting())
	}
	p.End()
	if w.n.Load() != 1 || wGone.n.Load() != 0 || p.Active(50) {
		t.Error("End wakes those that wait, once")
	}
	s.Resume()
	if p.Suspend(50, s) || s.HasFlag(FlagBlocked) {
		t.Error("a session waits for a pause that has ended: nobody would wake it")
	}
	if s.Settle(); p.Waiting() != 0 {
		t.Errorf("%d wait after the end", p.Waiting())
	}
}

func TestAPauseThatRanOutIsEndedButNotTheNext(t *testing.T) {
	var p Pause
	s, w := newTest(2)
	p.Start(1, 100, false)
	p.Suspend(1, s)
	p.EndIfOver(99)
	p.Start(100, 200, false) // before anyone noticed the end of the first
	p.EndIfOver(100)
	if w.n.Load() != 0 || !p.Active(150) {
		t.Error("a pause was ended that is under way")
	}
	p.EndIfOver(200)
	if w.n.Load() != 1 || p.Until() != 0 {
		t.Error("a pause that ran out was not ended")
	}
}

func TestRegistryListsInOrderOfIDs(t *testing.T) {
	r := NewRegistry()
	var ids []uint64
	for range 5 {
		s := New(r.NextID(), &wakes{}, 1)
		r.Add(s)
		ids = append(ids, s.ID)
	}
	s, _ := r.Get(ids[2])
	r.Remove(s)
	if _, ok := r.Get(ids[2]); ok || r.Len() != 4 {
		t.Error("a removed session is still there")
	}
	last := uint64(0)
	for _, s := range r.All() {
		if s.ID <= last {
			t.Errorf("id %d after %d", s.ID, last)
		}
		last = s.ID
	}
}

// The owner collects while others push: every message comes once and whole.
func TestCollectWhileOthersPush(t *testing.T) {
	s, _ := newTest(3)
	var senders sync.WaitGroup
	for range 3 {
		senders.Go(func() {
			for range 1000 {
				s.PushFrame(0, []byte(frame))
			}
		})
	}
	done := make(chan struct{})
	go func() {
		senders.Wait()
		close(done)
	}()
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
		}
		if s.HasMail() {
			s.Collect()
		}
	}
	s.Collect()
	if got := string(s.Out.Buf); got != strings.Repeat(frame, 3000) {
		t.Errorf("%d bytes, want %d", len(got), 3000*len(frame))
	}
}

// shared counts how often it is released.
type shared struct{ released int }

func (*shared) Bytes() []byte { return []byte("shared") }
func (c *shared) Release()    { c.released++ }

func TestWhatIsSharedIsReleasedWithTheSession(t *testing.T) {
	reply, mail, over, late := new(shared), new(shared), new(shared), new(shared)
	s, _ := newTest(3)
	push := func(limit int64, m *shared) { s.Push(limit, func(w *resp.Writer) { w.BulkShared(m) }) }
	s.Out.BulkShared(reply)
	push(0, mail)
	s.Collect()
	push(0, over)
	push(1, late) // kills the session: what is there is over the limit
	if !s.Killed() || mail.released+over.released != 0 {
		t.Errorf("killed: %v, released %d and %d times", s.Killed(), mail.released, over.released)
	}
	s.Drop()
	push(0, late)
	s.Drop()
	if reply.released != 1 || mail.released != 1 || over.released != 1 || late.released != 0 {
		t.Errorf("released %d, %d, %d and %d times", reply.released, mail.released, over.released, late.released)
	}
	if s.HasMail() || s.Out.Len() != 0 {
		t.Error("something is left")
	}
}
