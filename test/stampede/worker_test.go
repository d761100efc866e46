package stampede

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/curfewkv/curfew/lifetime"
)

// job is what a worker process is told to do, as a line of JSON.
type job struct {
	Key     string
	TTL     time.Duration
	Callers int
	Until   int // callers go on until they get this value or a later one; 0: each calls once
}

// report is its answer.
type report struct {
	Values map[int]int // how many callers got which value, when each calls once
	Errors []string
}

// TestMain makes the test binary a worker, if it is started as one.
func TestMain(m *testing.M) {
	if addr := os.Getenv("STAMPEDE_SERVER"); addr != "" {
		if err := work(addr, os.Getenv("STAMPEDE_ORIGIN"), os.Getenv("STAMPEDE_LEASE"), os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func work(addr, origin, lease string, in io.Reader, out io.Writer) error {
	leaseTTL, err := time.ParseDuration(lease)
	if err != nil {
		return err
	}
	client := redis.NewClient(&redis.Options{Addr: addr, PoolTimeout: time.Minute})
	defer client.Close()
	cache, err := lifetime.NewCache(client, lifetime.CacheOptions{
		LeaseTTL: leaseTTL, LoadTimeout: time.Minute, FailClosed: true,
		Beta: -1, // an early refresh is a load before the end, and would be counted as one too many
	})
	if err != nil {
		return err
	}
	defer cache.Close()
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		var j job
		if err := json.Unmarshal(lines.Bytes(), &j); err != nil {
			return err
		}
		if err := json.NewEncoder(out).Encode(run(cache, origin, j)); err != nil {
			return err
		}
	}
	return lines.Err()
}

// run calls Fetch from many goroutines at once.
func run(cache *lifetime.Cache, origin string, j job) report {
	var mu sync.Mutex
	r := report{Values: map[int]int{}}
	load := func(ctx context.Context) (int, error) { return ask(ctx, origin, j.Key) }
	var ready, wait sync.WaitGroup
	begin := make(chan struct{})
	ready.Add(j.Callers)
	for range j.Callers {
		wait.Go(func() {
			ready.Done()
			<-begin
			for {
				v, err := lifetime.Fetch(context.Background(), cache, j.Key, j.TTL, load)
				mu.Lock()
				if err != nil {
					r.Errors = append(r.Errors, err.Error())
				} else if j.Until == 0 {
					r.Values[v]++
				}
				mu.Unlock()
				if err != nil || v >= j.Until {
					return
				}
				time.Sleep(2 * time.Millisecond) // what a caller does between two calls
			}
		})
	}
	ready.Wait()
	close(begin)
	wait.Wait()
	return r
}

func ask(ctx context.Context, origin, key string) (int, error) {
	query := url.Values{"key": {key}, "pid": {strconv.Itoa(os.Getpid())}}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, origin+"?"+query.Encode(), nil)
	if err != nil {
		return 0, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	var v int
	err = json.NewDecoder(response.Body).Decode(&v)
	return v, err
}

// A worker is a process that runs jobs.
type worker struct {
	cmd   *exec.Cmd
	jobs  io.WriteCloser
	lines *bufio.Reader
}

func startWorker(t *testing.T, server, origin string, lease time.Duration) *worker {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	w := &worker{cmd: exec.Command(self)}
	w.cmd.Env = append(os.Environ(), "STAMPEDE_SERVER="+server, "STAMPEDE_ORIGIN="+origin, "STAMPEDE_LEASE="+lease.String())
	w.cmd.Stderr = os.Stderr
	w.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if w.jobs, err = w.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := w.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	w.lines = bufio.NewReader(out)
	// The parent-death signal is tied to the thread that starts the child: a goroutine keeps it.
	started, ended := make(chan error), make(chan struct{})
	go func() {
		runtime.LockOSThread()
		err := w.cmd.Start()
		started <- err
		if err == nil {
			<-ended
		}
	}()
	if err := <-started; err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = w.jobs.Close()
		_ = w.cmd.Process.Kill()
		_ = w.cmd.Wait()
		close(ended)
	})
	return w
}

func (w *worker) send(j job) error {
	line, err := json.Marshal(j)
	if err != nil {
		return err
	}
	_, err = w.jobs.Write(append(line, '\n'))
	return err
}

func (w *worker) receive() (report, error) {
	var r report
	line, err := w.lines.ReadBytes('\n')
	if err != nil {
		return r, err
	}
	return r, json.Unmarshal(line, &r)
}
