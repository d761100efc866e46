package server

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"time"

	"github.com/curfewkv/curfew/internal/release"
)

// declareFigures declares the fields of INFO that tell of the process, under Redis's names.
func (s *Server) declareFigures() {
	s.serverFigures()
	s.cpuFigures()
	s.node.Metrics.Gauge("clients", "maxclients", "limit of connected clients", s.settings.maxClients.Get)
}

func (s *Server) text(section, name, help string, fn func() string) {
	s.node.Metrics.Text(section, name, help, fn)
}

// fixed declares a field whose value never changes.
func (s *Server) fixed(section, name, value string) {
	s.node.Metrics.Text(section, name, "", func() string { return value })
}

func (s *Server) serverFigures() {
	const sec = "server"
	s.fixed(sec, "redis_version", release.Redis)
	s.fixed(sec, "curfew_version", release.Version)
	s.fixed(sec, "os", osName())
	s.fixed(sec, "arch_bits", strconv.Itoa(strconv.IntSize))
	s.fixed(sec, "monotonic_clock", "POSIX clock_gettime")
	s.fixed(sec, "multiplexing_api", s.settings.transport.String())
	s.fixed(sec, "atomicvar_api", "sync/atomic")
	s.fixed(sec, "go_version", runtime.Version())
	s.fixed(sec, "process_id", strconv.Itoa(os.Getpid()))
	s.fixed(sec, "run_id", s.node.RunID)
	s.node.Metrics.Gauge(sec, "tcp_port", "TCP port", s.settings.port.Get)
	s.node.Metrics.Gauge(sec, "server_time_usec", "unix time in microseconds", func() int64 { return s.clock.Now().Wall / 1000 })
	s.node.Metrics.Gauge(sec, "uptime_in_seconds", "seconds since start", func() int64 { return s.uptime() })
	s.node.Metrics.Gauge(sec, "uptime_in_days", "days since start", func() int64 { return s.uptime() / 86400 })
	s.node.Metrics.Gauge(sec, "lru_clock", "access clock in seconds", func() int64 { return s.clock.Mono() / 1e9 & (1<<24 - 1) })
	exe, _ := os.Executable()
	s.fixed(sec, "executable", exe)
	s.text(sec, "config_file", "configuration file", s.config.Path)
	s.text(sec, "event_loops", "event loops", func() string { return strconv.Itoa(s.group.Len()) })
	s.text(sec, "shards", "lock units of the keyspace", func() string { return strconv.Itoa(s.node.Keyspace.Shards()) })
}

func (s *Server) uptime() int64 { return (s.clock.Mono() - s.node.Started.Mono) / int64(time.Second) }

func (s *Server) cpuFigures() {
	const sec = "cpu"
	// There is no main thread: event loops, as goroutines, run on any, and do what is done on the main thread of Redis.
	for _, name := range []string{"used_cpu_sys", "used_cpu_sys_main_thread"} {
		s.text(sec, name, "seconds in the kernel", func() string { return seconds(usage().Stime) })
	}
	for _, name := range []string{"used_cpu_user", "used_cpu_user_main_thread"} {
		s.text(sec, name, "seconds in user code", func() string { return seconds(usage().Utime) })
	}
}

// listenerLines are the lines of INFO that tell where the server listens, in Redis's form and under its numbers.
func (s *Server) listenerLines() []byte {
	var b []byte
	if port := s.settings.port.Get(); port != 0 {
		b = append(b, "listener0:name=tcp"...)
		for _, addr := range s.settings.bind.Get() {
			b = append(b, ",bind="+addr...)
		}
		b = fmt.Appendf(b, ",port=%d\r\n", port)
	}
	if path := s.settings.unixSocket.Get(); path != "" {
		b = append(b, "listener1:name=unix,bind="+path+"\r\n"...)
	}
	return b
}
