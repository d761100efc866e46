package config

import (
	"errors"
	"math"
	"strings"
)

func (d rest) network() {
	n := NoEffect(unowned)
	d.int("port", 6379, 0, 65535, n, Doc("TCP port to listen on; 0 for none."))
	special(d, "bind", d.r.Bind, n, Doc("Addresses to listen on; a minus sign in front of one that may be missing."))
	d.str("bind-source-addr", "", n, Doc("Address that outgoing connections come from."))
	d.str("unixsocket", "", Immutable(), n, Doc("Path of a Unix socket to listen on."))
	d.octal("unixsocketperm", 0, 0, 0o777, Immutable(), n, Doc("File mode of the Unix socket; 0 leaves the default."))
	d.int("timeout", 0, 0, maxInt, n, Doc("Seconds after which an idle client is closed; 0 for never."))
	d.int("tcp-keepalive", 300, 0, maxInt, n, Doc("Seconds between TCP keepalive probes; 0 for none."))
	d.int("tcp-backlog", 511, 0, maxInt, Immutable(), n, Doc("Length of the queue of connections not yet accepted."))
	d.int("maxclients", 10000, 1, math.MaxUint32, n, Doc("Largest number of clients connected at once."))
	d.bool("protected-mode", true, n, Doc("Without a password, serve loopback addresses only."))
	d.int("socket-mark-id", 0, 0, math.MaxUint32, Immutable(), n, Doc("Mark that listening sockets get for the firewall."))
	d.int("max-new-connections-per-cycle", 10, 1, 1000, n, Doc("Connections accepted in one turn of an event loop."))
	d.int("max-new-tls-connections-per-cycle", 1, 1, 1000, n, Doc("TLS connections accepted in one turn of an event loop."))
	d.mem("proto-max-bulk-len", 512<<20, 1<<20, maxLong, n, Doc("Largest string that a request may hold."))
	d.mem("client-query-buffer-limit", 1<<30, 1<<20, maxLong, n, Doc("Largest amount of unprocessed input of a client."))
	special(d, "client-output-buffer-limit", d.r.ClientOutputBufferLimit, n, Doc("When clients that do not read their replies are closed."))
	d.memPercent("maxmemory-clients", 0, 100, maxLong, n,
		Doc("Memory of all clients' buffers above which the largest are closed; a percentage is one of maxmemory."))
}

func (d rest) general() {
	n := NoEffect(unowned)
	d.bool("daemonize", false, Immutable(), n, Doc("Detach from the terminal."))
	d.str("pidfile", "", Immutable(), n, Doc("File that the process number is written to."))
	d.enum("loglevel", "notice", []string{"debug", "verbose", "notice", "warning", "nothing"}, n, Doc("Least important message that is logged."))
	d.str("logfile", "", Immutable(), n, Doc("File to log to; empty for standard output."))
	d.int("databases", 16, 1, maxInt, Immutable(), n, Doc("Number of databases for SELECT."))
	d.bool("always-show-logo", false, Immutable(), n, Doc("Show the banner even when not on a terminal."))
	d.str("dir", ".", Protected(), n, Doc("Working folder, where data files are."))
	d.str("requirepass", "", Sensitive(), n, Doc("Password of the default user."))
	d.str("aclfile", "", Immutable(), n, Doc("File of ACL users."))
	d.int("acllog-max-len", 128, 0, maxLong, n, Doc("Entries that ACL LOG keeps."))
	d.enum("acl-pubsub-default", "resetchannels", []string{"allchannels", "resetchannels"}, n, Doc("Channels that a new ACL user may use."))
	guard := []string{"no", "yes", "local"}
	d.enum("enable-protected-configs", "no", guard, Immutable(), Doc("Who may change protected keys with CONFIG SET."))
	d.enum("enable-debug-command", "no", guard, Immutable(), n, Doc("Who may use DEBUG."))
	d.enum("enable-module-command", "no", guard, Immutable(), NoEffect(noModules), Doc("Who may use MODULE."))
	d.int("hz", 10, 0, maxInt, Clamp(1, 500), NoEffect("timers fire when they are due, not at a fixed rate"), Doc("Frequency of background work."))
	d.bool("dynamic-hz", true, NoEffect("timers fire when they are due, not at a fixed rate"), Doc("Raise hz with the number of clients."))
	d.int("io-threads", 1, 1, 128, Immutable(), NoEffect(noThreads), Doc("Threads for reading and writing."))
	d.bool("io-threads-do-reads", false, Immutable(), NoEffect(noThreads), Doc("Read with threads too."))
	d.int("shutdown-timeout", 10, 0, maxInt, n, Doc("Seconds that a shutdown waits for replicas."))
	for _, name := range []string{"shutdown-on-sigint", "shutdown-on-sigterm"} {
		on := func(opts ...Option) *Flags { return d.r.ShutdownOn(name, opts...) }
		special(d, name, on, n, Doc("How the signal ends the server."))
	}
	d.str("locale-collate", "", n, Doc("Locale in which strings are compared."))
	d.int("busy-reply-threshold", 5000, 0, maxLong, Alias("lua-time-limit"), n, Doc("Milliseconds after which a script that still runs is reported as busy."))
	d.bool("lua-enable-deprecated-api", false, Immutable(), Hidden(), n, Doc("Keep deprecated functions in scripts."))
}

