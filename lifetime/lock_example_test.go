package lifetime_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/curfewkv/curfew/lifetime"
)

func ExampleLocker() {
	client, stop := exampleServer()
	defer stop()
	locker, err := lifetime.NewLocker(client, lifetime.LockerOptions{
		TTL:     30 * time.Second, // if this process dies, others wait for so long
		MaxHold: 10 * time.Minute, // it is extended until then
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer locker.Close()

	lock, err := locker.Acquire(context.Background(), "nightly-report")
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = locker.TryAcquire(context.Background(), "nightly-report")
	fmt.Println("a second holder:", errors.Is(err, lifetime.ErrLocked))

	// The work ends when the lock is lost, and each write carries the number: the database refuses who is late, with
	// UPDATE report SET ..., fence = $1 WHERE id = $2 AND fence <= $1.
	work := lock.Context()
	fmt.Println("valid:", lock.Valid(), work.Err() == nil, lock.Fence() > 0)

	fmt.Println("released:", lock.Release(context.Background()))
	fmt.Println("afterwards:", context.Cause(work))
	// Output:
	// a second holder: true
	// valid: true true true
	// released: <nil>
	// afterwards: the lock was released
}
