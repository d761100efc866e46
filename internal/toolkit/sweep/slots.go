package sweep

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/curfewkv/curfew/internal/toolkit/connect"
)

const slotCount = 16384

// owners are the addresses of the servers of a Cluster that have each slot.
type owners [slotCount]string

// ranges writes the slots of each server as 0-99,200.
func (o *owners) ranges() map[string]string {
	text := map[string]string{}
	for from := 0; from < slotCount; {
		to := from
		for to+1 < slotCount && o[to+1] == o[from] {
			to++
		}
		part := strconv.Itoa(from)
		if to > from {
			part += "-" + strconv.Itoa(to)
		}
		if text[o[from]] != "" {
			part = text[o[from]] + "," + part
		}
		text[o[from]] = part
		from = to + 1
	}
	return text
}

func parseOwners(text map[string]string) (*owners, error) {
	o := &owners{}
	for addr, ranges := range text {
		for part := range strings.SplitSeq(ranges, ",") {
			first, last, span := strings.Cut(part, "-")
			if !span {
				last = first
			}
			from, err1 := strconv.Atoi(first)
			to, err2 := strconv.Atoi(last)
			if err1 != nil || err2 != nil || from < 0 || to >= slotCount {
				return nil, fmt.Errorf("slots %q", part)
			}
			for slot := from; slot <= to; slot++ {
				o[slot] = addr
			}
		}
	}
	return o, nil
}

// slotOwners asks who has which slot, and which slots are on the move.
func slotOwners(ctx context.Context, t *connect.Target) (*owners, map[int]bool, error) {
	ranges, err := t.Client.ClusterSlots(ctx).Result()
	if err != nil {
		return nil, nil, fmt.Errorf("CLUSTER SLOTS: %w", err)
	}
	o := &owners{}
	for _, r := range ranges {
		for slot := r.Start; slot <= r.End && slot < slotCount && len(r.Nodes) > 0; slot++ {
			o[slot] = r.Nodes[0].Addr
		}
	}
	primaries, err := t.Primaries(ctx)
	if err != nil {
		return nil, nil, err
	}
	moving := map[int]bool{}
	for _, n := range primaries {
		text, err := n.Client.ClusterNodes(ctx).Result()
		if connect.Refused(err) {
			continue // whoever forbids this moves no slots by hand
		}
		if err != nil {
			return nil, nil, fmt.Errorf("%s: CLUSTER NODES: %w", n.Addr, err)
		}
		addMoving(moving, text)
	}
	return o, moving, nil
}

// addMoving reads what a node says of itself in CLUSTER NODES: [93-<-id] comes to it, [93->-id] leaves it.
func addMoving(moving map[int]bool, text string) {
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) < 8 || !slices.Contains(strings.Split(fields[2], ","), "myself") {
			continue
		}
		for _, f := range fields[8:] {
			number, _, ok := strings.Cut(strings.TrimPrefix(f, "["), "-")
			if slot, err := strconv.Atoi(number); ok && err == nil && strings.HasPrefix(f, "[") {
				moving[slot] = true
			}
		}
	}
}

// changed adds the slots that other servers have now.
func changed(into map[int]bool, before, now *owners) {
	for slot := range before {
		if before[slot] != now[slot] {
			into[slot] = true
		}
	}
}
