package linear

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/anishathalye/porcupine"
)

// An op is one command on one key.
type op struct {
	name string // SET, GET, INCR, DEL, APPEND
	arg  string
}

func (o op) String() string { return strings.TrimSpace(o.name + " " + o.arg) }

// An input is what a connection sent as one atomic step: one command, or the commands of a MULTI block.
type input struct {
	key string
	ops []op
}

// An output holds one shown reply for each command.
type output []string

// A register is the state of one key: absent, or a string.
type register struct {
	there bool
	value string
}

// apply runs one command and returns the reply in the form that reply.String has.
func (r register) apply(o op) (register, string) {
	switch o.name {
	case "SET":
		return register{true, o.arg}, "+OK"
	case "GET":
		if !r.there {
			return r, "nil($)"
		}
		return r, strconv.Quote(r.value)
	case "DEL":
		if !r.there {
			return r, "0"
		}
		return register{}, "1"
	case "APPEND":
		r = register{true, r.value + o.arg}
		return r, strconv.Itoa(len(r.value))
	case "INCR":
		n := int64(0)
		if r.there {
			var err error
			n, err = strconv.ParseInt(r.value, 10, 64)
			if err != nil || strconv.FormatInt(n, 10) != r.value {
				return r, "-ERR value is not an integer or out of range"
			}
		}
		if n == 1<<63-1 {
			return r, "-ERR increment or decrement would overflow"
		}
		next := strconv.FormatInt(n+1, 10)
		return register{true, next}, next
	}
	panic("no such command: " + o.name)
}

// model tells porcupine how one key behaves; keys are independent of each other.
var model = porcupine.Model{
	Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
		byKey := map[string][]porcupine.Operation{}
		for _, o := range history {
			key := o.Input.(input).key
			byKey[key] = append(byKey[key], o)
		}
		var parts [][]porcupine.Operation
		for _, part := range byKey {
			parts = append(parts, part)
		}
		return parts
	},
	Init: func() any { return register{} },
	Step: func(state, in, out any) (bool, any) {
		r := state.(register)
		replies := out.(output)
		for i, o := range in.(input).ops {
			var want string
			if r, want = r.apply(o); replies[i] != want {
				return false, state
			}
		}
		return true, r
	},
	DescribeOperation: func(in, out any) string {
		return fmt.Sprintf("%v -> %v", in.(input).ops, out.(output))
	},
}
