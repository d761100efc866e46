package audit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/curfewkv/curfew/internal/rdb"
)

// checkEvery is how many keys of a file are read between looks at whether to stop.
const checkEvery = 1000

// RunRDB audits a snapshot instead of a server: every key of it, and no server is touched. TTLs are what was left of them
// when the file was written. "-" is standard input.
func RunRDB(ctx context.Context, path string, options Options) (*Report, error) {
	options, err := options.check()
	if err != nil {
		return nil, err
	}
	file, size := os.Stdin, int64(-1)
	if path != "-" {
		if file, err = os.Open(path); err != nil {
			return nil, fmt.Errorf("--rdb: %w", err)
		}
		defer file.Close()
		if info, err := file.Stat(); err == nil && info.Mode().IsRegular() {
			size = info.Size()
		}
	}
	r, err := readRDB(ctx, path, file, size, options)
	if err != nil && (r == nil || !errors.Is(err, ctx.Err())) {
		return nil, fmt.Errorf("--rdb %s: %w", path, err)
	}
	return r, err
}

func readRDB(ctx context.Context, path string, file io.Reader, size int64, options Options) (*Report, error) {
	begin := time.Now()
	reader, err := rdb.NewReader(file)
	if err != nil {
		return nil, err
	}
	t, err := newTree(options)
	if err != nil {
		return nil, err
	}
	a := &auditor{options: options, columns: &columns{}}
	a.report = &Report{At: begin.UTC().Truncate(time.Second), Mode: "rdb", Method: methodScan, Level: confidence, Complete: true}
	created, known := reader.Info().Created()
	if !known {
		created = begin
		a.columns.notes = append(a.columns.notes, "the file does not say when it was written: TTLs are counted from now")
	} else {
		a.report.At = created.UTC()
	}
	progress := options.begin("reading", size)
	defer progress.Done()
	spaces, due, offset := map[int]*Keyspace{}, int64(0), int64(0)
	for entry, err := range reader.Entries() {
		if err != nil {
			return nil, err
		}
		if reader.Keys()%checkEvery == 0 {
			progress.Add(int(reader.Offset() - offset))
			offset = reader.Offset()
			if ctx.Err() != nil {
				a.report.Complete = false
				break
			}
		}
		record := rdbRecord(&entry, created)
		if record.TTL <= 0 && record.TTL != NoTTL {
			due++
			continue
		}
		space := spaces[entry.DB]
		if space == nil {
			space = &Keyspace{Node: path, DB: entry.DB, Method: methodScan}
			spaces[entry.DB] = space
		}
		space.count(&record)
		a.columns.told(&record)
		t.add(&record)
	}
	for _, space := range spaces {
		if space.Expires > 0 {
			space.AvgTTL /= space.Expires
		}
		a.report.Keyspaces = append(a.report.Keyspaces, *space)
	}
	slices.SortFunc(a.report.Keyspaces, func(x, y Keyspace) int { return x.DB - y.DB })
	if due > 0 {
		a.columns.notes = append(a.columns.notes, fmt.Sprintf("%d more keys were past their deadline when the file was written", due))
	}
	server := Server{Addr: path, Version: reader.Info().Server(), UsedMemory: unknown, MaxMemory: unknown, Evicted: unknown, Expired: unknown}
	if used, ok := reader.Info().UsedMemory(); ok {
		server.UsedMemory = used
	}
	a.report.Servers = []Server{server}
	t.report(a.report)
	a.finish(time.Since(begin))
	if ctx.Err() != nil {
		return a.report, &interruption{cause: ctx.Err()}
	}
	return a.report, nil
}

func rdbRecord(e *rdb.Entry, created time.Time) Record {
	r := Record{Key: string(e.Key), Type: string(e.Type), TTL: NoTTL, Bytes: e.Memory, Idle: unknown, Freq: unknown}
	if e.Expiry != rdb.NoExpiry {
		r.TTL = max(0, time.Duration(e.Expiry-created.UnixMilli())*time.Millisecond)
	}
	if e.Idle != rdb.Unknown {
		r.Idle = e.Idle
	}
	if e.Freq != rdb.Unknown {
		r.Freq = int64(e.Freq)
	}
	return r
}

// count adds a key to a database that is counted here, because no server does. AvgTTL is the sum until the end.
func (k *Keyspace) count(r *Record) {
	k.Keys++
	k.Looked++
	if r.TTL == NoTTL {
		k.NoTTL++
		return
	}
	k.Expires++
	k.AvgTTL += r.TTL.Milliseconds()
}
