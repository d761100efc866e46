//go:build !linux

package rig

import "syscall"

// tied: only Linux can end the server with a test process that is killed.
func tied() *syscall.SysProcAttr { return nil }
