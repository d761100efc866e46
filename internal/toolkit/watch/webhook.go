package watch

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	webhookQueue = 256 // events that wait; a webhook that is down for long loses what comes after
	webhookTries = 6
	// webhookGrace is how long what waits is still sent after the end.
	webhookGrace = 5 * time.Second
)

// Formats of what a webhook is sent.
const (
	FormatJSON  = "json"  // the event, with its text
	FormatSlack = "slack" // {"text": "..."} and no more, as Slack and those who do like it take
)

// A Webhook is told of events by POST. Its URL is a secret: it often has a token in it, and is never logged.
type Webhook struct {
	url     *url.URL
	format  string
	client  *http.Client
	backoff time.Duration // before the second try; doubled for each further one
	queue   chan Event
}

// NewWebhook checks the URL and makes a webhook.
func NewWebhook(address, format string, timeout time.Duration) (*Webhook, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, errors.New("webhook: the URL cannot be read") // err has the URL in it
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, errors.New("webhook: the URL must begin with https:// or http://, and name a host")
	}
	if format != FormatJSON && format != FormatSlack {
		return nil, fmt.Errorf("webhook: format %q: %s or %s", format, FormatJSON, FormatSlack)
	}
	return &Webhook{
		url: u, format: format, backoff: time.Second, queue: make(chan Event, webhookQueue),
		client: &http.Client{
			Timeout: timeout, Transport: http.DefaultTransport.(*http.Transport).Clone(),
			// A redirect would take the event, and a token in its URL, to a host that nobody named.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, nil
}

// Name is what may be logged of the URL.
func (h *Webhook) Name() string { return h.url.Scheme + "://" + h.url.Host }

// send queues an event; false: the queue is full.
func (h *Webhook) send(event Event) bool {
	select {
	case h.queue <- event:
		return true
	default:
		return false
	}
}

// run sends what is queued, in order, until ctx ends and a little longer.
func (h *Webhook) run(ctx context.Context, log *slog.Logger) {
	defer h.client.CloseIdleConnections()
	late, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(webhookGrace, cancel) })
	defer stop()
	for {
		select {
		case event := <-h.queue:
			h.deliver(late, event, log)
			continue
		default:
		}
		select {
		case event := <-h.queue:
			h.deliver(late, event, log)
		case <-ctx.Done():
			return
		}
	}
}

func (h *Webhook) deliver(ctx context.Context, event Event, log *slog.Logger) {
	wait := h.backoff
	for try := 1; ; try++ {
		again, err := h.post(ctx, event)
		if err == nil {
			return
		}
		if !again || try == webhookTries {
			log.Error("a webhook was not told", "webhook", h.Name(), "rule", event.Rule, "state", event.State, "tries", try, "error", err)
			return
		}
		log.Warn("a webhook will be told again", "webhook", h.Name(), "rule", event.Rule, "error", err)
		select {
		case <-time.After(wait/2 + rand.N(wait)):
		case <-ctx.Done():
		}
		wait *= 2
	}
}

// post tries once. again says whether another try may go better.
func (h *Webhook) post(ctx context.Context, event Event) (again bool, err error) {
	body, err := h.body(event)
	if err != nil {
		return false, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, h.url.String(), bytes.NewReader(body))
	if err != nil {
		return false, errors.New("the request cannot be made")
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "curfew-ttl-watch")
	response, err := h.client.Do(request)
	if err != nil {
		var secret *url.Error // its text has the URL
		if errors.As(err, &secret) {
			err = secret.Err
		}
		return ctx.Err() == nil, err
	}
	defer response.Body.Close()
	_, _ = io.CopyN(io.Discard, response.Body, 1<<16) // so that the connection is used again
	switch code := response.StatusCode; {
	case code >= 200 && code < 300:
		return false, nil
	case code == http.StatusRequestTimeout, code == http.StatusTooManyRequests, code >= 500:
		return true, fmt.Errorf("answered %d", code)
	default:
		return false, fmt.Errorf("answered %d", code)
	}
}

func (h *Webhook) body(event Event) ([]byte, error) {
	if h.format == FormatSlack {
		// Names of keys are in the text, and must not call a channel.
		text := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(event.String())
		return json.Marshal(map[string]string{"text": text})
	}
	return json.Marshal(event)
}
