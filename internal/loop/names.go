package loop

import (
	"net"
	"slices"
)

// networks are the transports that this system has, by name. Each file of one adds its own.
var networks = map[string]func(*Group) network{}

// Transports are the names of this system's transports, the one to be preferred first.
func Transports() []string {
	var names []string
	for name := range networks {
		names = append(names, name)
	}
	slices.Sort(names) // epoll before net
	return names
}

// nameOf is an address as CLIENT LIST shows it, and whether it is on this machine.
func nameOf(a net.Addr, unixPath string) (name string, local bool) {
	if tcp, ok := a.(*net.TCPAddr); ok {
		return (&net.TCPAddr{IP: tcp.IP, Port: tcp.Port}).String(), tcp.IP.IsLoopback() // without the zone
	}
	return unixPath + ":0", true
}
