package rdb

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
)

func lzfTexts() []string {
	rnd := rand.New(rand.NewPCG(1, 2))
	noise := make([]byte, 5000)
	for i := range noise {
		noise[i] = byte(rnd.Uint32())
	}
	var words strings.Builder
	for words.Len() < 20000 {
		words.WriteString([]string{"session:", "user:", "cart", "0123456789", "\x00\x00"}[rnd.IntN(5)])
	}
	return []string{
		"a", "ab", "aaaaaaaaaaaaaaaaaaaaaaaaa", strings.Repeat("a", 264), strings.Repeat("a", 265), strings.Repeat("abc", 10000),
		string(noise), words.String(), string(noise) + strings.Repeat("z", 9000) + string(noise),
	}
}

func TestLZFGivesBackWhatWasCompressed(t *testing.T) {
	for _, s := range lzfTexts() {
		packed := lzfCompress([]byte(s))
		got, err := lzfAppend(nil, packed, len(s))
		if err != nil || string(got) != s {
			t.Fatalf("%d bytes: got %d, %v", len(s), len(got), err)
		}
		if !lzfPlausible(uint64(len(packed)), uint64(len(s))) {
			t.Errorf("%d bytes in %d are held for impossible", len(s), len(packed))
		}
	}
}

// The head of a packed list is read without decompressing the rest.
func TestTheHeadOfACompressedTextIsItsBeginning(t *testing.T) {
	for _, s := range lzfTexts() {
		f := new(file).lzf(s)
		for n := 1; n <= 40; n++ {
			src := newSource(bytes.NewReader(f.b))
			tx, err := src.text()
			if err != nil {
				t.Fatal(err)
			}
			got, err := src.peekHead(tx, nil, n)
			if err != nil || string(got) != s[:min(n, len(s))] {
				t.Fatalf("%d of %d bytes: got %q, %v", n, len(s), got, err)
			}
		}
	}
}

func TestBrokenLZFIsAnError(t *testing.T) {
	for name, p := range map[string][]byte{
		"literal beyond the end":     {4, 'a', 'b'},
		"copy without an offset":     {0, 'a', 1 << 5},
		"long copy without a length": {0, 'a', 7 << 5},
		"long copy without offset":   {0, 'a', 7 << 5, 1},
		"copy from before the start": {0, 'a', 1 << 5, 1},
		"copy of nothing":            {1 << 5, 0},
	} {
		if out, err := lzfAppend([]byte("before"), p, 1000); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: %q, %v", name, out, err)
		}
	}
}

func FuzzLZF(f *testing.F) {
	for _, s := range lzfTexts()[:4] {
		f.Add([]byte(s), lzfCompress([]byte(s)))
	}
	f.Fuzz(func(t *testing.T, plain, packed []byte) {
		got, err := lzfAppend(nil, lzfCompress(plain), len(plain))
		if err != nil || !bytes.Equal(got, plain) {
			t.Fatalf("%q came back as %q, %v", plain, got, err)
		}
		const limit = 1 << 16
		if got, _ = lzfAppend(nil, packed, limit); len(got) > limit {
			t.Fatalf("%d bytes beyond the limit", len(got)-limit)
		}
	})
}
