package lifetime_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/curfewkv/curfew/lifetime"
)

// A session of 30 minutes that slides with use, for a day at most.
func ExampleSessions() {
	client, end := exampleRedis()
	defer end()
	ctx := context.Background()
	type account struct{ UserID, Role string }
	sessions, err := lifetime.NewSessions[account](client, lifetime.SessionOptions{TTL: 1800 * time.Second, MaxAge: 24 * time.Hour})
	if err != nil {
		fmt.Println(err)
		return
	}
	id, err := sessions.Create(ctx, account{UserID: "123", Role: "admin"})
	if err != nil {
		fmt.Println(err)
		return
	}
	who, err := sessions.Get(ctx, id) // one round trip, which also prolongs
	fmt.Println(who.Role, err)

	renewed, err := sessions.Regenerate(ctx, id)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = sessions.Get(ctx, id)
	fmt.Println("the old id is unknown:", errors.Is(err, lifetime.ErrNoSession))
	who, err = sessions.Get(ctx, renewed)
	fmt.Println(who.UserID, err)
	// Output:
	// admin <nil>
	// the old id is unknown: true
	// 123 <nil>
}

// Visits are counted in the session of a browser.
func ExampleSessions_Handler() {
	client, end := exampleRedis()
	defer end()
	sessions, err := lifetime.NewSessions[int](client, lifetime.SessionOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	site := sessions.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		session := sessions.From(r.Context())
		visits, _, err := session.Get(r.Context())
		if err != nil {
			http.Error(w, "sessions are out of order", http.StatusServiceUnavailable)
			return
		}
		session.Set(visits + 1)
		fmt.Fprintln(w, "visit", visits+1)
	}), lifetime.SessionCookie{})

	first := httptest.NewRecorder()
	site.ServeHTTP(first, httptest.NewRequest("GET", "/", nil))
	again := httptest.NewRequest("GET", "/", nil)
	again.AddCookie(first.Result().Cookies()[0])
	second := httptest.NewRecorder()
	site.ServeHTTP(second, again)
	fmt.Print(first.Body.String(), second.Body.String())
	// Output:
	// visit 1
	// visit 2
}
