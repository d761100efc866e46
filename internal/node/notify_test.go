package node

import (
	"testing"

	"github.com/curfewkv/curfew/internal/config"
	"github.com/curfewkv/curfew/internal/journal"
	"github.com/curfewkv/curfew/internal/pubsub"
)

func TestNotifyKeyspaceEventsChoosesTheClassesOfItsLetters(t *testing.T) {
	all := journal.ClassGeneric | journal.ClassString | journal.ClassList | journal.ClassSet | journal.ClassHash |
		journal.ClassZSet | journal.ClassExpired | journal.ClassEvicted | journal.ClassStream | journal.ClassModule
	for text, want := range map[string]pubsub.Flags{
		"":       {},
		"KEA":    {Classes: all, Keyspace: true, Keyevent: true},
		"Kx":     {Classes: journal.ClassExpired, Keyspace: true},
		"Eg$":    {Classes: journal.ClassGeneric | journal.ClassString, Keyevent: true},
		"AKEmn":  {Classes: all | journal.ClassKeyMiss | journal.ClassNew, Keyspace: true, Keyevent: true},
		"lshzet": {Classes: all &^ (journal.ClassGeneric | journal.ClassString | journal.ClassExpired | journal.ClassModule)},
	} {
		set, err := config.ParseNotify(text)
		if got := notifications(set); err != nil || got != want {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
	}
}
