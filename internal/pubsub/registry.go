package pubsub

import (
	"math"
	"sync/atomic"

	"github.com/curfewkv/curfew/internal/session"
)

// Kind is what a name subscribed to is.
type Kind uint8

// The kinds of subscription.
const (
	Channel Kind = iota
	Pattern
	Shard
)

// Registry knows which sessions hear which channels. Safe for concurrent use; a session's own subscriptions are changed by its owner alone.
type Registry struct {
	limit    func() int64 // immutable: bytes that may wait unsent for a subscriber, 0 for any
	channels *space
	shards   *space
	patterns patterns
	clients  atomic.Int64 // sessions with any subscription
}

// New makes an empty registry. limit is asked at each delivery for the hard output limit of subscribers.
func New(limit func() int64) *Registry {
	return &Registry{limit: limit, channels: newSpace(), shards: newSpace()}
}

// names is the session's own set of subscriptions of a kind.
func names(s *session.Session, k Kind) *map[string]struct{} {
	switch k {
	case Pattern:
		return &s.Subs.Patterns
	case Shard:
		return &s.Subs.Shards
	}
	return &s.Subs.Channels
}

// Count is the number that SUBSCRIBE and its like reply: shard channels are counted apart from the rest.
func Count(s *session.Session, k Kind) int {
	if k == Shard {
		return len(s.Subs.Shards)
	}
	return s.Subs.Count()
}

// Subscribe makes s hear name. announce is called when the session counts the subscription as its own, before anything
// published can reach it. Called by the session's owner.
func (r *Registry) Subscribe(s *session.Session, k Kind, name []byte, announce func()) {
	set := names(s, k)
	if _, there := (*set)[string(name)]; there {
		announce()
		return
	}
	if *set == nil {
		*set = make(map[string]struct{})
	}
	text := string(name)
	(*set)[text] = struct{}{}
	s.Public.Kept.Add(size(text))
	r.publishCounts(s)
	announce()
	switch k {
	case Channel:
		r.channels.add(text, s)
	case Shard:
		r.shards.add(text, s)
	case Pattern:
		r.patterns.add(text, s)
	}
}

// size is about how much memory a subscription takes: its name, and what holds it here and with the session.
func size(name string) int64 { return int64(len(name)) + 160 }

// Unsubscribe ends one subscription, if there is one; nothing of it reaches the session once it has returned. Called by
// the session's owner.
func (r *Registry) Unsubscribe(s *session.Session, k Kind, name []byte) {
	if _, there := (*names(s, k))[string(name)]; there {
		r.end(s, k, string(name))
		r.publishCounts(s)
	}
}

// end ends a subscription that there is.
func (r *Registry) end(s *session.Session, k Kind, name string) {
	switch k {
	case Channel:
		r.channels.remove(name, s)
	case Shard:
		r.shards.remove(name, s)
	case Pattern:
		r.patterns.remove(name, s)
	}
	delete(*names(s, k), name)
	s.Public.Kept.Add(-size(name))
}

// Names lists what s has subscribed to of a kind.
func Names(s *session.Session, k Kind) []string {
	set := *names(s, k)
	out := make([]string, 0, len(set))
	for name := range set {
		out = append(out, name)
	}
	return out
}

// Drop ends all subscriptions of a session: it disconnects or is reset. Called by its owner.
func (r *Registry) Drop(s *session.Session) {
	for r.DropSome(s, math.MaxInt) {
	}
}

// DropSome is Drop for n subscriptions at most, and reports whether there are more.
func (r *Registry) DropSome(s *session.Session, n int) (more bool) {
	for _, k := range []Kind{Channel, Pattern, Shard} {
		set := names(s, k)
		for name := range *set {
			if n == 0 {
				return true
			}
			n--
			r.end(s, k, name)
		}
		*set = nil
	}
	r.publishCounts(s)
	return false
}

// publishCounts shows a session's subscriptions to CLIENT LIST and INFO.
func (r *Registry) publishCounts(s *session.Session) {
	s.Public.Channels.Store(int32(len(s.Subs.Channels)))
	s.Public.Patterns.Store(int32(len(s.Subs.Patterns)))
	s.Public.ShardChans.Store(int32(len(s.Subs.Shards)))
	any := s.Subs.Any()
	if any == s.HasFlag(session.FlagPubSub) {
		return
	}
	s.SetFlag(session.FlagPubSub, any)
	if any {
		r.clients.Add(1)
	} else {
		r.clients.Add(-1)
	}
}

// Channels lists the global channels that match a pattern and have subscribers; nil matches all.
func (r *Registry) Channels(pattern []byte) []string { return r.channels.names(pattern) }

// ShardChannels lists the shard channels that match a pattern and have subscribers; nil matches all.
func (r *Registry) ShardChannels(pattern []byte) []string { return r.shards.names(pattern) }

// NumSub is the number of sessions that hear a global channel by its name.
func (r *Registry) NumSub(channel []byte) int { return r.channels.subscribers(channel) }

// ShardNumSub is the number of sessions that hear a shard channel.
func (r *Registry) ShardNumSub(channel []byte) int { return r.shards.subscribers(channel) }

// NumPat is the number of distinct patterns.
func (r *Registry) NumPat() int { return int(r.patterns.count.Load()) }

// Counts are the figures of INFO: channels, patterns and shard channels with subscribers, and sessions that subscribe.
func (r *Registry) Counts() (channels, patterns, shards, clients int64) {
	return r.channels.count.Load(), r.patterns.count.Load(), r.shards.count.Load(), r.clients.Load()
}
