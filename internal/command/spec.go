package command

// Flags are what the gates of the dispatcher and COMMAND INFO know of a command.
type Flags uint64

// The flags, with Redis's names.
const (
	Write Flags = 1 << iota
	ReadOnly
	DenyOOM
	Admin
	PubSub
	NoScript
	Blocking
	Loading
	Stale
	SkipMonitor
	SkipSlowlog
	Asking
	Fast
	NoAuth
	MayReplicate
	NoMandatoryKeys
	Protected
	NoAsyncLoading
	NoMulti
	AllowBusy
	TouchesArbitraryKeys
	MovableKeys
	// SysCmd: for tests and other servers rather than for users. A flag of the documentation, not of COMMAND INFO.
	SysCmd
	// AllShards: works on the whole keyspace, so every shard is locked while it runs. Ours, not shown.
	AllShards
	// InSubscribe: allowed in RESP2 while subscribed. Ours, not shown.
	InSubscribe
	// NoQueue: runs inside MULTI instead of being queued. Ours, not shown.
	NoQueue
	// Unpausable: CLIENT PAUSE never holds it back. Ours, not shown.
	Unpausable
	// Sentinel-only commands do not exist here.
)

// Keys says where the keys of a command are: args[First], then every Step up to Last (negative: from the end).
// First 0 means none.
type Keys struct {
	First, Last, Step int
	// Flags of all of these keys in COMMAND INFO, such as "RW access update"; "not_key" where they are names of channels.
	Flags string
	// Find returns the positions where the pattern above cannot; nil result means the arguments are malformed.
	Find func(args [][]byte) []int
	// Rules replace the one that follows from First, Last, Step and Flags, where the keys differ in their flags or take
	// more than a range to find. Clients read them; the server itself goes by the fields above.
	Rules []KeyRule
	// FlagsAt are the flags of the key at a position where "variable_flags" says that they depend on the arguments.
	FlagsAt func(args [][]byte, pos int) string
}

// Spec declares one command or subcommand.
type Spec struct {
	// Name in lower case; a subcommand's own word ("getname" of CLIENT).
	Name string
	// Arity counts the arguments, name(s) included; negative: at least so many.
	Arity int
	Flags Flags
	Keys  Keys
	// Group, Since, Summary, Complexity and Syntax feed COMMAND DOCS. Syntax is the arguments as the Redis manual writes them.
	Group, Since, Summary, Complexity, Syntax string
	// Tips for clients, as Redis names them: "nondeterministic_output", "request_policy:all_shards".
	Tips string
	// Deprecated since, and the replacement, when it is.
	DeprecatedSince, ReplacedBy string
	// Categories are ACL categories beyond those that follow from flags and group, such as "@dangerous"; "-@keyspace" takes
	// one away.
	Categories  string
	Subcommands []*Spec
	// Room estimates by how many bytes the command may grow the memory, where the size of its arguments does not tell.
	Room func(args [][]byte) int64
	// Run carries the command out. Nil for a container whose subcommands do.
	Run func(c *Ctx) error
	// Long reports, under the locks and without a change, whether Run would take so long that other clients would notice.
	// The command is run off the event loops then, by Apart or else by Run, with its shards held: those who want them wait,
	// their event loops do not. Nil: it never takes long. Inside another command it is not asked.
	Long func(c *Ctx) bool
	// Apart carries out a command that is long with no shard locked: it locks for itself, and never for long. It gives up
	// when it is Abandoned.
	Apart func(c *Ctx) error

	// Full is the full name, "client|getname"; ID indexes statistics. Both are set by the table.
	Full   string
	Parent *Spec
	ID     int
	brief  bool
}

// Has reports whether all of the flags are set.
func (s *Spec) Has(f Flags) bool { return s.Flags&f == f }

// ArityOK checks the number of arguments.
func (s *Spec) ArityOK(n int) bool {
	if s.Arity < 0 {
		return n >= -s.Arity
	}
	return n == s.Arity
}

// KeyRules are the rules by which clients find the keys of the command.
func (s *Spec) KeyRules() []KeyRule {
	k := &s.Keys
	if k.Rules != nil || k.First == 0 {
		return k.Rules
	}
	last := k.Last
	if last > 0 {
		last -= k.First
	}
	return []KeyRule{{Flags: k.Flags, Index: k.First, Last: last, Step: max(1, k.Step)}}
}

// HasKeys reports whether the command can name keys.
func (s *Spec) HasKeys() bool { return s.Keys.First != 0 || s.Keys.Find != nil }

// SingleKey is the position of the command's only key, 0 when it has none or may have several.
func (s *Spec) SingleKey() int {
	if s.Keys.Find == nil && s.Keys.First > 0 && s.Keys.Last == s.Keys.First {
		return s.Keys.First
	}
	return 0
}

// Brief reports whether the command works on one key and takes the same short time whatever that holds.
func (s *Spec) Brief() bool { return s.brief }

// KeyPositions appends the positions of the keys in args to dst.
func (s *Spec) KeyPositions(args [][]byte, dst []int) []int {
	k := &s.Keys
	if k.Find != nil {
		return append(dst, k.Find(args)...)
	}
	if k.First == 0 {
		return dst
	}
	last := k.Last
	if last < 0 {
		last += len(args)
	}
	for i := k.First; i <= last && i < len(args); i += max(1, k.Step) {
		dst = append(dst, i)
	}
	return dst
}
