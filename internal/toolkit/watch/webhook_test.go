package watch

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/curfewkv/curfew/test/rig"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("net/http.(*persistConn).readLoop"), goleak.IgnoreTopFunction("net/http.(*persistConn).writeLoop"))
}

// receiver is a webhook's other end, which answers with the codes in turn, the last for ever.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex
	codes  []int
	bodies []string
}

func newReceiver(t *testing.T, codes ...int) *receiver {
	r := &receiver{codes: codes}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		body, _ := io.ReadAll(request.Body)
		r.mu.Lock()
		defer r.mu.Unlock()
		r.bodies = append(r.bodies, string(body))
		code := r.codes[0]
		if len(r.codes) > 1 {
			r.codes = r.codes[1:]
		}
		if code/100 == 3 {
			w.Header().Set("Location", "http://elsewhere.test/")
		}
		w.WriteHeader(code)
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) got() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string{}, r.bodies...)
}

// logged collects what is logged.
type logged struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// hook starts a webhook to an address and returns it with what it logs.
func hook(t *testing.T, address, format string) (*Webhook, *logged) {
	t.Helper()
	h, err := NewWebhook(address, format, 2*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	h.backoff = time.Millisecond
	log := &logged{}
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { h.run(ctx, slog.New(slog.NewTextHandler(log, nil))) })
	t.Cleanup(func() { cancel(); wg.Wait() })
	return h, log
}

var event = Event{State: Firing, Rule: "no-ttl-keys", Subject: allPrimaries, Severity: Warning, Value: 2000, Limit: 1000, Text: "2,000 keys have no TTL", At: begin}

func TestAWebhookIsTriedAgain(t *testing.T) {
	r := newReceiver(t, 500, 429, 200)
	h, log := hook(t, r.URL+"/services/SECRET", FormatJSON)
	h.send(event)
	second := event
	second.State = Resolved
	h.send(second)
	rig.Eventually(t, "both events came", func() bool { return len(r.got()) == 4 })
	var got Event
	if err := json.Unmarshal([]byte(r.got()[2]), &got); err != nil || got != event {
		t.Errorf("%+v %v", got, err)
	}
	if !strings.Contains(r.got()[3], `"resolved"`) {
		t.Errorf("the second is %s", r.got()[3])
	}
	if text := log.String(); strings.Contains(text, "SECRET") || strings.Count(text, "told again") != 2 {
		t.Errorf("%s", text)
	}
}

func TestSlackIsToldNoMoreThanItTakes(t *testing.T) {
	r := newReceiver(t, 200)
	h, _ := hook(t, r.URL, FormatSlack)
	h.send(event)
	rig.Eventually(t, "the event came", func() bool { return len(r.got()) == 1 })
	if want := `{"text":"[WARNING] no-ttl-keys: 2,000 keys have no TTL"}`; r.got()[0] != want {
		t.Errorf("%s, want %s", r.got()[0], want)
	}
	named := event
	named.Text = "<!channel>&:* has no TTL"
	h.send(named)
	rig.Eventually(t, "the event came", func() bool { return len(r.got()) == 2 })
	var got struct{ Text string }
	if err := json.Unmarshal([]byte(r.got()[1]), &got); err != nil || !strings.HasSuffix(got.Text, "&lt;!channel&gt;&amp;:* has no TTL") {
		t.Errorf("a key's name calls a channel: %s %v", r.got()[1], err)
	}
}

func TestAWebhookThatRefusesIsNotTriedAgain(t *testing.T) {
	for _, code := range []int{400, 404, 307} {
		r := newReceiver(t, code)
		h, log := hook(t, r.URL+"/SECRET", FormatJSON)
		h.send(event)
		rig.Eventually(t, "it is logged", func() bool { return strings.Contains(log.String(), "was not told") })
		if n := len(r.got()); n != 1 || strings.Contains(log.String(), "SECRET") {
			t.Errorf("%d: %d tries: %s", code, n, log.String())
		}
	}
}

func TestNobodyAtTheWebhook(t *testing.T) {
	h, log := hook(t, "http://user:SECRET@127.0.0.1:1/SECRET", FormatJSON)
	h.send(event)
	rig.Eventually(t, "it is given up", func() bool { return strings.Contains(log.String(), "tries=6") })
	if strings.Contains(log.String(), "SECRET") {
		t.Errorf("%s", log.String())
	}
	queued := 0
	full, err := NewWebhook("http://127.0.0.1:1", FormatJSON, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	for full.send(event) {
		queued++
	}
	if queued != webhookQueue {
		t.Errorf("%d events wait", queued)
	}
}

func TestBadWebhooks(t *testing.T) {
	for _, bad := range []string{"", "hooks.example.com/SECRET", "ftp://a/SECRET", "https:///SECRET", "http://[::1/SECRET", "http://a b/SECRET"} {
		if _, err := NewWebhook(bad, FormatJSON, time.Second); err == nil || strings.Contains(err.Error(), "SECRET") {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if _, err := NewWebhook("https://a", "xml", time.Second); err == nil {
		t.Error("a format that is none")
	}
}
