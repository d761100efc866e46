package journal

import (
	"slices"
	"testing"
)

// listener keeps the reasons of the records that it is handed.
type listener []Reason

func (l *listener) Consume(r *Record) { *l = append(*l, r.Reason) }

func TestConsumersHearTheReasonsThatTheyListenTo(t *testing.T) {
	var j Journal
	var expiries, writes listener
	e, w := j.Register(&expiries), j.Register(&writes)
	if !j.Idle() {
		t.Error("a journal that nobody listens to is not idle")
	}
	j.Listen(e, Of(Expired))
	j.Listen(w, Of(Write, Created))
	if want := Of(Expired, Write, Created); j.Wanted() != want {
		t.Errorf("wanted are %b, want %b", j.Wanted(), want)
	}
	all := []Reason{Write, Deleted, Expired, Evicted, Invalidated, Moved, Touched, Created, Missed, Flushed, Swapped}
	send := func() {
		for _, r := range all {
			j.Append(&Record{Reason: r})
		}
	}
	if send(); !slices.Equal(expiries, []Reason{Expired}) || !slices.Equal(writes, []Reason{Write, Created}) {
		t.Errorf("heard %v and %v", expiries, writes)
	}
	j.Listen(e, NoReasons)
	if send(); len(expiries) != 1 || j.Wanted() != Of(Write, Created) {
		t.Errorf("after its end a consumer heard %v; wanted are %b", expiries, j.Wanted())
	}
	j.ShowBefore(true)
	j.Listen(w, NoReasons)
	if j.Wanted() != BeforeWanted {
		t.Errorf("wanted are %b", j.Wanted())
	}
	if j.ShowBefore(false); !j.Idle() {
		t.Errorf("wanted are %b", j.Wanted())
	}
	if every := Of(all...); AllReasons != every || Mutations != every&^Of(Created, Missed) {
		t.Errorf("AllReasons are %b, Mutations %b, there are %b", AllReasons, Mutations, every)
	}
}

// Notifications of one class must not cost the mutations of others, and none may be missed.
func TestClassesTellTheirReasons(t *testing.T) {
	data := Of(Write, Deleted, Invalidated, Moved, Touched)
	for class, want := range map[Class]Reasons{
		ClassNone: NoReasons, ClassExpired: Of(Expired), ClassEvicted: Of(Evicted), ClassKeyMiss: Of(Missed), ClassNew: Of(Created),
		ClassGeneric: data, ClassString: data, ClassString | ClassExpired: data | Of(Expired),
	} {
		if got := class.Reasons(); got != want {
			t.Errorf("class %b: reasons %b, want %b", class, got, want)
		}
	}
}
