package fix

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"unicode/utf8"
)

// A Change is a key that got a TTL: a line of the file of changes.
type Change struct {
	Node     string  `json:"node"`
	DB       int     `json:"db"`
	Key      *string `json:"key,omitempty"`        // if it is UTF-8
	Base64   string  `json:"key_base64,omitempty"` // if not
	TTL      int64   `json:"ttl_ms"`
	ExpireAt int64   `json:"expire_at_ms"` // what PEXPIRETIME answers, as long as it is ours
}

// Name is the key's bytes.
func (c *Change) Name() (string, error) {
	if c.Key != nil {
		return *c.Key, nil
	}
	raw, err := base64.StdEncoding.DecodeString(c.Base64)
	return string(raw), err
}

func (c *Change) check() error {
	if _, err := c.Name(); err != nil {
		return fmt.Errorf("key_base64: %w", err)
	}
	if c.Key == nil && c.Base64 == "" || c.ExpireAt <= 0 || c.DB < 0 {
		return errors.New("it is not a line that fix wrote")
	}
	return nil
}

// changes is the file, while it is written.
type changes struct {
	mu   sync.Mutex
	file *os.File
	w    *bufio.Writer
}

// openChanges opens a file to append to. Of a run that was killed, it may end in the middle of a line; that one is cut off: its
// key is recognized and written again.
func openChanges(path string) (*changes, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) // keys can be secrets: session ids are
	if err != nil {
		return nil, fmt.Errorf("--changes: %w", err)
	}
	if err := toAppend(f); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("--changes %s: %w", path, err)
	}
	return &changes{file: f, w: bufio.NewWriterSize(f, 1<<16)}, nil
}

func toAppend(f *os.File) error {
	reader := bufio.NewReader(f)
	first, err := reader.ReadBytes('\n')
	if err == io.EOF {
		if len(first) > 0 && !bytes.HasPrefix(first, []byte(`{"node":`)) {
			return errors.New("there is a file, and fix did not write it")
		}
		return errors.Join(f.Truncate(0), seekEnd(f))
	}
	if err != nil {
		return err
	}
	if _, err := parseChange(first); err != nil {
		return fmt.Errorf("there is a file, and fix did not write it: %w", err)
	}
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	for tail := make([]byte, 1); ; size-- {
		if _, err := f.ReadAt(tail, size-1); err != nil {
			return err
		}
		if tail[0] == '\n' {
			return errors.Join(f.Truncate(size), seekEnd(f))
		}
	}
}

func seekEnd(f *os.File) error {
	_, err := f.Seek(0, io.SeekEnd)
	return err
}

func (c *changes) add(node string, db int, it *item) error {
	line := Change{Node: node, DB: db, TTL: it.ttl, ExpireAt: it.deadline}
	if utf8.ValidString(it.key) {
		line.Key = &it.key
	} else {
		line.Base64 = base64.StdEncoding.EncodeToString([]byte(it.key))
	}
	text, err := json.Marshal(line)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, err := c.w.Write(append(text, '\n')); err != nil {
		return fmt.Errorf("--changes: %w", err)
	}
	return nil
}

func (c *changes) flush() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.w.Flush(); err != nil {
		return fmt.Errorf("--changes: %w", err)
	}
	return nil
}

func (c *changes) close() error {
	err := c.flush()
	if err == nil {
		err = c.file.Sync()
	}
	return errors.Join(err, c.file.Close())
}

func parseChange(line []byte) (*Change, error) {
	c := &Change{}
	if err := json.Unmarshal(line, c); err != nil {
		return nil, err
	}
	return c, c.check()
}

// readChanges calls do for every line. A last line without its end is of a run that was killed, and is left out.
func readChanges(path string, do func(*Change) error) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("--undo: %w", err)
	}
	defer f.Close()
	reader := bufio.NewReaderSize(f, 1<<16)
	for number := 1; ; number++ {
		line, err := reader.ReadBytes('\n')
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("--undo %s: %w", path, err)
		}
		change, err := parseChange(line)
		if err != nil {
			return fmt.Errorf("--undo %s: line %d: %w", path, number, err)
		}
		if err := do(change); err != nil {
			return err
		}
	}
}
