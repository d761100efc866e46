package server

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// reservedFiles are the descriptors that the server needs beside those of its clients: listeners, loops, the log.
const reservedFiles = 32

// fitClients lowers maxclients to what the limit of open files allows, so that connections are refused with an error
// rather than left waiting. The Go runtime has raised the soft limit to the hard one already.
func (s *Server) fitClients() error {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return fmt.Errorf("limit of open files: %w", err)
	}
	want := s.settings.maxClients.Get()
	if limit.Cur >= uint64(want)+reservedFiles {
		return nil
	}
	if limit.Cur <= reservedFiles {
		return fmt.Errorf("the limit of open files (ulimit -n) is %d, which leaves none for clients; maxclients %d needs %d",
			limit.Cur, want, want+reservedFiles)
	}
	fits := int64(limit.Cur) - reservedFiles
	s.settings.maxClients.Override(fits)
	s.log.Warn(fmt.Sprintf("The limit of open files (ulimit -n) is %d: maxclients is lowered from %d to %d", limit.Cur, want, fits))
	return nil
}
