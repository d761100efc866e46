package connect

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// explain adds what to do to an error of the first connection, where its own words do not say that.
func (t *Target) explain(err error) error {
	secure := t.base.TLSConfig != nil
	var record tls.RecordHeaderError
	var authority x509.UnknownAuthorityError
	var host x509.HostnameError
	switch {
	case errors.Is(err, context.DeadlineExceeded) && secure:
		return fmt.Errorf("no answer within %v (does this port speak TLS?): %w", t.base.DialTimeout, err)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("no answer within %v: %w", t.base.ReadTimeout, err)
	case errors.Is(err, io.EOF) && !secure:
		return fmt.Errorf("the server closed the connection (does it want TLS? --tls): %w", err)
	case errors.As(err, &record):
		return fmt.Errorf("this port does not speak TLS: %w", err)
	case errors.As(err, &authority):
		return fmt.Errorf("%w; --cacert names the authority to trust", err)
	case errors.As(err, &host):
		return fmt.Errorf("%w; --sni names the one to expect", err)
	case strings.HasPrefix(err.Error(), "NOAUTH"):
		return fmt.Errorf("%w Give --password, or REDISCLI_AUTH in the environment", err)
	}
	return err
}
