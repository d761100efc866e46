package lifetime_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/curfewkv/curfew/lifetime"
	"github.com/curfewkv/curfew/test/rig"
)

// site is a small site with sessions, and a browser.
type site struct {
	sessions *lifetime.Sessions[user]
	client   *redis.Client
	server   *httptest.Server
	browser  *http.Client
	errs     chan error
}

func newSite(t *testing.T, routes map[string]func(w http.ResponseWriter, r *http.Request, s *lifetime.Session[user])) *site {
	server := rig.Redis(t)
	st := &site{client: redis.NewClient(&redis.Options{Addr: server.Addr, MaxRetries: -1}), errs: make(chan error, 100)}
	t.Cleanup(func() { st.client.Close() })
	st.sessions = newSessions[user](t, st.client, lifetime.SessionOptions{})
	mux := http.NewServeMux()
	for path, route := range routes {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) { route(w, r, st.sessions.From(r.Context())) })
	}
	st.server = httptest.NewTLSServer(st.sessions.Handler(mux, lifetime.SessionCookie{OnError: func(w http.ResponseWriter, _ *http.Request, err error) {
		st.errs <- err
		if w != nil {
			http.Error(w, "sorry", http.StatusServiceUnavailable)
		}
	}}))
	t.Cleanup(st.server.Close)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	st.browser = st.server.Client()
	st.browser.Jar = jar
	return st
}

func (st *site) get(t *testing.T, path string) (*http.Response, string) {
	t.Helper()
	resp, err := st.browser.Get(st.server.URL + path)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(body)
}

func (st *site) cookie(t *testing.T) string {
	t.Helper()
	u, err := url.Parse(st.server.URL)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range st.browser.Jar.Cookies(u) {
		if c.Name == "session" {
			return c.Value
		}
	}
	return ""
}

func show(w http.ResponseWriter, r *http.Request, s *lifetime.Session[user]) {
	u, ok, err := s.Get(r.Context())
	switch {
	case err != nil:
		http.Error(w, err.Error(), http.StatusInternalServerError)
	case !ok:
		io.WriteString(w, "nobody")
	default:
		io.WriteString(w, u.Name)
	}
}

var routes = map[string]func(w http.ResponseWriter, r *http.Request, s *lifetime.Session[user]){
	"/static": func(w http.ResponseWriter, _ *http.Request, _ *lifetime.Session[user]) { io.WriteString(w, "static") },
	"/show":   show,
	"/visit":  func(_ http.ResponseWriter, _ *http.Request, s *lifetime.Session[user]) { s.Set(user{Name: "guest"}) },
	"/login": func(w http.ResponseWriter, _ *http.Request, s *lifetime.Session[user]) {
		s.Regenerate()
		s.Set(user{Name: "ann"})
		w.WriteHeader(http.StatusCreated)
	},
	"/renew":  func(_ http.ResponseWriter, _ *http.Request, s *lifetime.Session[user]) { s.Regenerate() },
	"/logout": func(_ http.ResponseWriter, _ *http.Request, s *lifetime.Session[user]) { s.Destroy() },
	"/switch": func(_ http.ResponseWriter, _ *http.Request, s *lifetime.Session[user]) {
		s.Destroy()
		s.Set(user{Name: "bob"})
	},
	"/public": func(w http.ResponseWriter, _ *http.Request, s *lifetime.Session[user]) {
		w.Header().Set("Cache-Control", "private, max-age=60")
		s.Set(user{Name: "x"})
	},
}

