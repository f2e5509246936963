//go:build cgo

package duckdb

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/posthog-tracks/posthog-tracks/internal/warehouse"
)

// copyTo copies the warehouse file while nobody has it open. The copy appears under
// its name when it is complete.
//
// The engine closes the file first: it then stands whole in one file, and a copy
// costs seconds where one by SQL costs minutes. It may not stay open meanwhile, for
// to close another handle of a file is to lose the engine's lock on it.
func (w *Warehouse) copyTo(ctx context.Context, path string) (size int64, err error) {
	select {
	case <-w.writer:
		defer func() { w.writer <- struct{}{} }()
	case <-ctx.Done():
		return 0, fmt.Errorf("wait for the other writer: %w", ctx.Err())
	}
	if err := w.closeForAll(ctx); err != nil {
		return 0, err
	}
	defer w.mu.Unlock()
	source, err := holdFile(w.options.Path)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	if _, err := os.Stat(w.options.Path + ".wal"); !errors.Is(err, fs.ErrNotExist) {
		return 0, errors.New("copy warehouse file: its log has not been written into it yet")
	}
	return copyInto(ctx, source, path)
}

// closeForAll closes the file and keeps it closed: w.mu is locked when it returns
// without an error.
func (w *Warehouse) closeForAll(ctx context.Context) error {
	for {
		w.mu.Lock()
		if w.users == 0 {
			break
		}
		w.mu.Unlock()
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for readers: %w", ctx.Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
	if w.idle != nil {
		w.idle.Stop()
	}
	if w.db == nil {
		return nil
	}
	db := w.db
	w.db = nil
	if err := db.Close(); err != nil {
		w.mu.Unlock()
		return fmt.Errorf("close warehouse file: %w", clean(err))
	}
	return nil
}

// holdFile opens the file and locks it as the engine does, against other processes.
func holdFile(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, fmt.Errorf("open warehouse file: %w", err)
	}
	lock := syscall.Flock_t{Type: syscall.F_WRLCK, Whence: io.SeekStart}
	if err := syscall.FcntlFlock(file.Fd(), syscall.F_SETLK, &lock); err != nil {
		return nil, errors.Join(&warehouse.HeldError{Path: path, Holder: "a process that opened it just now"}, file.Close())
	}
	return file, nil
}

// unfinished ends the name of a copy that is being made.
const unfinished = ".part"

// copyInto copies a file and makes sure that it is on the disk.
func copyInto(ctx context.Context, source *os.File, path string) (size int64, err error) {
	part := path + unfinished
	target, err := os.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return 0, fmt.Errorf("create snapshot: %w", err)
	}
	defer func() {
		if err != nil {
			_ = target.Close()
			_ = os.Remove(part)
		}
	}()
	const chunk = 64 << 20
	for {
		n, err := io.CopyN(target, source, chunk)
		size += n
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return 0, fmt.Errorf("copy warehouse file: %w", err)
		}
	}
	if err := target.Sync(); err != nil {
		return 0, fmt.Errorf("write snapshot to disk: %w", err)
	}
	if err := target.Close(); err != nil {
		return 0, fmt.Errorf("close snapshot: %w", err)
	}
	if err := os.Rename(part, path); err != nil {
		return 0, fmt.Errorf("name snapshot: %w", err)
	}
	return size, nil
}

// diskFor is the size of the warehouse file, and the bytes free beside it.
func (w *Warehouse) diskFor() (needed, free int64, err error) {
	info, err := os.Stat(w.options.Path)
	if err != nil {
		return 0, 0, fmt.Errorf("look at warehouse file: %w", err)
	}
	var disk syscall.Statfs_t
	if err := syscall.Statfs(w.options.Path, &disk); err != nil {
		return 0, 0, fmt.Errorf("look at the disk: %w", err)
	}
	return info.Size(), int64(disk.Bavail) * int64(disk.Bsize), nil //nolint:gosec,unconvert // their types differ by system
}

// snapshotAlias is the name a snapshot is attached by.
const snapshotAlias = "dedup_snapshot"

// withSnapshot attaches a snapshot while fn runs, which finds its tables by
// snapshotTable.
func (s *session) withSnapshot(ctx context.Context, path string, fn func() error) (err error) {
	attach := fmt.Sprintf("ATTACH '%s' AS %s (READ_ONLY)", strings.ReplaceAll(path, "'", "''"), snapshotAlias)
	if _, err := s.conn.ExecContext(ctx, attach); err != nil {
		return fmt.Errorf("open snapshot: %w", clean(err))
	}
	defer func() {
		if _, detached := s.conn.ExecContext(context.WithoutCancel(ctx), "DETACH "+snapshotAlias); detached != nil {
			err = errors.Join(err, fmt.Errorf("close snapshot: %w", clean(detached)))
		}
	}()
	return fn()
}

func (w *Warehouse) snapshotTable(name string) string {
	return quote(snapshotAlias, w.options.Tables.Dataset, name)
}
