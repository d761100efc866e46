package monitor

import "bytes"

// hidden stands for an argument that is a secret.
var hidden = []byte("(redacted)")

// Hide returns the arguments of a command with its secrets replaced; args is left as it is. It knows what the commands
// take, so it serves before a command is run as well as after. secret tells of a configuration key whether its value is one.
func Hide(args [][]byte, secret func(key []byte) bool) [][]byte {
	switch name := args[0]; {
	case is(name, "auth"):
		return hideFrom(args, 1)
	case is(name, "hello"):
		return hideHello(args)
	case is(name, "acl") && len(args) > 2 && (is(args[1], "setuser") || is(args[1], "getuser") || is(args[1], "deluser")):
		return hideFrom(args, 2)
	case is(name, "config") && len(args) > 3 && is(args[1], "set"):
		return hideConfig(args, secret)
	}
	return args
}

// hideFrom replaces all arguments from the i-th on.
func hideFrom(args [][]byte, i int) [][]byte {
	out := append([][]byte(nil), args...)
	for ; i < len(out); i++ {
		out[i] = hidden
	}
	return out
}

// hideHello replaces the user and the password behind AUTH.
func hideHello(args [][]byte) [][]byte {
	for i := 1; i+2 < len(args); i++ {
		if is(args[i], "auth") {
			out := append([][]byte(nil), args...)
			out[i+1], out[i+2] = hidden, hidden
			return out
		}
	}
	return args
}

// hideConfig replaces the values of secret keys.
func hideConfig(args [][]byte, secret func(key []byte) bool) [][]byte {
	out := args
	for i := 2; i+1 < len(args); i += 2 {
		if !secret(args[i]) {
			continue
		}
		if &out[0] == &args[0] {
			out = append([][]byte(nil), args...)
		}
		out[i+1] = hidden
	}
	return out
}

func is(b []byte, lower string) bool {
	return len(b) == len(lower) && bytes.EqualFold(b, []byte(lower))
}