// ShutdownOn declares shutdown-on-sigint or shutdown-on-sigterm. Bits 0 to 3 of
// the flags are save, nosave, now and force.
func (r *Registry) ShutdownOn(name string, opts ...Option) *Flags {
	return r.Flags(name, []string{"default", "save", "nosave", "now", "force"}, append(opts,
		Validate(func(set int64) error {
			if set&3 == 3 {
				return errors.New("shutdown options SAVE and NOSAVE can't be used simultaneously")
			}
			return nil
		}))...)
}

func (d rest) process() {
	n := NoEffect(unowned)
	svc := NoEffect(noOwner)
	d.enum("supervised", "no", []string{"upstart", "systemd", "auto", "no"}, Immutable(), svc, Doc("How readiness is told to the service manager."))
	d.bool("set-proc-title", true, Immutable(), n, Doc("Change the process title."))
	d.str("proc-title-template", "{title} {listen-addr} {server-mode}", n, Validate(procTitle), Doc("The process title."))
	d.bool("syslog-enabled", false, Immutable(), n, Doc("Log to syslog."))
	d.str("syslog-ident", "redis", Immutable(), n, Doc("Name in syslog."))
	d.enum("syslog-facility", "local0", []string{"user", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7"},
		Immutable(), n, Doc("Facility in syslog."))
	d.enum("oom-score-adj", "no", []string{"no", "yes", "relative=yes", "absolute"}, svc, Doc("Change how likely the kernel kills the process for memory."))
	special(d, "oom-score-adj-values", d.r.OOMScoreAdjValues, svc, Doc("The changes for a primary, a replica and a background child."))
	d.bool("disable-thp", true, Immutable(), n, Doc("Keep transparent huge pages off."))
	for _, c := range []string{"server", "bio", "aof-rewrite", "bgsave"} {
		d.str(c+"-cpulist", "", Alias(strings.ReplaceAll(c, "-", "_")+"_cpulist"), Immutable(), svc, Doc("Cores that these threads run on."))
	}
	d.str("ignore-warnings", "", n, Doc("Start-up checks that may fail."))
	d.bool("crash-log-enabled", true, n, Doc("Log a report on a crash."))
	d.bool("crash-memcheck-enabled", true, n, Doc("Test the memory on a crash."))
	d.bool("use-exit-on-panic", false, Hidden(), n)
	d.int("watchdog-period", 0, 0, maxInt, Hidden(), n)
}

// procTitle checks the template's variables.
func procTitle(s string) error {
	bad := errors.New("template format is invalid or contains unknown variables")
	if s == "" {
		return bad
	}
	for {
		_, tail, found := strings.Cut(s, "{")
		if !found {
			return nil
		}
		name, tail, closed := strings.Cut(tail, "}")
		switch name {
		case "title", "listen-addr", "server-mode", "port", "tls-port", "unixsocket", "config-file":
		default:
			closed = false
		}
		if !closed {
			return bad
		}
		s = tail
	}
}

func (d rest) observation() {
	n := NoEffect(unowned)
	d.int("slowlog-log-slower-than", 10000, -1, maxLong, n, Doc("Microseconds from which a command enters the slow log; -1 for none."))
	d.int("slowlog-max-len", 128, 0, maxLong, n, Doc("Entries that the slow log keeps."))
	d.int("latency-monitor-threshold", 0, 0, maxLong, n, Doc("Milliseconds from which an event is kept for LATENCY; 0 for none."))
	d.bool("latency-tracking", true, n, Doc("Keep latencies of each command."))
	special(d, "latency-tracking-info-percentiles", d.r.LatencyTrackingInfoPercentiles, n, Doc("Percentiles that INFO latencystats shows."))
	special(d, "notify-keyspace-events", d.r.NotifyKeyspaceEvents, n, Doc("Classes of keyspace events that are published."))
	d.int("tracking-table-max-keys", 1000000, 0, maxLong, n, Doc("Keys that client-side caching remembers; 0 for no bound."))
	d.bool("hide-user-data-from-log", false, n, Doc("Keep keys and values out of the log."))
}
