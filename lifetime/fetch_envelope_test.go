package lifetime

import (
	"bytes"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestEnvelopeHoldsWhatWasSealed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := envelope{
			nothing:    rapid.Bool().Draw(t, "nothing"),
			cost:       time.Duration(rapid.Int64Range(0, 1<<32-1).Draw(t, "cost")) * time.Microsecond,
			revalidate: time.Duration(rapid.Int64Range(0, 1<<32-1).Draw(t, "revalidate")) * time.Millisecond,
			onError:    time.Duration(rapid.Int64Range(0, 1<<32-1).Draw(t, "onError")) * time.Millisecond,
			payload:    rapid.SliceOf(rapid.Byte()).Draw(t, "payload"),
		}
		sealed := e.seal()
		got, err := open(sealed)
		if err != nil || got.nothing != e.nothing || got.cost != e.cost || got.revalidate != e.revalidate ||
			got.onError != e.onError || !bytes.Equal(got.payload, e.payload) {
			t.Fatalf("sealed %+v, opened %+v, %v", e, got, err)
		}
		if headOf(sealed) == headOf(e.seal()) {
			t.Fatal("two seals have the same head")
		}
		damaged := bytes.Clone(sealed)
		damaged[rapid.IntRange(0, len(damaged)-1).Draw(t, "at")] ^= byte(rapid.IntRange(1, 255).Draw(t, "bits"))
		if _, err := open(damaged); err == nil {
			t.Fatalf("opened damaged %x", damaged)
		}
		if cut := rapid.IntRange(0, len(sealed)-1).Draw(t, "cut"); true {
			if _, err := open(sealed[:cut]); err == nil {
				t.Fatalf("opened %d of %d bytes", cut, len(sealed))
			}
		}
	})
}

func TestEnvelopeBoundsItsNumbers(t *testing.T) {
	got, err := open(envelope{cost: 1000 * time.Hour, revalidate: -1}.seal())
	if err != nil || got.cost != (1<<32-1)*time.Microsecond || got.revalidate != 0 {
		t.Errorf("%+v, %v", got, err)
	}
}

func FuzzEnvelope(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte("lt\x01\x00"))
	f.Add(envelope{payload: []byte("v"), cost: time.Second}.seal())
	f.Add(envelope{nothing: true}.seal())
	f.Add(make([]byte, headLen))
	f.Fuzz(func(t *testing.T, raw []byte) {
		e, err := open(raw)
		if len(headOf(raw)) != min(len(raw), headLen) {
			t.Fatal("head has another length")
		}
		if err == nil && (len(e.payload) != len(raw)-headLen || e.cost < 0 || e.revalidate < 0 || e.onError < 0) {
			t.Fatalf("%x opened as %+v", raw, e)
		}
		for _, left := range []time.Duration{-2, -1, 0, 1, time.Hour, longestTTL} {
			at := appraise(raw, left)
			if (err != nil || left == 0 || left == -2) && at.phase != absent {
				t.Fatalf("%x with %v left is in phase %v", raw, left, at.phase)
			}
		}
	})
}

func TestPhasesOfAValue(t *testing.T) {
	sealed := envelope{revalidate: 10 * time.Second, onError: 5 * time.Second}.seal()
	for _, c := range []struct {
		left  time.Duration
		phase phase
		fresh time.Duration
	}{
		{20 * time.Second, fresh, 5 * time.Second},
		{15*time.Second + 1, fresh, 1},
		{15 * time.Second, stale, 0},
		{5*time.Second + 1, stale, 0},
		{5 * time.Second, lapsed, 0},
		{time.Millisecond, lapsed, 0},
		{0, absent, 0}, {-2, absent, 0},
		{persistent, stale, 0},
	} {
		at := appraise(sealed, c.left)
		if at.phase != c.phase || c.phase == fresh && at.left != c.fresh {
			t.Errorf("%v left: phase %v with %v, want %v with %v", c.left, at.phase, at.left, c.phase, c.fresh)
		}
	}
	if at := appraise(envelope{onError: 1}.seal(), persistent); at.phase != absent {
		// A window under a millisecond is none.
		t.Errorf("phase %v", at.phase)
	}
	if at := appraise(envelope{onError: time.Second}.seal(), persistent); at.phase != lapsed {
		t.Errorf("phase %v", at.phase)
	}
}
