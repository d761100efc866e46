package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/curfewkv/curfew/internal/toolkit/connect"
	"github.com/curfewkv/curfew/internal/toolkit/output"
	"github.com/curfewkv/curfew/internal/toolkit/reading"
	"github.com/curfewkv/curfew/internal/toolkit/watch"
)

// watchFlags is what the user asks of one `curfew ttl watch`.
type watchFlags struct {
	connect        connect.Options
	sampler        reading.SamplerOptions
	noSampler      bool
	config         string
	rules          []string
	interval       time.Duration
	resolveAfter   time.Duration
	clockEvery     time.Duration
	webhooks       []string
	webhookFormat  string
	webhookTimeout time.Duration
	logFormat      string
	listen         string
	once           bool
	exitOnAlarm    bool
	json           bool
}

func newTTLWatchCommand() *cobra.Command {
	var f watchFlags
	cmd := &cobra.Command{
		Use:   "watch",
		Short: "Stay and raise alarms: keys without TTL, memory, evictions, refused writes, clocks",
		Long: `Stay and raise alarms: keys without TTL, memory, evictions, refused writes, clocks, nodes that do not answer.

Every --interval each node is asked for INFO, which costs it the same however many keys it has; keys are looked at by a
slow sample in the background (--sample-*, --state), for the prefixes. An alarm begins when its limit was crossed for the
rule's time, and ends when the value was a tenth below the limit for --resolve-after. Events go to standard output, to
--webhook (also from CURFEW_WEBHOOK), and to Prometheus on --listen.

Rules and their limits; --rule changes them: --rule no-ttl-keys=5000 --rule eviction-rate=100,for=5m --rule clock-skew=off

` + watch.Help() + `
--config is a YAML file whose keys are the flags of this command; what the command line says goes first:

  addr: [redis-1:6379]
  interval: 10s
  webhook: [https://hooks.example.com/services/T000/B000]
  webhook-format: slack
  rules:
    no-ttl-keys: 5000
    memory-high: 75%
    eviction-rate: {max: 100, for: 5m, severity: critical}
    clock-skew: off

Exit status with --once and --exit-on-alarm: 1 when there is an alarm. Without them it stays until it is stopped.`,
		Example: `  curfew ttl watch --addr 127.0.0.1:6379
  curfew ttl watch --config /etc/curfew/watch.yml --listen :9123
  curfew ttl watch --once --json --rule no-ttl-keys=0`,
		Args: cobra.NoArgs, SilenceUsage: true, SilenceErrors: true,
	}
	cmd.RunE = tool(func(ctx context.Context, cmd *cobra.Command, _ []string) error { return runWatch(ctx, cmd, &f) })
	flags := cmd.Flags()
	flags.StringVar(&f.config, "config", "", "YAML file with these flags")
	flags.StringArrayVar(&f.rules, "rule", nil, "NAME=LIMIT, NAME=off or NAME=LIMIT,for=TIME,clear=LIMIT,severity=warning|critical")
	durationVar(flags, &f.interval, "interval", 10*time.Second, "time between readings")
	durationVar(flags, &f.resolveAfter, "resolve-after", 30*time.Second, "how long it must be well before an alarm ends")
	durationVar(flags, &f.clockEvery, "clock-every", time.Minute, "time between comparisons of the clocks; 0: none")
	flags.StringArrayVar(&f.webhooks, "webhook", nil, "URL to POST events to; repeat for more")
	flags.StringVar(&f.webhookFormat, "webhook-format", watch.FormatJSON, "json: the event; slack: {\"text\": ...} only")
	durationVar(flags, &f.webhookTimeout, "webhook-timeout", 10*time.Second, "how long a webhook may take")
	flags.StringVar(&f.logFormat, "log-format", "text", "of events on standard output: text or json")
	flags.StringVar(&f.listen, "listen", "", "address to serve alarms to Prometheus on, as :9123")
	flags.BoolVar(&f.once, "once", false, "judge once, without waiting for the rules' times, and exit; looks at no keys")
	flags.BoolVar(&f.exitOnAlarm, "exit-on-alarm", false, "exit at the first alarm")
	flags.BoolVar(&f.json, "json", false, "with --once: write the alarms as JSON; else the same as --log-format json")
	flags.BoolVar(&f.noSampler, "no-sampler", false, "do not look at keys: no prefixes")
	addSamplerFlags(flags, &f.sampler)
	f.connect.AddFlags(flags)
	allDatabases(flags)
	return cmd
}

