package linear

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/curfewkv/curfew/test/rig"
)

// crowd runs the function on n connections at once, and fails the test with the first error.
func crowd(t *testing.T, server *rig.Server, n int, work func(id int, c *rig.Conn) error) {
	t.Helper()
	errs := make(chan error, n)
	var wg sync.WaitGroup
	for id := range n {
		wg.Go(func() {
			c, err := rig.Dial(server)
			if err != nil {
				errs <- err
				return
			}
			defer c.Close()
			if err := work(id, c); err != nil {
				errs <- fmt.Errorf("connection %d: %w", id, err)
			}
		})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		t.Fatal(err)
	}
}

// TestSeveralKeysChangeTogether: writers give all keys one value, with MSET or in a transaction; a reader that sees
// two different values has seen half a command.
func TestSeveralKeysChangeTogether(t *testing.T) {
	server := rig.Curfew(t)
	flush(t, server)
	names := []string{"a", "b", "c", "d", "e"}
	var reads atomic.Int64
	crowd(t, server, 40, func(id int, c *rig.Conn) error {
		for i := range 200 * rounds(t) {
			value := strconv.Itoa(id*1_000_000 + i)
			switch id % 4 {
			case 0:
				args := []string{"MSET"}
				for _, name := range names {
					args = append(args, name, value)
				}
				if reply, err := c.Do(args...); err != nil || reply.Text != "OK" {
					return fmt.Errorf("MSET: %v, %w", reply, err)
				}
			case 1:
				commands := [][]string{{"MULTI"}}
				for _, name := range names {
					commands = append(commands, []string{"SET", name, value})
				}
				if _, err := pipeline(c, append(commands, []string{"EXEC"})...); err != nil {
					return err
				}
			case 2:
				reply, err := c.Do(append([]string{"MGET"}, names...)...)
				if err != nil {
					return err
				}
				if err := allEqual(reply); err != nil {
					return fmt.Errorf("MGET: %w", err)
				}
				reads.Add(1)
			case 3:
				commands := [][]string{{"MULTI"}}
				for _, name := range names {
					commands = append(commands, []string{"GET", name})
				}
				reply, err := pipeline(c, append(commands, []string{"EXEC"})...)
				if err != nil {
					return err
				}
				if err := allEqual(reply); err != nil {
					return fmt.Errorf("MULTI: %w", err)
				}
				reads.Add(1)
			}
		}
		return nil
	})
	t.Logf("%d consistent reads", reads.Load())
}

// TestTransfersKeepTheSum: money is moved between accounts with WATCH, GET, MULTI, SET, EXEC; none may appear or be
// lost, and a transaction whose accounts were touched must not run.
func TestTransfersKeepTheSum(t *testing.T) {
	const accounts, start = 6, 1000
	server := rig.Curfew(t)
	flush(t, server)
	crowd(t, server, 1, func(_ int, c *rig.Conn) error {
		for i := range accounts {
			if reply, err := c.Do("SET", "account"+strconv.Itoa(i), strconv.Itoa(start)); err != nil || reply.Text != "OK" {
				return fmt.Errorf("%v, %w", reply, err)
			}
		}
		return nil
	})
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	var done, refused atomic.Int64
	crowd(t, server, 30, func(id int, c *rig.Conn) error {
		random := rand.New(rand.NewPCG(seed, uint64(id)))
		for range 100 * rounds(t) {
			from, to := random.IntN(accounts), random.IntN(accounts)
			if from == to {
				continue
			}
			ok, err := transfer(c, "account"+strconv.Itoa(from), "account"+strconv.Itoa(to), random.IntN(10))
			if err != nil {
				return err
			}
			if ok {
				done.Add(1)
			} else {
				refused.Add(1)
			}
		}
		return nil
	})
	crowd(t, server, 1, func(_ int, c *rig.Conn) error {
		sum := 0
		for i := range accounts {
			reply, err := c.Do("GET", "account"+strconv.Itoa(i))
			if err != nil {
				return err
			}
			n, err := strconv.Atoi(reply.Text)
			if err != nil {
				return err
			}
			sum += n
		}
		if sum != accounts*start {
			return fmt.Errorf("the accounts hold %d, want %d", sum, accounts*start)
		}
		return nil
	})
	if done.Load() == 0 || refused.Load() == 0 {
		t.Errorf("%d transfers done and %d refused: the accounts were not contended", done.Load(), refused.Load())
	}
	t.Logf("%d transfers done, %d refused by WATCH", done.Load(), refused.Load())
}

func transfer(c *rig.Conn, from, to string, amount int) (bool, error) {
	reply, err := pipeline(c, []string{"WATCH", from, to}, []string{"MGET", from, to})
	if err != nil || len(reply.Items) != 2 {
		return false, fmt.Errorf("MGET: %v, %w", reply, err)
	}
	var balance [2]int
	for i, item := range reply.Items {
		if balance[i], err = strconv.Atoi(item.Text); err != nil {
			return false, err
		}
	}
	reply, err = pipeline(c, []string{"MULTI"}, []string{"SET", from, strconv.Itoa(balance[0] - amount)},
		[]string{"SET", to, strconv.Itoa(balance[1] + amount)}, []string{"EXEC"})
	if err != nil || reply.IsError() {
		return false, fmt.Errorf("EXEC: %v, %w", reply, err)
	}
	return !reply.Nil, nil
}

// pipeline sends the commands in one write and returns the last reply.
func pipeline(c *rig.Conn, commands ...[]string) (rig.Reply, error) {
	var raw []byte
	for _, args := range commands {
		raw = rig.Encode(raw, args...)
	}
	if err := c.Send(raw); err != nil {
		return rig.Reply{}, err
	}
	var last rig.Reply
	for _, args := range commands {
		var err error
		if last, err = c.Read(); err != nil {
			return last, err
		}
		if last.IsError() {
			return last, fmt.Errorf("%v: %s", args, last.Text)
		}
	}
	return last, nil
}

func allEqual(reply rig.Reply) error {
	if len(reply.Items) == 0 {
		return fmt.Errorf("no values: %s", reply)
	}
	for _, item := range reply.Items {
		if item.Text != reply.Items[0].Text {
			return fmt.Errorf("half a command is seen: %s", reply)
		}
	}
	return nil
}
