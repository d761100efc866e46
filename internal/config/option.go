package config

// Option adds a property to a key's declaration.
type Option func(*entry)

// Alias declares further names for the key. CONFIG GET, SET and files accept
// them; a pattern of CONFIG GET lists them too, as in Redis.
func Alias(names ...string) Option {
	return func(e *entry) { e.aliases = append(e.aliases, names...) }
}

// Immutable makes CONFIG SET refuse the key; files and flags may set it.
func Immutable() Option { return func(e *entry) { e.immutable = true } }

// Protected makes CONFIG SET refuse the key unless enable-protected-configs
// allows it.
func Protected() Option { return func(e *entry) { e.protected = true } }

// Hidden keeps the key out of CONFIG GET's patterns and the documentation; its
// exact name still works.
func Hidden() Option { return func(e *entry) { e.hidden = true } }

// Sensitive marks a secret; see Registry.Sensitive.
func Sensitive() Option { return func(e *entry) { e.sensitive = true } }

// Volatile makes a CONFIG SET to the value that the key has run the hooks all the
// same: the name of a certificate's file stays when its content changes.
func Volatile() Option { return func(e *entry) { e.volatile = true } }

// MultiArg lets the value be several words.
func MultiArg() Option { return func(e *entry) { e.multi = true } }

// Doc is the key's one-line description in the generated documentation.
func Doc(line string) Option { return func(e *entry) { e.doc = line } }

// NoEffect declares that the key is accepted and remembered but changes
// nothing, and why. A load that sets it to something else than its default
// gets one warning.
func NoEffect(why string) Option { return func(e *entry) { e.noEffect = why } }

// Harmless makes a key of NoEffect warn unless its value is this one, be it loaded
// or the default: where the default asks for something that is not done.
func Harmless(text string) Option { return func(e *entry) { e.harmless = &text } }

// Clamp makes a numeric key take a valid value that is outside of these tighter
// bounds as the nearest one, without an error: Redis runs hz so.
func Clamp(min, max int64) Option {
	return func(e *entry) {
		e.clamp = func(n int64) int64 {
			switch {
			case n < min:
				return min
			case n > max:
				return max
			}
			return n
		}
	}
}

// Validate adds a check of new values, from files and CONFIG SET alike. T is the
// key's own type (bool, int64, string; Enum: int) or string for its text.
func Validate[T any](fn func(new T) error) Option {
	return func(e *entry) {
		h := makeHook(func(_, new T) error { return fn(new) })
		e.checks = append(e.checks, h)
		e.hooks = append(e.hooks, hook{check: h.check})
	}
}

// OnSet adds a function that CONFIG SET runs before the new value is visible;
// its error refuses the command. When a later key of the same command fails, it
// is run again with old and new exchanged. A load does not run it.
func OnSet[T any](fn func(old, new T) error) Option {
	return func(e *entry) { e.hooks = append(e.hooks, makeHook(fn)) }
}

// Apply is a function shared by the keys that it reads: a CONFIG SET that
// changes several of them runs it once.
type Apply struct{ Run func() error }

// OnApply adds a function that CONFIG SET runs when all its values are visible.
// Its error takes all of them back, and what ran before is run again.
func OnApply(a *Apply) Option {
	return func(e *entry) { e.apply = append(e.apply, a) }
}
