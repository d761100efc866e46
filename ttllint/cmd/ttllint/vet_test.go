package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const program = `package shop

import (
	"context"

	"github.com/redis/go-redis/v9"
)

func save(ctx context.Context, rdb *redis.Client, id string) {
	rdb.Set(ctx, "session:"+id, 1, 0)
	rdb.Set(ctx, "config:"+id, 1, 0)
	rdb.Set(ctx, "job:"+id, 1, 0) //ttl:durable the worker deletes it
}
`

// module writes a module with one program that uses go-redis in the versions of this one.
func module(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"go.mod", "go.sum"} {
		text, err := os.ReadFile(filepath.Join("..", "..", "testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "shop.go"), []byte(program), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

func build(t *testing.T) string {
	t.Helper()
	tool := filepath.Join(t.TempDir(), "ttllint")
	if out, err := exec.Command("go", "build", "-o", tool, ".").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return tool
}

func run(t *testing.T, dir, name string, args ...string) (string, bool) {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	return string(out), err == nil
}

func TestGoVetRunsTheAnalyzer(t *testing.T) {
	tool, dir := build(t), module(t)
	for name, command := range map[string][]string{
		"under go vet": {"go", "vet", "-vettool=" + tool},
		"by itself":    {tool},
	} {
		t.Run(name, func(t *testing.T) {
			out, ok := run(t, dir, command[0], append(command[1:], "./...")...)
			if ok || !strings.Contains(out, `shop.go:10:2: TTL001: SET of "session:{id}" gives no lifetime`) ||
				!strings.Contains(out, `shop.go:11:2: TTL001: SET of "config:{id}"`) || strings.Contains(out, "shop.go:12") {
				t.Errorf("success is %v, and the output\n%s", ok, out)
			}
			out, ok = run(t, dir, command[0], append(command[1:], "-durable=config:*,session:*", "./...")...)
			if !ok {
				t.Errorf("with both patterns durable:\n%s", out)
			}
			out, ok = run(t, dir, command[0], append(command[1:], "-disable=TTL099", "./...")...)
			if ok || !strings.Contains(out, `there is no rule "TTL099"`) {
				t.Errorf("with an unknown rule, success is %v, and the output\n%s", ok, out)
			}
		})
	}
}
