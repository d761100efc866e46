package linear

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/curfewkv/curfew/test/rig"
)

const (
	connections = 200
	keys        = 20
	stepsEach   = 20

	// checkLimit bounds the search for an order of one key. Most take milliseconds; a few, with many equal replies in
	// flight at once, would take minutes, and stay undecided.
	checkLimit = 2 * time.Second
)

func rounds(t testing.TB) int {
	text := os.Getenv("CURFEW_LINEAR_ROUNDS")
	if text == "" {
		return 1
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("CURFEW_LINEAR_ROUNDS: %v", err)
	}
	return n
}

func TestKeysAreLinearizable(t *testing.T) {
	server := rig.Curfew(t)
	for round := range rounds(t) {
		seed := rand.Uint64()
		t.Logf("round %d: seed %d", round, seed)
		flush(t, server)
		history := record(t, server, seed)
		undecided := 0
		for _, part := range model.Partition(history) {
			switch porcupine.CheckOperationsTimeout(model, part, checkLimit) {
			case porcupine.Ok:
			case porcupine.Unknown:
				undecided++
			case porcupine.Illegal:
				_, info := porcupine.CheckOperationsVerbose(model, part, checkLimit)
				t.Fatalf("seed %d: no order explains the history; the longest explained part of a key ends with:\n%s", seed, unexplained(part, info))
			}
		}
		t.Logf("%d steps of %d connections on %d keys: %d keys are undecided, the others linearizable", len(history), connections, keys, undecided)
		if undecided > keys/4 {
			t.Errorf("%d of %d keys could not be decided within %v each: the test checks too little", undecided, keys, checkLimit)
		}
	}
}

// unexplained shows, for the first key that has no order, the steps around the end of the longest explained prefix.
func unexplained(history []porcupine.Operation, info porcupine.LinearizationInfo) string {
	for _, partial := range info.PartialLinearizationsOperations() {
		longest := []porcupine.Operation{}
		for _, p := range partial {
			if len(p) > len(longest) {
				longest = p
			}
		}
		if len(longest) == 0 {
			continue
		}
		key := longest[0].Input.(input).key
		total := 0
		for _, o := range history {
			if o.Input.(input).key == key {
				total++
			}
		}
		if len(longest) == total {
			continue
		}
		text := fmt.Sprintf("key %s, %d of %d steps explained\n", key, len(longest), total)
		for _, o := range longest[max(0, len(longest)-10):] {
			text += fmt.Sprintf("  client %d [%d..%d] %s\n", o.ClientId, o.Call, o.Return, model.DescribeOperation(o.Input, o.Output))
		}
		text += "and then one of:\n"
		for _, o := range history {
			end := longest[len(longest)-1].Return
			if o.Input.(input).key == key && o.Return >= end && o.Call <= end+int64(time.Millisecond) {
				text += fmt.Sprintf("  client %d [%d..%d] %s\n", o.ClientId, o.Call, o.Return, model.DescribeOperation(o.Input, o.Output))
			}
		}
		return text
	}
	return "(none)"
}

func flush(t testing.TB, server *rig.Server) {
	t.Helper()
	c, err := rig.Dial(server)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if reply, err := c.Do("FLUSHALL"); err != nil || reply.IsError() {
		t.Fatalf("FLUSHALL: %v, %v", reply, err)
	}
}

// record lets all connections work at once and returns what they did and saw.
func record(t *testing.T, server *rig.Server, seed uint64) []porcupine.Operation {
	t.Helper()
	histories := make([][]porcupine.Operation, connections)
	errs := make(chan error, connections)
	start := time.Now()
	var wg sync.WaitGroup
	for client := range connections {
		wg.Go(func() {
			c, err := rig.Dial(server)
			if err != nil {
				errs <- err
				return
			}
			defer c.Close()
			random := rand.New(rand.NewPCG(seed, uint64(client)))
			for step := range stepsEach {
				in := randomInput(random, client, step)
				called := time.Since(start)
				out, err := execute(c, in)
				if err != nil {
					errs <- err
					return
				}
				histories[client] = append(histories[client], porcupine.Operation{
					ClientId: client, Input: in, Output: out, Call: int64(called), Return: int64(time.Since(start)),
				})
			}
		})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		t.Fatal(err)
	}
	return slices.Concat(histories...)
}

