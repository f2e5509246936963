package staging

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/posthog-tracks/posthog-tracks/internal/export"
	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
	"github.com/posthog-tracks/posthog-tracks/internal/window"
)

const (
	workName    = "work"
	receiptName = "receipt.json"
	eventsName  = "events.parquet"
	rejectsName = "rejects.parquet"
)

// Directory keeps staged files on the local disk, one folder an object
// generation. A folder is moved into place whole, so what is there is complete.
type Directory struct {
	// Root is created when it is first needed.
	Root string
}

// Find returns the receipt of what is already staged from this generation, or nil.
func (d Directory) Find(_ context.Context, w window.Window, object export.Object) (*ledger.Receipt, error) {
	content, err := os.ReadFile(filepath.Join(d.place(w, object), receiptName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read staging receipt: %w", err)
	}
	return readReceipt(content, object)
}

// Workspace makes an empty folder for one conversion, on the disk the result will
// stay on. The caller removes it.
func (d Directory) Workspace() (string, error) { return workspaceIn(d.Root) }

func workspaceIn(root string) (string, error) {
	parent := filepath.Join(root, workName)
	if err := os.MkdirAll(parent, 0o750); err != nil {
		return "", fmt.Errorf("create staging directory: %w", err)
	}
	dir, err := os.MkdirTemp(parent, "")
	if err != nil {
		return "", fmt.Errorf("create staging workspace: %w", err)
	}
	return dir, nil
}

// FilesIn names the files of a conversion in its workspace.
func FilesIn(workspace string) Files {
	return Files{
		Export:  filepath.Join(workspace, "export.parquet"),
		Events:  filepath.Join(workspace, eventsName),
		Rejects: filepath.Join(workspace, rejectsName),
	}
}

// Keep moves the files of a workspace to their place and completes the receipt.
func (d Directory) Keep(_ context.Context, w window.Window, workspace string, receipt ledger.Receipt) (ledger.Receipt, error) {
	place := d.place(w, receipt.Object)
	receipt.Events = filepath.Join(place, eventsName)
	if receipt.Rejected > 0 {
		receipt.Rejects = filepath.Join(place, rejectsName)
	}
	content, err := json.Marshal(receipt)
	if err != nil {
		return ledger.Receipt{}, fmt.Errorf("encode staging receipt: %w", err)
	}
	if err := os.WriteFile(filepath.Join(workspace, receiptName), content, 0o600); err != nil {
		return ledger.Receipt{}, fmt.Errorf("write staging receipt: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(place), 0o750); err != nil {
		return ledger.Receipt{}, fmt.Errorf("create staging directory: %w", err)
	}
	// Whatever is there is of another format, or the same from an attempt that
	// was given up; both may go.
	if err := os.RemoveAll(place); err != nil {
		return ledger.Receipt{}, fmt.Errorf("remove older staging: %w", err)
	}
	if err := os.Rename(workspace, place); err != nil {
		return ledger.Receipt{}, fmt.Errorf("move staged files into place: %w", err)
	}
	return receipt, nil
}

// Discard removes all that is staged for a window.
func (d Directory) Discard(_ context.Context, w window.Window) error {
	if err := os.RemoveAll(filepath.Join(d.Root, w.String())); err != nil {
		return fmt.Errorf("discard staged files of %s: %w", w, err)
	}
	return nil
}

// Sweep removes what crashed conversions and abandoned windows left behind, once
// it is older than age.
func (d Directory) Sweep(age time.Duration) error {
	var failures []error
	for _, pattern := range []string{filepath.Join(d.Root, workName, "*"), filepath.Join(d.Root, "20*")} {
		left, err := filepath.Glob(pattern)
		if err != nil {
			return fmt.Errorf("list staging directory: %w", err)
		}
		for _, path := range left {
			info, err := os.Stat(path)
			if err != nil || time.Since(info.ModTime()) < age {
				continue
			}
			failures = append(failures, os.RemoveAll(path))
		}
	}
	return errors.Join(failures...)
}

// place is where the staged files of one generation belong.
func (d Directory) place(w window.Window, object export.Object) string {
	return filepath.Join(d.Root, w.String(), placeName(object))
}