func TestHandlerCarriesASessionFromRequestToRequest(t *testing.T) {
	st := newSite(t, routes)
	var count asked
	st.client.AddHook(&count)
	resp, _ := st.get(t, "/static")
	if h := resp.Header; h.Get("Set-Cookie") != "" || h.Get("Vary") != "" || h.Get("Cache-Control") != "" || count.n.Load() != 0 {
		t.Errorf("a request without its session: %v, %d round trips", h, count.n.Load())
	}
	resp, body := st.get(t, "/show")
	if h := resp.Header; body != "nobody" || h.Get("Set-Cookie") != "" || h.Get("Vary") != "Cookie" {
		t.Errorf("without a session: %q, %v", body, h)
	}
	resp, _ = st.get(t, "/visit")
	c := resp.Cookies()
	if len(c) != 1 || !c[0].HttpOnly || !c[0].Secure || c[0].SameSite != http.SameSiteLaxMode || c[0].Path != "/" || c[0].Domain != "" ||
		c[0].MaxAge < 23*3600 || c[0].MaxAge > 24*3600 {
		t.Fatalf("cookies: %+v", c)
	}
	if h := resp.Header; h.Get("Vary") != "Cookie" || h.Get("Cache-Control") != "no-store" {
		t.Errorf("an answer with a cookie: %v", h)
	}
	guest := st.cookie(t)
	resp, body = st.get(t, "/show")
	if body != "guest" || resp.Header.Get("Set-Cookie") != "" {
		t.Errorf("with a session: %q, %v", body, resp.Header)
	}
	// Who knew the guest's id knows nothing of the user's.
	if resp, _ := st.get(t, "/login"); resp.StatusCode != http.StatusCreated {
		t.Errorf("status %d", resp.StatusCode)
	}
	ann := st.cookie(t)
	if ann == guest || st.client.Exists(t.Context(), "session:"+guest).Val() != 0 {
		t.Error("the id from before the login is still good")
	}
	if _, body := st.get(t, "/show"); body != "ann" {
		t.Errorf("after login: %q", body)
	}
	st.get(t, "/renew")
	if _, body := st.get(t, "/show"); body != "ann" || st.cookie(t) == ann {
		t.Errorf("after a new id: %q", body)
	}
	st.get(t, "/switch")
	if _, body := st.get(t, "/show"); body != "bob" || st.client.DBSize(t.Context()).Val() != 1 {
		t.Errorf("after a switch: %q, %d keys", body, st.client.DBSize(t.Context()).Val())
	}
	if resp, _ := st.get(t, "/public"); resp.Header.Get("Cache-Control") != "private, max-age=60" {
		t.Errorf("Cache-Control: %v", resp.Header)
	}
	resp, _ = st.get(t, "/logout")
	if c := resp.Cookies(); len(c) != 1 || c[0].MaxAge != -1 || c[0].Value != "" || st.cookie(t) != "" {
		t.Errorf("cookies after logout: %+v", c)
	}
	if _, body := st.get(t, "/show"); body != "nobody" || st.client.DBSize(t.Context()).Val() != 0 {
		t.Errorf("after logout: %q", body)
	}
}

func TestHandlerRemovesCookiesThatMeanNothing(t *testing.T) {
	st := newSite(t, routes)
	for _, value := range []string{"rubbish", strings.Repeat("A", 43) + ".lq2x0abc"} {
		r := httptest.NewRequest("GET", "/show", nil)
		r.AddCookie(&http.Cookie{Name: "session", Value: value})
		w := httptest.NewRecorder()
		st.sessions.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { show(w, r, st.sessions.From(r.Context())) }), lifetime.SessionCookie{Insecure: true}).ServeHTTP(w, r)
		if c := w.Result().Cookies(); w.Body.String() != "nobody" || len(c) != 1 || c[0].MaxAge != -1 || c[0].Secure {
			t.Errorf("%s: %q, %+v", value, w.Body.String(), c)
		}
	}
	if s := st.sessions.From(context.Background()); s != nil {
		t.Error("a context without a session has one")
	}
}

// A session that is destroyed while a request is under way is not brought back by that request.
func TestHandlerDoesNotUndoALogout(t *testing.T) {
	reading, loggedOut := make(chan struct{}), make(chan struct{})
	st := newSite(t, map[string]func(w http.ResponseWriter, r *http.Request, s *lifetime.Session[user]){
		"/visit": routes["/visit"], "/show": show,
		"/slow": func(_ http.ResponseWriter, r *http.Request, s *lifetime.Session[user]) {
			u, _, _ := s.Get(r.Context())
			close(reading)
			<-loggedOut
			u.Count++
			s.Set(u)
		},
	})
	st.get(t, "/visit")
	id := st.cookie(t)
	var wg sync.WaitGroup
	wg.Go(func() { st.get(t, "/slow") })
	<-reading
	if err := st.sessions.Destroy(t.Context(), id); err != nil {
		t.Error(err)
	}
	close(loggedOut)
	wg.Wait()
	if n := st.client.DBSize(t.Context()).Val(); n != 0 || st.cookie(t) != "" {
		t.Errorf("%d keys, cookie %q", n, st.cookie(t))
	}
}

func TestHandlerServesRequestsOfOneSessionAtTheSameTime(t *testing.T) {
	st := newSite(t, map[string]func(w http.ResponseWriter, r *http.Request, s *lifetime.Session[user]){
		"/visit": routes["/visit"],
		"/add": func(w http.ResponseWriter, r *http.Request, s *lifetime.Session[user]) {
			var wg sync.WaitGroup
			for range 3 {
				wg.Go(func() { _, _, _ = s.Get(r.Context()); _ = s.ID() })
			}
			wg.Wait()
		},
		"/set": func(_ http.ResponseWriter, r *http.Request, s *lifetime.Session[user]) {
			u, _, _ := s.Get(r.Context())
			u.Count++
			s.Set(u)
		},
	})
	st.get(t, "/visit")
	id := st.cookie(t)
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			if i%2 == 0 {
				st.get(t, "/add")
			} else {
				st.get(t, "/set")
			}
		})
	}
	wg.Wait()
	u, err := st.sessions.Get(t.Context(), id)
	if err != nil || u.Name != "guest" || u.Count < 1 || u.Count > 20 || st.cookie(t) != id {
		t.Errorf("%+v, %v", u, err)
	}
}

