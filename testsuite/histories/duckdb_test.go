package histories

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/posthog-tracks/posthog-tracks/internal/warehouse"
	"github.com/posthog-tracks/posthog-tracks/internal/warehouse/duckdb"
	"github.com/posthog-tracks/posthog-tracks/testsuite/conformance"
	"github.com/posthog-tracks/posthog-tracks/testsuite/sample"
)

// process has a DuckDB file open.
type process struct {
	dir   string // where the processes after this one find their files
	lives int
	open  *duckdb.Warehouse
	// before is called before each statement of a write.
	before func() error
}

func start(path, dir string) (*process, error) {
	p := &process{dir: dir}
	return p, p.start(path)
}

func (p *process) start(path string) (err error) {
	p.open, err = duckdb.New(duckdb.Options{
		Path: path, MemoryLimit: "256MB", Threads: 1, IdleClose: time.Hour,
		Tables: warehouse.DefaultTables(), Cutover: sample.DefaultCutover,
		BeforeStep: func(string) error {
			if p.before == nil {
				return nil
			}
			return p.before()
		},
	})
	return err
}

// Warehouse is the one that is open.
func (p *process) Warehouse() conformance.Warehouse { return p.open }

// Close closes it.
func (p *process) Close() error { return p.open.Close() }

var errDead = errors.New("the process is dead")

// Die keeps what is on disk at the moment of death and goes on with that. What the
// dead process still does to its own files, nobody sees.
func (p *process) Die(statement int, do func(conformance.Warehouse) error) (survived bool, err error) {
	p.lives++
	left := filepath.Join(p.dir, fmt.Sprintf("life-%d", p.lives), "warehouse.duckdb")
	path := filepath.Join(p.dir, fmt.Sprintf("life-%d", p.lives-1), "warehouse.duckdb")
	n := 0
	p.before = func() error {
		if n++; n < statement {
			return nil
		}
		return errors.Join(errDead, keep(path, left))
	}
	err = do(p.open)
	p.before = nil
	if !errors.Is(err, errDead) {
		survived = true
		err = errors.Join(err, keep(path, left))
	} else {
		err = nil
	}
	return survived, errors.Join(err, p.open.Close(), p.start(left))
}

// keep copies a database and its log as they are on disk.
func keep(from, to string) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o750); err != nil {
		return err
	}
	for _, suffix := range []string{"", ".wal"} {
		content, err := os.ReadFile(from + suffix)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		if err := os.WriteFile(to+suffix, content, 0o600); err != nil {
			return err
		}
	}
	return nil
}
