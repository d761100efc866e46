package connect

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
	"github.com/spf13/pflag"
)

// Options say where the servers are and how to be let in. Zero values mean what their flag's default says.
type Options struct {
	URL            string   // redis://, rediss:// or unix://, as redis-cli's -u
	Addrs          []string // host:port or a socket's path; of a Cluster or of Sentinels, any of them
	User           string
	Password       string // REDISCLI_AUTH when empty
	DB             int
	AllDBs         bool // every database that has keys
	SentinelMaster string
	SentinelUser   string
	SentinelPass   string
	Cluster        string // auto, yes, no
	Timeout        time.Duration

	TLS        bool
	CACert     string
	Cert, Key  string
	ServerName string
	Insecure   bool

	sentinels bool // it is they who are reached: REDISCLI_AUTH is the servers' password

	flags *pflag.FlagSet // tells a flag that was given as "" from one that was not given
}

// AddFlags declares the options under redis-cli's names where it has one.
func (o *Options) AddFlags(flags *pflag.FlagSet) {
	o.flags = flags
	flags.StringVarP(&o.URL, "url", "u", "", "server as redis://user:password@host:port/db, rediss:// (TLS) or unix://")
	flags.StringSliceVarP(&o.Addrs, "addr", "a", nil, "server as host:port or a socket's path; several: nodes of a Cluster, or Sentinels (default 127.0.0.1:6379)")
	flags.StringVar(&o.User, "user", "", "ACL user")
	flags.StringVar(&o.Password, "password", "", "password; better in the environment as REDISCLI_AUTH")
	flags.IntVarP(&o.DB, "db", "n", 0, "database")
	flags.BoolVar(&o.AllDBs, "all-dbs", false, "every database that has keys")
	flags.StringVar(&o.Cluster, "cluster", "auto", "whether the server is a node of a Cluster: auto, yes or no")
	flags.StringVar(&o.SentinelMaster, "sentinel-master", "", "name of the master; --addr are Sentinels")
	flags.StringVar(&o.SentinelUser, "sentinel-user", "", "ACL user of the Sentinels")
	flags.StringVar(&o.SentinelPass, "sentinel-password", "", "password of the Sentinels")
	flags.DurationVar(&o.Timeout, "timeout", 5*time.Second, "how long to wait for a connection or a reply")
	flags.BoolVar(&o.TLS, "tls", false, "use TLS")
	flags.StringVar(&o.CACert, "cacert", "", "file with the certificates to trust (default: the system's)")
	flags.StringVar(&o.Cert, "cert", "", "file with the client's certificate")
	flags.StringVar(&o.Key, "key", "", "file with the client's private key")
	flags.StringVar(&o.ServerName, "sni", "", "server name to verify and to send")
	flags.BoolVar(&o.Insecure, "insecure", false, "do not verify the server's certificate")
}

// ForSentinels are the options to reach the Sentinels themselves, which have a user and a password of their own.
func (o Options) ForSentinels() Options {
	o.User, o.Password, o.sentinels = o.SentinelUser, o.SentinelPass, true
	return o
}

// Check reports what is wrong with the options without connecting: for programs that wait for their servers.
func (o Options) Check() error {
	_, _, err := o.base()
	return err
}

// base are the settings that every connection shares.
func (o Options) base() (*redis.Options, []string, error) {
	base, addrs, err := o.addresses()
	if err != nil {
		return nil, nil, err
	}
	if o.User != "" {
		base.Username = o.User
	}
	switch {
	case o.Password != "":
		base.Password = o.Password
	case base.Password == "" && !o.sentinels:
		base.Password = os.Getenv("REDISCLI_AUTH")
	}
	if o.DB < 0 {
		return nil, nil, fmt.Errorf("--db %d: databases are numbered from 0", o.DB)
	}
	if o.DB > 0 || o.given("db") {
		base.DB = o.DB
	}
	if err := o.secure(base); err != nil {
		return nil, nil, err
	}
	timeout := o.Timeout
	if timeout < 0 || timeout == 0 && o.given("timeout") {
		return nil, nil, fmt.Errorf("--timeout %v: must be above 0", timeout)
	}
	if timeout == 0 {
		timeout = 5 * time.Second
	}
	base.DialTimeout, base.ReadTimeout, base.WriteTimeout = timeout, timeout, timeout
	base.ContextTimeoutEnabled = true
	base.DialerRetries = 1 // commands are tried again as it is
	base.DisableIdentity = true
	// Old servers and Curfew do not know this handshake, which is of use to managed Redis Enterprise only.
	base.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	return base, addrs, nil
}

func (o Options) secure(base *redis.Options) error {
	if !o.TLS && base.TLSConfig == nil {
		if o.CACert != "" || o.Cert != "" || o.Key != "" {
			return errors.New("certificates were given, but not --tls or a rediss:// URL")
		}
		return nil
	}
	if base.TLSConfig == nil {
		base.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	config := base.TLSConfig
	if o.ServerName != "" {
		config.ServerName = o.ServerName
	}
	config.InsecureSkipVerify = o.Insecure
	if o.CACert != "" {
		text, err := os.ReadFile(o.CACert)
		if err != nil {
			return fmt.Errorf("--cacert: %w", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(text) {
			return fmt.Errorf("--cacert %s: no certificate in it", o.CACert)
		}
	}
	if (o.Cert == "") != (o.Key == "") {
		return errors.New("--cert and --key go together")
	}
	if o.Cert != "" {
		pair, err := tls.LoadX509KeyPair(o.Cert, o.Key)
		if err != nil {
			return fmt.Errorf("--cert: %w", err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return nil
}

// forNode returns the settings of a client for one node.
func forNode(base *redis.Options, addr string, replicaOfCluster bool) *redis.Options {
	o := *base
	o.Addr = addr
	o.Network = "tcp"
	if strings.Contains(addr, "/") {
		o.Network = "unix"
	}
	if base.TLSConfig != nil {
		o.TLSConfig = base.TLSConfig.Clone()
		if o.TLSConfig.ServerName == "" {
			o.TLSConfig.ServerName = hostOf(addr)
		}
	}
	o.OnConnect = func(ctx context.Context, c *redis.Conn) error {
		introduce(ctx, c)
		// What looks at keys must not make them look used. Only Redis 7.2 and newer know the command; before, the commands
		// that look at keys do not count as use by themselves.
		_ = c.Do(ctx, "CLIENT", "NO-TOUCH", "ON").Err()
		if !replicaOfCluster {
			return nil
		}
		return c.ReadOnly(ctx).Err()
	}
	return &o
}

// introduce gives a connection a name for CLIENT LIST. A user who may not do that can connect all the same, which
// go-redis's own option ClientName does not allow.
func introduce(ctx context.Context, c *redis.Conn) {
	_ = c.ClientSetName(ctx, "curfew-ttl").Err()
}

func hostOf(addr string) string {
	host := addr
	if i := strings.LastIndexByte(addr, ':'); i >= 0 {
		host = addr[:i]
	}
	return strings.Trim(host, "[]")
}
