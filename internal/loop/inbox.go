package loop

// post makes the loop look at a connection soon. Safe for concurrent use, under any lock.
func (l *Loop) post(c *conn) {
	l.inbox.Lock()
	l.inbox.conns = append(l.inbox.conns, c)
	l.inbox.Unlock()
	l.wake()
}

// do runs fn on the loop's goroutine soon; false: the loop has ended. Safe for concurrent use.
func (l *Loop) do(fn func()) bool {
	l.inbox.Lock()
	open := !l.inbox.closed
	if open {
		l.inbox.funcs = append(l.inbox.funcs, fn)
	}
	l.inbox.Unlock()
	if open {
		l.wake()
	}
	return open
}

// wake ends the loop's sleep. A loop that is awake looks at its inbox and its deadlines before it sleeps again.
func (l *Loop) wake() {
	if l.sleeping.CompareAndSwap(true, false) {
		l.t.wake()
	}
}

func (l *Loop) hasInbox() bool {
	l.inbox.Lock()
	defer l.inbox.Unlock()
	return len(l.inbox.conns)+len(l.inbox.funcs) > 0
}

// drainInbox looks at posted connections and runs posted functions.
func (l *Loop) drainInbox() {
	l.inbox.Lock()
	conns, funcs := l.inbox.conns, l.inbox.funcs
	l.inbox.conns, l.inbox.funcs = l.spare[:0], nil
	l.inbox.Unlock()
	l.active = l.active || len(conns)+len(funcs) > 0
	for i, c := range conns {
		conns[i] = nil
		c.posted.Store(false)
		if !c.closed {
			l.attend(c)
		}
	}
	l.spare = conns[:0]
	for _, fn := range funcs {
		fn()
	}
}
