package dispatch_test

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// Four workers move money between accounts, by WATCH and by what is atomic alone; a client that looks at all accounts at one
// instant sees the same sum.
func TestTransactionsOfManyWorkersAreAtomic(t *testing.T) {
	const accounts, each, rounds = 8, 1000, 2500
	r := newRig(t)
	setup := r.connect()
	names := []string{}
	for i := range accounts {
		names = append(names, "account:"+strconv.Itoa(i))
		setup.do("SET", names[i], strconv.Itoa(each))
	}
	value := func(bulk string) int {
		n, err := strconv.Atoi(strings.Split(bulk, "\r\n")[1])
		if err != nil {
			panic(bulk)
		}
		return n
	}
	sum := func(c *client) (total int) {
		lines := strings.Split(c.do(append([]string{"MGET"}, names...)...), "\r\n")
		for i := range accounts {
			n, err := strconv.Atoi(lines[2+2*i])
			if err != nil {
				panic(fmt.Sprint(lines))
			}
			total += n
		}
		return total
	}
	var all sync.WaitGroup
	var failed [4]string
	var undone [4]int
	for worker := range failed {
		c := r.connect()
		c.worker = worker
		all.Go(func() {
			rnd := rand.New(rand.NewPCG(uint64(worker), 1))
			for range rounds {
				from, to := names[rnd.IntN(accounts)], names[rnd.IntN(accounts)]
				amount := strconv.Itoa(rnd.IntN(10))
				switch rnd.IntN(3) {
				case 0:
					c.do("WATCH", from, to)
					f, g := value(c.do("GET", from)), value(c.do("GET", to))
					n, _ := strconv.Atoi(amount)
					if from == to {
						g, f = f, f-n
					}
					c.do("MULTI")
					c.do("SET", from, strconv.Itoa(f-n))
					c.do("SET", to, strconv.Itoa(g+n))
					if from == to {
						c.do("SET", to, strconv.Itoa(g))
					}
					if c.do("EXEC") == nothing {
						undone[worker]++
					}
				case 1:
					c.feed("multi\r\ndecrby " + from + " " + amount + "\r\nincrby " + to + " " + amount + "\r\nexec\r\n")
				default:
					if got := sum(c); got != accounts*each {
						failed[worker] = fmt.Sprintf("a sum of %d", got)
						return
					}
				}
			}
		})
	}
	all.Wait()
	for worker, problem := range failed {
		if problem != "" {
			t.Errorf("worker %d saw %s", worker, problem)
		}
	}
	if got := sum(setup); got != accounts*each {
		t.Errorf("the sum is %d at the end", got)
	}
	t.Logf("transactions undone by a watched key: %v", undone)
}
