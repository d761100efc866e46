package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// server is a redis-server without persistence, on core 0 where taskset can put it there.
type server struct {
	port   string
	cmd    *exec.Cmd
	client *redis.Client
}

func startServer(ctx context.Context, dir string) (*server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	port := strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
	if err := l.Close(); err != nil {
		return nil, err
	}
	args := []string{"redis-server", "--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", dir}
	if path, err := exec.LookPath("taskset"); err == nil {
		args = append([]string{path, "-c", "0"}, args...)
	}
	s := &server{port: port, cmd: exec.Command(args[0], args[1:]...), client: redis.NewClient(&redis.Options{Addr: "127.0.0.1:" + port, PoolSize: 4})}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	for end := time.Now().Add(10 * time.Second); s.client.Ping(ctx).Err() != nil; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			s.stop()
			return nil, fmt.Errorf("redis-server on port %s does not answer", port)
		}
	}
	return s, nil
}

func (s *server) stop() {
	_ = s.client.Close()
	_ = s.cmd.Process.Signal(os.Interrupt)
	_ = s.cmd.Wait()
}

// fill writes the keys that lie there.
func (s *server) fill(ctx context.Context, n int) error {
	const batch = 1000
	value := make([]byte, 64)
	for i := 0; i < n; i += batch {
		pipe := s.client.Pipeline()
		for j := i; j < min(n, i+batch); j++ {
			pipe.Do(ctx, "SET", "background:"+strconv.Itoa(j), value, "EX", 3600)
		}
		if _, err := pipe.Exec(ctx); err != nil {
			return fmt.Errorf("filling: %w", err)
		}
	}
	return nil
}
