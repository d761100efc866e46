package config

import (
	"errors"
	"math"
	"strings"
)

func networkKeys(r *Registry) {
	n := NoEffect(unowned)
	r.String("bind-source-addr", "", n, Doc("Address that outgoing connections come from."))
	r.Int("tcp-backlog", 511, 0, maxInt, Immutable(), NoEffect("the system's limit of the accept queue serves"), Doc("Length of the queue of connections not yet accepted."))
	r.Int("socket-mark-id", 0, 0, math.MaxUint32, Immutable(), n, Doc("Mark that listening sockets get for the firewall."))
	r.Int("max-new-connections-per-cycle", 10, 1, 1000, n, Doc("Connections accepted in one turn of an event loop."))
	r.Int("max-new-tls-connections-per-cycle", 1, 1, 1000, n, Doc("TLS connections accepted in one turn of an event loop."))
}

func generalKeys(r *Registry) {
	n := NoEffect(unowned)
	r.Bool("daemonize", false, Immutable(), NoEffect("run it under a service manager"), Doc("Detach from the terminal."))
	r.Bool("always-show-logo", false, Immutable(), NoEffect("there is none"), Doc("Show the banner even when not on a terminal."))
	r.String("aclfile", "", Immutable(), n, Doc("File of ACL users."))
	r.Int("acllog-max-len", 128, 0, maxLong, n, Doc("Entries that ACL LOG keeps."))
	r.Enum("acl-pubsub-default", "resetchannels", []string{"allchannels", "resetchannels"}, n, Doc("Channels that a new ACL user may use."))
	guard := []string{"no", "yes", "local"}
	r.Enum("enable-protected-configs", "no", guard, Immutable(), Doc("Who may change protected keys with CONFIG SET."))
	r.Enum("enable-module-command", "no", guard, Immutable(), NoEffect(noModules), Doc("Who may use MODULE."))
	r.Int("hz", 10, 0, maxInt, Clamp(1, 500), NoEffect(noSampling), Doc("Frequency of background work."))
	r.Bool("dynamic-hz", true, NoEffect(noSampling), Doc("Raise hz with the number of clients."))
	r.Int("io-threads", 1, 1, 128, Immutable(), NoEffect(noThreads), Doc("Threads for reading and writing."))
	r.Bool("io-threads-do-reads", false, Immutable(), NoEffect(noThreads), Doc("Read with threads too."))
	for _, name := range []string{"shutdown-on-sigint", "shutdown-on-sigterm"} {
		r.ShutdownOn(name, n, Doc("How the signal ends the server."))
	}
	r.String("locale-collate", "", n, Doc("Locale in which strings are compared."))
	r.Int("busy-reply-threshold", 5000, 0, maxLong, Alias("lua-time-limit"), n, Doc("Milliseconds after which a script that still runs is reported as busy."))
	r.Bool("lua-enable-deprecated-api", false, Immutable(), Hidden(), n, Doc("Keep deprecated functions in scripts."))
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

func processKeys(r *Registry) {
	n := NoEffect(unowned)
	svc := NoEffect(noOwner)
	r.Enum("supervised", "no", []string{"upstart", "systemd", "auto", "no"}, Immutable(), svc, Doc("How readiness is told to the service manager."))
	r.Bool("set-proc-title", true, Immutable(), n, Doc("Change the process title."))
	r.String("proc-title-template", "{title} {listen-addr} {server-mode}", n, Validate(procTitle), Doc("The process title."))
	r.Bool("syslog-enabled", false, Immutable(), n, Doc("Log to syslog."))
	r.String("syslog-ident", "redis", Immutable(), n, Doc("Name in syslog."))
	r.Enum("syslog-facility", "local0", []string{"user", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7"},
		Immutable(), n, Doc("Facility in syslog."))
	r.Enum("oom-score-adj", "no", []string{"no", "yes", "relative=yes", "absolute"}, svc, Doc("Change how likely the kernel kills the process for memory."))
	r.OOMScoreAdjValues(svc, Doc("The changes for a primary, a replica and a background child."))
	r.Bool("disable-thp", true, Immutable(), n, Doc("Keep transparent huge pages off."))
	for _, c := range []string{"server", "bio", "aof-rewrite", "bgsave"} {
		r.String(c+"-cpulist", "", Alias(strings.ReplaceAll(c, "-", "_")+"_cpulist"), Immutable(), svc, Doc("Cores that these threads run on."))
	}
	r.String("ignore-warnings", "", n, Doc("Start-up checks that may fail."))
	r.Bool("crash-log-enabled", true, n, Doc("Log a report on a crash."))
	r.Bool("crash-memcheck-enabled", true, n, Doc("Test the memory on a crash."))
	r.Bool("use-exit-on-panic", false, Hidden(), n)
	r.Int("watchdog-period", 0, 0, maxInt, Hidden(), n)
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

func observationKeys(r *Registry) {
	n := NoEffect(unowned)
	r.Bool("hide-user-data-from-log", false, n, Doc("Keep keys and values out of the log."))
}
