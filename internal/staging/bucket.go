package staging

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strconv"

	"github.com/posthog-tracks/posthog-tracks/internal/export"
	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
	"github.com/posthog-tracks/posthog-tracks/internal/window"
)

// Store is what a Bucket needs of the staging bucket.
type Store interface {
	// Put uploads a local file, whole or not at all.
	Put(ctx context.Context, object, path string) error
	// Get returns a small object's content; ok is false when there is none.
	Get(ctx context.Context, object string) (content []byte, ok bool, err error)
	// DeleteAll removes every object under prefix.
	DeleteAll(ctx context.Context, prefix string) error
	// URI is the address a warehouse loads an object from.
	URI(object string) string
}

// Bucket keeps staged files where a cloud warehouse can load them from. The
// receipt is uploaded last, so where there is one, the files are whole.
type Bucket struct {
	Store Store
	// Prefix is the folder in the bucket, without slashes at its ends.
	Prefix string
	// Local is the directory for downloads and conversions.
	Local string
}

// Find returns the receipt of what is already staged from this generation, or nil.
func (b Bucket) Find(ctx context.Context, w window.Window, object export.Object) (*ledger.Receipt, error) {
	content, ok, err := b.Store.Get(ctx, path.Join(b.place(w, object), receiptName))
	if err != nil || !ok {
		return nil, err
	}
	return readReceipt(content, object)
}

// Workspace makes an empty local folder for one conversion. The caller removes it.
func (b Bucket) Workspace() (string, error) { return workspaceIn(b.Local) }

// Keep uploads the files of a workspace and completes the receipt.
func (b Bucket) Keep(ctx context.Context, w window.Window, workspace string, receipt ledger.Receipt) (ledger.Receipt, error) {
	place := b.place(w, receipt.Object)
	receipt.Events = b.Store.URI(path.Join(place, eventsName))
	files := []string{eventsName}
	if receipt.Rejected > 0 {
		receipt.Rejects = b.Store.URI(path.Join(place, rejectsName))
		files = append(files, rejectsName)
	}
	content, err := json.Marshal(receipt)
	if err != nil {
		return ledger.Receipt{}, fmt.Errorf("encode staging receipt: %w", err)
	}
	if err := os.WriteFile(filepath.Join(workspace, receiptName), content, 0o600); err != nil {
		return ledger.Receipt{}, fmt.Errorf("write staging receipt: %w", err)
	}
	for _, file := range append(files, receiptName) {
		if err := b.Store.Put(ctx, path.Join(place, file), filepath.Join(workspace, file)); err != nil {
			return ledger.Receipt{}, err
		}
	}
	return receipt, nil
}

// Discard removes all that is staged for a window.
func (b Bucket) Discard(ctx context.Context, w window.Window) error {
	return b.Store.DeleteAll(ctx, path.Join(b.Prefix, w.String())+"/")
}

func (b Bucket) place(w window.Window, object export.Object) string {
	return path.Join(b.Prefix, w.String(), placeName(object))
}

// placeName is one folder a generation. The name is hashed because keys hold
// slashes, colons and plus signs.
func placeName(object export.Object) string {
	sum := sha256.Sum256([]byte(object.Name))
	return hex.EncodeToString(sum[:8]) + "-" + strconv.FormatInt(object.Generation, 10)
}

// readReceipt decodes a receipt; nil when it is of another layout or generation.
func readReceipt(content []byte, object export.Object) (*ledger.Receipt, error) {
	var receipt ledger.Receipt
	if err := json.Unmarshal(content, &receipt); err != nil {
		return nil, fmt.Errorf("decode staging receipt of %s: %w", object, err)
	}
	if receipt.Format != Format || !receipt.Object.SameContent(object) {
		return nil, nil
	}
	return &receipt, nil
}
