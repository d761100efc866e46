package bench

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"
)

// ticksPerSecond is the unit of processor time in /proc, the same on every Linux architecture that Go runs on.
const ticksPerSecond = 100

// process reads a server's own figures from /proc.
type process int

var errNoProcess = errors.New("the server's process is not known, or not on this machine")

// cpu returns the processor time used so far by all threads, in user and in kernel mode.
func (p process) cpu() (time.Duration, error) {
	text, err := p.file("stat")
	if err != nil {
		return 0, err
	}
	// The second field is the program's name in parentheses, which may hold blanks.
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	const utime, stime = 14 - 3, 15 - 3 // proc(5) counts from 1, and two fields are cut off
	if len(fields) <= stime {
		return 0, fmt.Errorf("/proc/%d/stat: %q", p, text)
	}
	var ticks int64
	for _, f := range [...][]byte{fields[utime], fields[stime]} {
		n, err := strconv.ParseInt(string(f), 10, 64)
		if err != nil {
			return 0, fmt.Errorf("/proc/%d/stat: %w", p, err)
		}
		ticks += n
	}
	return time.Duration(ticks) * (time.Second / ticksPerSecond), nil
}

// rss returns the resident memory in bytes.
func (p process) rss() (float64, error) {
	text, err := p.file("statm")
	if err != nil {
		return 0, err
	}
	fields := bytes.Fields(text)
	if len(fields) < 2 {
		return 0, fmt.Errorf("/proc/%d/statm: %q", p, text)
	}
	pages, err := strconv.ParseInt(string(fields[1]), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("/proc/%d/statm: %w", p, err)
	}
	return float64(pages) * float64(os.Getpagesize()), nil
}

func (p process) file(name string) ([]byte, error) {
	if p == 0 {
		return nil, errNoProcess
	}
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", p, name))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errNoProcess, err)
	}
	return text, nil
}
