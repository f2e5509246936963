// Package export knows how PostHog's hourly batch export lies in a bucket: where
// an hour's objects are, how they are named, and when an hour is complete.
//
// It holds no I/O: a listing goes in, a judgement comes out.
package export

import (
	"fmt"
	"time"
)

// Object is one generation of one object in the export bucket. Name and
// Generation together name content that can never change; Name alone does not,
// because PostHog's retries, UI retries and backfills all overwrite it.
type Object struct {
	// Name is the full key, without bucket.
	Name string `json:"name"`
	// Generation is GCS's version number of the content.
	Generation int64 `json:"generation"`
	// Size is in bytes.
	Size int64 `json:"size"`
	// CRC32C is the Castagnoli checksum of the whole content.
	CRC32C uint32 `json:"crc32c"`
	// Created is when this generation was written, by the bucket's clock.
	Created time.Time `json:"created"`
	// Updated is when the object or its metadata last changed, by the bucket's clock.
	Updated time.Time `json:"updated"`
}

// String names the object and generation the way gcloud does.
func (o Object) String() string { return fmt.Sprintf("%s#%d", o.Name, o.Generation) }

// SameContent reports whether both are the same stored bytes. Times are left
// out: a change of metadata is no change of content.
func (o Object) SameContent(other Object) bool {
	return o.Name == other.Name && o.Generation == other.Generation &&
		o.Size == other.Size && o.CRC32C == other.CRC32C
}

// Export is what one hour's export consists of, pinned: exactly these
// generations are loaded, whatever happens in the bucket afterwards.
type Export struct {
	// Objects are the data files to load, sorted by name.
	Objects []Object `json:"objects"`
	// Manifest is the manifest that named them, nil when the export has none.
	Manifest *Object `json:"manifest,omitempty"`
	// Ignored are objects of the folder that do not belong to the export:
	// parts the manifest does not name, other intervals, foreign files.
	Ignored []string `json:"ignored,omitempty"`
	// Vanished are objects that were there during the wait and then deleted.
	Vanished []string `json:"vanished,omitempty"`
}

// Bytes is the size of all data files together.
func (e Export) Bytes() int64 {
	var total int64
	for _, o := range e.Objects {
		total += o.Size
	}
	return total
}
