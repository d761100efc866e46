//go:build unix

package server

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// reservedFiles are the descriptors that the server needs beside those of its clients: listeners, loops, the log.
const reservedFiles = 32

// openFiles raises the limit of open files, as far as that is allowed, to what so many clients need, and returns the limit
// that there is then. The Go runtime has raised the soft limit to the hard one already; only a privileged server gets more.
func openFiles(clients int64) (uint64, error) {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return 0, fmt.Errorf("limit of open files: %w", err)
	}
	need := uint64(clients) + reservedFiles
	if limit.Cur >= need {
		return limit.Cur, nil
	}
	raised := unix.Rlimit{Cur: need, Max: max(need, limit.Max)}
	if unix.Setrlimit(unix.RLIMIT_NOFILE, &raised) != nil {
		return limit.Cur, nil
	}
	return need, nil
}

// fitClients lowers maxclients to what the limit of open files allows, so that connections are refused with an error
// rather than left waiting.
func (s *Server) fitClients() error {
	want := s.settings.maxClients.Get()
	files, err := openFiles(want)
	switch {
	case err != nil:
		return err
	case files >= uint64(want)+reservedFiles:
		return nil
	case files <= reservedFiles:
		return fmt.Errorf("the limit of open files (ulimit -n) is %d, which leaves none for clients; maxclients %d needs %d",
			files, want, want+reservedFiles)
	}
	fits := int64(files) - reservedFiles
	s.settings.maxClients.Override(fits)
	s.log.Warn(fmt.Sprintf("The limit of open files (ulimit -n) is %d: maxclients is lowered from %d to %d", files, want, fits))
	return nil
}

// checkClients refuses a maxclients that the limit of open files does not allow.
func checkClients(_, want int64) error {
	files, err := openFiles(want)
	if err != nil || files >= uint64(want)+reservedFiles {
		return err
	}
	return fmt.Errorf("The operating system is not able to handle the specified number of clients, try with %d", max(1, int64(files)-reservedFiles))
}