func (f *watchFlags) check() error {
	switch {
	case f.interval < 100*time.Millisecond:
		return fmt.Errorf("--interval %v: at least 100ms", f.interval)
	case f.resolveAfter < 0:
		return fmt.Errorf("--resolve-after %v: 0 or above", f.resolveAfter)
	case f.clockEvery != 0 && f.clockEvery < time.Second:
		return fmt.Errorf("--clock-every %v: at least 1s, or 0 for never", f.clockEvery)
	case f.webhookTimeout <= 0:
		return fmt.Errorf("--webhook-timeout %v: must be above 0", f.webhookTimeout)
	case f.logFormat != "text" && f.logFormat != "json":
		return fmt.Errorf("--log-format %s: text or json", f.logFormat)
	case f.once && f.exitOnAlarm:
		return errors.New("--once and --exit-on-alarm: give one of them")
	}
	if err := checkSampler(f.sampler); err != nil {
		return err
	}
	return f.connect.Check()
}

func runWatch(ctx context.Context, cmd *cobra.Command, f *watchFlags) error {
	rules := watch.DefaultRules()
	if f.config != "" {
		if err := readWatchConfig(f.config, cmd.Flags(), rules); err != nil {
			return fmt.Errorf("--config %s: %w", f.config, err)
		}
	}
	for _, setting := range f.rules {
		if err := watch.Set(rules, setting); err != nil {
			return fmt.Errorf("--rule: %w", err)
		}
	}
	if err := f.check(); err != nil {
		return err
	}
	options := watch.Options{
		Connect: f.connect, Rules: rules, Interval: f.interval, ResolveAfter: f.resolveAfter, ClockEvery: f.clockEvery,
		Log: f.log(cmd.OutOrStdout()),
	}
	if f.once {
		return watchOnce(ctx, cmd.OutOrStdout(), options, f.json)
	}
	addresses := f.webhooks
	if fromEnvironment := os.Getenv("CURFEW_WEBHOOK"); fromEnvironment != "" {
		addresses = append(addresses, fromEnvironment)
	}
	for _, address := range addresses {
		hook, err := watch.NewWebhook(address, f.webhookFormat, f.webhookTimeout)
		if err != nil {
			return err
		}
		options.Webhooks = append(options.Webhooks, hook)
	}
	if !f.noSampler {
		sampler, err := reading.NewSampler(f.sampler)
		if err != nil {
			return err
		}
		options.Sampler = sampler
	}
	return f.stay(ctx, cmd.ErrOrStderr(), options)
}

func (f *watchFlags) log(w io.Writer) *slog.Logger {
	if f.logFormat == "json" || f.json {
		return slog.New(slog.NewJSONHandler(w, nil))
	}
	return slog.New(slog.NewTextHandler(w, nil))
}

// stay watches until it is stopped or, if asked, until the first alarm.
func (f *watchFlags) stay(ctx context.Context, messages io.Writer, options watch.Options) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var first *watch.Event
	if f.exitOnAlarm {
		options.OnEvent = func(event watch.Event) {
			if event.State == watch.Firing && first == nil {
				first = &event
				stop()
			}
		}
	}
	w := watch.New(options)
	var serving sync.WaitGroup
	var served error
	if f.listen != "" {
		listener, err := net.Listen("tcp", f.listen)
		if err != nil {
			return fmt.Errorf("--listen %s: %w", f.listen, err)
		}
		fmt.Fprintf(messages, "serving alarms on http://%s/metrics\n", listener.Addr())
		serving.Go(func() {
			served = serveHTTP(ctx, listener, w.Handler())
			stop()
		})
	}
	w.Run(ctx)
	stop()
	serving.Wait()
	if first != nil {
		return output.Findingf("%s", first)
	}
	return served
}

func watchOnce(ctx context.Context, w io.Writer, options watch.Options, asJSON bool) error {
	alarms, err := watch.Once(ctx, options)
	if err != nil {
		return err
	}
	if asJSON {
		err = output.JSON(w, map[string]any{"alarms": append([]watch.Event{}, alarms...)})
	} else {
		for _, a := range alarms {
			if _, err = fmt.Fprintln(w, a); err != nil {
				break
			}
		}
	}
	switch {
	case err != nil:
		return fmt.Errorf("write the alarms: %w", err)
	case len(alarms) == 1:
		return output.Findingf("1 alarm")
	case len(alarms) > 1:
		return output.Findingf("%d alarms", len(alarms))
	case !asJSON:
		_, err = fmt.Fprintln(w, "no alarms")
	}
	return err
}