func randomInput(random *rand.Rand, client, step int) input {
	in := input{key: "k" + strconv.Itoa(random.IntN(keys))}
	size := 1
	if random.IntN(5) == 0 {
		size = 2 + random.IntN(3)
	}
	for i := range size {
		o := op{name: []string{"SET", "GET", "GET", "INCR", "INCR", "DEL", "APPEND"}[random.IntN(7)]}
		switch o.name {
		case "SET":
			// Every value is written once only, so that a read tells which write it saw.
			o.arg = strconv.Itoa(((client+1)*1000+step)*10 + i)
		case "APPEND":
			o.arg = strconv.Itoa(random.IntN(10))
		}
		in.ops = append(in.ops, o)
	}
	return in
}

// execute sends the step, one command or a MULTI block in one write, and returns the replies.
func execute(c *rig.Conn, in input) (output, error) {
	var raw []byte
	multi := len(in.ops) > 1
	if multi {
		raw = rig.Encode(raw, "MULTI")
	}
	for _, o := range in.ops {
		args := []string{o.name, in.key}
		if o.arg != "" {
			args = append(args, o.arg)
		}
		raw = rig.Encode(raw, args...)
	}
	if !multi {
		return readAll(c, raw, 1)
	}
	raw = rig.Encode(raw, "EXEC")
	if err := c.Send(raw); err != nil {
		return nil, err
	}
	for range len(in.ops) + 1 {
		if reply, err := c.Read(); err != nil || reply.Kind != '+' {
			return nil, fmt.Errorf("queueing: %v, %w", reply, err)
		}
	}
	reply, err := c.Read()
	if err != nil || len(reply.Items) != len(in.ops) {
		return nil, fmt.Errorf("EXEC: %v, %w", reply, err)
	}
	var out output
	for _, item := range reply.Items {
		out = append(out, item.String())
	}
	return out, nil
}

func readAll(c *rig.Conn, raw []byte, n int) (output, error) {
	if err := c.Send(raw); err != nil {
		return nil, err
	}
	var out output
	for range n {
		reply, err := c.Read()
		if err != nil {
			return nil, err
		}
		out = append(out, reply.String())
	}
	return out, nil
}

// TestModelFindsLostUpdates makes sure that the check can fail: two INCR that both return 1 have no order.
func TestModelFindsLostUpdates(t *testing.T) {
	step := func(client int, call, end int64, o op, reply string) porcupine.Operation {
		return porcupine.Operation{ClientId: client, Call: call, Return: end, Input: input{"k", []op{o}}, Output: output{reply}}
	}
	good := []porcupine.Operation{
		step(0, 0, 10, op{name: "INCR"}, "2"), step(1, 0, 10, op{name: "INCR"}, "1"), step(0, 20, 30, op{name: "GET"}, `"2"`),
		step(1, 20, 40, op{name: "APPEND", arg: "0"}, "2"), step(0, 50, 60, op{name: "DEL"}, "1"), step(0, 70, 80, op{name: "GET"}, "nil($)"),
	}
	if !porcupine.CheckOperations(model, good) {
		t.Error("a sequential history is refused")
	}
	lost := []porcupine.Operation{step(0, 0, 10, op{name: "INCR"}, "1"), step(1, 0, 10, op{name: "INCR"}, "1")}
	stale := []porcupine.Operation{step(0, 0, 10, op{name: "SET", arg: "5"}, "+OK"), step(1, 20, 30, op{name: "GET"}, "nil($)")}
	for _, bad := range [][]porcupine.Operation{lost, stale} {
		if porcupine.CheckOperations(model, bad) {
			t.Errorf("accepted: %v", bad)
		}
	}
}
