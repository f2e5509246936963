package histories

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/posthog-tracks/posthog-tracks/internal/warehouse"
	"github.com/posthog-tracks/posthog-tracks/internal/warehouse/duckdb"
	"github.com/posthog-tracks/posthog-tracks/sql"
	"github.com/posthog-tracks/posthog-tracks/testsuite/sample"
)

// process has a DuckDB file open.
type process struct {
	// dir is where each life has a folder of its own.
	dir     string
	lives   int
	rewrite func(sql.Step) sql.Step
	open    *duckdb.Warehouse
	// before is called before each statement of a write, when it is not nil.
	before func() error
}

func (p *process) start(path string) (err error) {
	p.open, err = duckdb.New(duckdb.Options{
		Path: path, MemoryLimit: "256MB", Threads: 1, IdleClose: time.Hour,
		Tables: warehouse.DefaultTables(), Cutover: sample.DefaultCutover, Rewrite: p.rewrite,
		BeforeStep: func(string) error {
			if p.before == nil {
				return nil
			}
			return p.before()
		},
	})
	return err
}

// file is the warehouse file of this life.
func (p *process) file() string {
	return filepath.Join(p.dir, fmt.Sprintf("life-%d", p.lives), "warehouse.duckdb")
}

// Warehouse is the one that is open.
func (p *process) Warehouse() Warehouse { return p.open }

// IsBigQuery is false.
func (*process) IsBigQuery() bool { return false }

var errDead = errors.New("the process is dead")

// Die keeps what is on disk at the moment of death and goes on with that. What the
// dead process still does to its own file, nobody sees.
func (p *process) Die(statement int, do func(Warehouse) error) (survived bool, err error) {
	from := p.file()
	p.lives++
	left := p.file()
	statements := 0
	p.before = func() error {
		if statements++; statements < statement {
			return nil
		}
		return errors.Join(errDead, keep(from, left))
	}
	err = do(p.open)
	p.before = nil
	survived = !errors.Is(err, errDead)
	if survived {
		err = errors.Join(err, keep(from, left))
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
		if errors.Is(err, fs.ErrNotExist) {
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
