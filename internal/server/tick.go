package server

// defragSlices is how many slices of time a loop may spend on defragmentation per tick: a tenth of its time at most.
const defragSlices = int(tick / 10 / sliceBudget)

// tick does a loop's share of the periodic work.
func (s *Server) tick(l *loop) {
	if s.settings.ActiveDefrag.Get() {
		l.defragLeft, l.defragIdle = defragSlices, 0
	}
	s.purge()
	if l.index != 0 {
		return
	}
	s.acceptAgain(l)
	l.overLimit = s.node.Tick(l.now)
}

// purge gives free pages back to the system soon.
func (s *Server) purge() {
	select {
	case s.release <- struct{}{}:
	default: // it is about to run anyway
	}
}
