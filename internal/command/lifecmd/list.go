package lifecmd

import "github.com/curfewkv/curfew/internal/command"

// Specs are the commands of the family.
func Specs() []*command.Spec {
	return []*command.Spec{expire, pexpire, expireat, pexpireat, ttl, pttl, expiretime, pexpiretime, persist}
}
