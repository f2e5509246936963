package activities

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/posthog-tracks/posthog-tracks/internal/contract"
	"github.com/posthog-tracks/posthog-tracks/internal/export"
	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
	"github.com/posthog-tracks/posthog-tracks/internal/parquetfile"
	"github.com/posthog-tracks/posthog-tracks/internal/staging"
	"github.com/posthog-tracks/posthog-tracks/internal/window"
)

// Downloads is what staging needs of the bucket.
type Downloads interface {
	// Download copies the pinned generation and checks its size and checksum.
	Download(ctx context.Context, object export.Object, to io.Writer, progress func(bytes int64)) error
}

// Area is where staged files wait for their commit.
type Area interface {
	// Find returns the receipt of what is already staged from a generation, or nil.
	Find(ctx context.Context, w window.Window, object export.Object) (*ledger.Receipt, error)
	// Workspace makes an empty local folder, which the caller removes.
	Workspace() (string, error)
	// Keep moves a workspace's files to their place and completes the receipt.
	Keep(ctx context.Context, w window.Window, workspace string, receipt ledger.Receipt) (ledger.Receipt, error)
	// Discard removes all that is staged for a window.
	Discard(ctx context.Context, w window.Window) error
}

// Staging turns export objects into staged files.
type Staging struct {
	Bucket Downloads
	Area   Area
}

// StageObject downloads one pinned object, validates its rows and leaves them
// staged. What a killed attempt left is thrown away, what one completed is found.
func (s *Staging) StageObject(ctx context.Context, in contract.StageObjectInput) (ledger.Receipt, error) {
	staged, err := s.Area.Find(ctx, in.Window, in.Object)
	if err != nil {
		return ledger.Receipt{}, typed(err)
	}
	if staged != nil {
		return *staged, nil
	}
	receipt, err := s.stage(ctx, in)
	return receipt, typed(err)
}

func (s *Staging) stage(ctx context.Context, in contract.StageObjectInput) (ledger.Receipt, error) {
	life := beat(ctx, "started")
	defer life.stop()
	workspace, err := s.Area.Workspace()
	if err != nil {
		return ledger.Receipt{}, err
	}
	defer func() { _ = os.RemoveAll(workspace) }()
	files := staging.FilesIn(workspace)

	if err := s.download(ctx, in.Object, files.Export, life); err != nil {
		return ledger.Receipt{}, err
	}
	receipt, err := staging.Convert(ctx, in.Object, files, func(rows int64) {
		life.say(fmt.Sprintf("%d rows read", rows))
	})
	if is[*parquetfile.Error](err) {
		return ledger.Receipt{}, fmt.Errorf("read %s: %w", in.Object, err)
	}
	if err != nil {
		return ledger.Receipt{}, err
	}
	if err := os.Remove(files.Export); err != nil {
		return ledger.Receipt{}, fmt.Errorf("remove downloaded object: %w", err)
	}
	return s.Area.Keep(ctx, in.Window, workspace, receipt)
}

func (s *Staging) download(ctx context.Context, object export.Object, path string, life *heartbeats) (err error) {
	file, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("create file for %s: %w", object, err)
	}
	defer func() {
		if closed := file.Close(); err == nil && closed != nil {
			err = fmt.Errorf("close file of %s: %w", object, closed)
		}
	}()
	return s.Bucket.Download(ctx, object, file, func(bytes int64) {
		life.say(fmt.Sprintf("%d of %d MB downloaded", bytes>>20, object.Size>>20))
	})
}
