//go:build !race

package keyspace

import (
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/curfewkv/curfew/internal/journal"
)

// inLimited marks the process that a test starts to live under a limit of its address space.
const inLimited = "CURFEW_TEST_ADDRESS_SPACE"

// Under ulimit -v a keyspace reserves less rather than nothing, and leaves address space for the rest of the program. (The
// race detector needs more of it than such limits leave, so this is not in its builds.)
func TestAKeyspaceFitsIntoALimitedAddressSpace(t *testing.T) {
	const limit, shards, want = 8 << 30, 16, 16 << 30
	if os.Getenv(inLimited) == "" {
		cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
		cmd.Env = append(os.Environ(), inLimited+"=1")
		out, err := cmd.CombinedOutput()
		if err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_AS, &syscall.Rlimit{Cur: limit, Max: limit}); err != nil {
		t.Fatal(err)
	}
	k, err := New(Options{Shards: shards, Databases: 16, ReservePerShard: want, Journal: &journal.Journal{}})
	if err != nil {
		t.Fatal(err)
	}
	defer k.Close()
	if k.Reserved() < 128<<20 || k.Reserved()*shards > limit*2/3 {
		t.Errorf("each of %d shards reserves %d MiB of %d", shards, k.Reserved()>>20, int64(limit)>>20)
	}
	heap := make([][]byte, 32)
	for i := range heap {
		heap[i] = make([]byte, 32<<20) // 1 GiB, most of it never touched
	}
	tx := k.NewTxn()
	tx.LockAll()
	defer tx.Unlock()
	for i := range 16 {
		if err := tx.PutText([]byte(name(i)), make([]byte, 1<<20), PutOptions{}, eventTest); err != nil {
			t.Fatal(err)
		}
	}
}