// The cookie must be there before the first byte, however it is written.
func TestHandlerWritesTheCookieBeforeTheAnswer(t *testing.T) {
	begin := func(then func(w http.ResponseWriter, r *http.Request)) func(http.ResponseWriter, *http.Request, *lifetime.Session[user]) {
		return func(w http.ResponseWriter, r *http.Request, s *lifetime.Session[user]) {
			s.Set(user{Name: "x"})
			then(w, r)
		}
	}
	flushed := make(chan struct{})
	st := newSite(t, map[string]func(w http.ResponseWriter, r *http.Request, s *lifetime.Session[user]){
		"/nothing": begin(func(http.ResponseWriter, *http.Request) {}),
		"/body":    begin(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "x") }),
		"/copy":    begin(func(w http.ResponseWriter, _ *http.Request) { io.Copy(w, strings.NewReader("x")) }),
		"/early":   begin(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusEarlyHints); w.WriteHeader(200) }),
		"/flush": begin(func(w http.ResponseWriter, r *http.Request) {
			rc := http.NewResponseController(w)
			if err := errors.Join(rc.SetWriteDeadline(time.Now().Add(time.Minute)), rc.Flush()); err != nil {
				t.Error(err)
			}
			<-flushed
		}),
		"/flusher": begin(func(w http.ResponseWriter, _ *http.Request) { w.(http.Flusher).Flush() }),
	})
	for _, path := range []string{"/nothing", "/body", "/copy", "/early", "/flush", "/flusher"} {
		st.browser.Jar, _ = cookiejar.New(nil)
		resp, err := st.browser.Get(st.server.URL + path)
		if path == "/flush" {
			close(flushed) // the headers came before the handler ended
		}
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if len(resp.Cookies()) != 1 {
			t.Errorf("%s: %v", path, resp.Header)
		}
	}
}

func TestHandlerHijacks(t *testing.T) {
	st := newSite(t, map[string]func(w http.ResponseWriter, r *http.Request, s *lifetime.Session[user]){
		"/hijack": func(w http.ResponseWriter, r *http.Request, s *lifetime.Session[user]) {
			s.Set(user{Name: "x"})
			c, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nSet-Cookie: "+w.Header().Get("Set-Cookie")+"\r\n\r\nhi")
		},
	})
	resp, body := st.get(t, "/hijack")
	if body != "hi" || len(resp.Cookies()) != 1 {
		t.Errorf("%q %v", body, resp.Header)
	}
}

func TestHandlerSaysWhatFails(t *testing.T) {
	late := func(act func(*lifetime.Session[user])) func(http.ResponseWriter, *http.Request, *lifetime.Session[user]) {
		return func(w http.ResponseWriter, _ *http.Request, s *lifetime.Session[user]) {
			io.WriteString(w, "begun")
			act(s)
		}
	}
	st := newSite(t, map[string]func(w http.ResponseWriter, r *http.Request, s *lifetime.Session[user]){
		"/visit": routes["/visit"], "/show": show,
		"/late": late(func(s *lifetime.Session[user]) { s.Set(user{Name: "late"}) }),
		"/begins": func(w http.ResponseWriter, _ *http.Request, s *lifetime.Session[user]) {
			s.Set(user{})
			io.WriteString(w, "secret")
		},
	})
	// Without a cookie it is too late for a new session, with one a change still works.
	st.get(t, "/late")
	if err := <-st.errs; !strings.Contains(err.Error(), "no cookie") {
		t.Errorf("%v", err)
	}
	st.get(t, "/visit")
	st.get(t, "/late")
	if _, body := st.get(t, "/show"); body != "late" {
		t.Errorf("a late change of a session: %q", body)
	}
	// A session that cannot be kept is not claimed to be.
	st.client.Close()
	resp, body := st.get(t, "/begins")
	if resp.StatusCode != http.StatusServiceUnavailable || strings.Contains(body, "secret") || len(resp.Cookies()) != 0 {
		t.Errorf("without Redis: %d %q %v", resp.StatusCode, body, resp.Header)
	}
	if err := <-st.errs; !errors.Is(err, redis.ErrClosed) {
		t.Errorf("%v", err)
	}
	w := httptest.NewRecorder()
	st.sessions.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		st.sessions.From(r.Context()).Set(user{})
	}), lifetime.SessionCookie{}).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	if w.Code != http.StatusInternalServerError || strings.Contains(w.Body.String(), "redis") {
		t.Errorf("by default: %d %q", w.Code, w.Body)
	}
}
