package node

import (
	"github.com/curfewkv/curfew/internal/config"
	"github.com/curfewkv/curfew/internal/journal"
	"github.com/curfewkv/curfew/internal/pubsub"
)

// notifyClasses are the journal's classes by their flag in notify-keyspace-events.
var notifyClasses = map[config.NotifyFlags]journal.Class{
	config.NotifyGeneric: journal.ClassGeneric, config.NotifyString: journal.ClassString, config.NotifyList: journal.ClassList,
	config.NotifySet: journal.ClassSet, config.NotifyHash: journal.ClassHash, config.NotifyZset: journal.ClassZSet,
	config.NotifyExpired: journal.ClassExpired, config.NotifyEvicted: journal.ClassEvicted, config.NotifyStream: journal.ClassStream,
	config.NotifyKeyMiss: journal.ClassKeyMiss, config.NotifyModule: journal.ClassModule, config.NotifyNew: journal.ClassNew,
}

// notifications are what the value of notify-keyspace-events chooses.
func notifications(set config.NotifyFlags) pubsub.Flags {
	f := pubsub.Flags{Keyspace: set&config.NotifyKeyspace != 0, Keyevent: set&config.NotifyKeyevent != 0}
	for flag, class := range notifyClasses {
		if set&flag != 0 {
			f.Classes |= class
		}
	}
	return f
}
