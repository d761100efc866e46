package rdb

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
)

// What a file is made of decides how fast it is read: each sort is one benchmark. Files are written by redis-server.
func BenchmarkEntries(b *testing.B) {
	rnd := rand.New(rand.NewPCG(7, 8))
	for _, c := range []struct {
		name string
		keys int
		key  func(i int) []string
	}{
		{"sessions of 100 bytes", 200_000, func(i int) []string {
			return []string{"SET", fmt.Sprintf("session:%08d", i), noise(rnd, 100), "EX", "3600"}
		}},
		{"strings of 16 KB", 4_000, func(i int) []string { return []string{"SET", fmt.Sprintf("page:%d", i), noise(rnd, 16<<10)} }},
		{"compressed strings", 50_000, func(i int) []string {
			return []string{"SET", fmt.Sprintf("text:%d", i), strings.Repeat(fmt.Sprint("some words ", i), 40)}
		}},
		{"hashes of 10 fields", 50_000, func(i int) []string {
			args := []string{"HSET", fmt.Sprintf("user:%d", i)}
			for f := range 10 {
				args = append(args, fmt.Sprintf("field:%d", f), noise(rnd, 12))
			}
			return args
		}},
		{"sets of 1000 members", 300, func(i int) []string {
			args := []string{"SADD", fmt.Sprintf("set:%d", i)}
			for range 1000 {
				args = append(args, noise(rnd, 20))
			}
			return args
		}},
	} {
		b.Run(c.name, func(b *testing.B) {
			r := startRedis(b)
			var batch [][]string
			for i := range c.keys {
				batch = append(batch, c.key(i))
			}
			r.many(batch)
			file, err := os.ReadFile(r.save("SAVE"))
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(len(file)))
			b.ReportAllocs()
			for b.Loop() {
				reader, err := NewReader(bytes.NewReader(file))
				if err != nil {
					b.Fatal(err)
				}
				for _, err := range reader.Entries() {
					if err != nil {
						b.Fatal(err)
					}
				}
				if reader.Keys() != int64(c.keys) {
					b.Fatal(reader.Keys())
				}
			}
			b.ReportMetric(float64(c.keys)*float64(b.N)/b.Elapsed().Seconds(), "keys/s")
		})
	}
}
