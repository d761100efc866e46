package number_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/curfewkv/curfew/resp"
	"github.com/curfewkv/curfew/resp/number"
	"github.com/curfewkv/curfew/resp/resptest"
)

// pairs is the number of random cases that each comparison with Redis takes.
const pairs = 20000

// batch sends requests in one go and returns their replies.
func batch(t *testing.T, c *resp.Conn, requests [][]string) []resp.Value {
	t.Helper()
	out := make([]resp.Value, 0, len(requests))
	for len(requests) > 0 {
		n := min(len(requests), 200) // few enough not to fill both sockets
		for _, r := range requests[:n] {
			c.Send(r...)
		}
		if err := c.Flush(); err != nil {
			t.Fatal(err)
		}
		for range n {
			v, err := c.Receive()
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, v)
		}
		requests = requests[n:]
	}
	return out
}

func newRand(t *testing.T) *rand.Rand {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// randomFloat returns a text that is a float most of the time.
func randomFloat(r *rand.Rand) string {
	sign := []string{"", "", "", "-", "+"}[r.IntN(5)]
	digits := func(n int) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte('0' + r.IntN(10))
		}
		return string(b)
	}
	switch r.IntN(12) {
	case 0:
		return sign + digits(1+r.IntN(25))
	case 1, 2, 3:
		return sign + digits(1+r.IntN(9)) + "." + digits(1+r.IntN(6))
	case 4:
		return sign + digits(1+r.IntN(25)) + "." + digits(r.IntN(30))
	case 5:
		return sign + "." + digits(1+r.IntN(25))
	case 6:
		return fmt.Sprintf("%s%s.%se%d", sign, digits(1), digits(1+r.IntN(20)), r.IntN(60)-30)
	case 7:
		return fmt.Sprintf("%s%se%d", sign, digits(1+r.IntN(4)), r.IntN(9920)-4960)
	case 8:
		return fmt.Sprintf("%s0x%x.%xp%d", sign, r.Uint64(), r.Uint64(), r.IntN(300)-150)
	case 9:
		return sign + strconv.FormatFloat(math.Float64frombits(r.Uint64()), 'g', -1, 64)
	case 10:
		// Halves of the last printed digit, and of the last mantissa bit.
		k := r.IntN(70)
		return sign + strconv.FormatFloat(math.Ldexp(float64(r.IntN(1<<20)|1), -k), 'f', -1, 64)
	}
	noise := []string{"inf", "-inf", "nan", "1e", "0x", " 1", "1 ", "1_0", "0x1p", "1e5000", "1e-5000", "3.6e-4951", "1.8e-4951",
		"1.18973149535723176502e+4932", "1.18973149535723176509e+4932", "", "1.5e3", ".", "0x1p16383", "0x1p16384", "0x1p-16445", "0x1p-16446",
		"0x1.8p-16446", strings.Repeat("9", 5119), strings.Repeat("9", 4930), "1" + strings.Repeat("0", 5119), "9007199254740993"}
	return noise[r.IntN(len(noise))]
}

func TestIncrbyfloatAddsAsRedis(t *testing.T) {
	c := resptest.Dial(t, resptest.Redis(t))
	r := newRand(t)
	var requests [][]string
	for range pairs {
		a, b := randomFloat(r), randomFloat(r)
		if r.IntN(10) == 0 { // cancellation
			a, b = b, "-"+strings.TrimLeft(b, "+-")
		}
		requests = append(requests, []string{"SET", "k", a}, []string{"INCRBYFLOAT", "k", b})
	}
	replies := batch(t, c, requests)
	bad := 0
	for i := 1; i < len(requests); i += 2 {
		a, b := requests[i-1][2], requests[i][2]
		if got, want := incrbyfloat(a, b), replies[i].Str; got != want {
			t.Errorf("%.60s + %.60s:\n  got %.60s\nredis %.60s", a, b, got, want)
			if bad++; bad > 10 {
				return
			}
		}
	}
}

// incrbyfloat answers as the command does. Redis checks the value first.
func incrbyfloat(value, incr string) string {
	x, ok := number.ParseExtended([]byte(value))
	y, okIncr := number.ParseExtended([]byte(incr))
	if !ok || !okIncr {
		return "ERR value is not a valid float"
	}
	sum := x.Add(y)
	if !sum.IsFinite() {
		return "ERR increment would produce NaN or Infinity"
	}
	return string(sum.Append(nil))
}

func TestFloatsAreReadAsByRedis(t *testing.T) {
	c := resptest.Dial(t, resptest.Redis(t))
	r := newRand(t)
	var requests [][]string
	for range pairs {
		requests = append(requests, []string{"ZADD", "z", randomFloat(r), "m"}, []string{"ZSCORE", "z", "m"})
	}
	replies := batch(t, c, requests)
	for i := 0; i < len(requests); i += 2 {
		text := requests[i][2]
		got, ok := number.ParseFloat([]byte(text))
		if refused := replies[i].Err() != nil; ok == refused {
			t.Errorf("%.60q: read %v; redis: %v", text, ok, replies[i])
			continue
		}
		if !ok {
			continue
		}
		// Redis 7.0 writes 17 digits, enough to know the bits.
		want, err := strconv.ParseFloat(replies[i+1].Str, 64)
		if err != nil || math.Float64bits(got) != math.Float64bits(want) && got != 0 {
			t.Errorf("%.60q: got %v, redis %v", text, got, replies[i+1])
		}
	}
}

func TestIntegersAreReadAsByRedis(t *testing.T) {
	c := resptest.Dial(t, resptest.Redis(t))
	r := newRand(t)
	var requests [][]string
	for range pairs {
		text := strconv.FormatUint(r.Uint64()>>r.IntN(64), 10)
		switch r.IntN(6) {
		case 0:
			text = "-" + text
		case 1:
			text = []string{"", "+", " ", "0", "-0", "--", "\t"}[r.IntN(7)] + text
		case 2:
			text = text + []string{"", " ", ".", ".0", "e1", "x", "\x00"}[r.IntN(7)]
		case 3:
			text = []string{"9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809", "", "-", "+"}[r.IntN(7)]
		}
		requests = append(requests, []string{"SET", "k", "0"}, []string{"INCRBY", "k", text})
	}
	replies := batch(t, c, requests)
	for i := 1; i < len(requests); i += 2 {
		text := requests[i][2]
		got, ok := number.ParseInt64([]byte(text))
		v := replies[i]
		if ok != (v.Err() == nil) || ok && got != v.Int {
			t.Errorf("%q: got %d, %v; redis %v", text, got, ok, v)
		}
	}
}
