package gcs

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"hash/crc32"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/posthog-tracks/posthog-tracks/internal/export"
)

// stub is as much of GCS as reading needs. Its clock is not this machine's.
type stub struct {
	content    []byte
	generation int64
	status     int    // answered instead, when not 0
	serve      []byte // sent instead of content, with content's checksum
	requests   []string
}

var stubNow = time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)

const key = "events/2026-06-12/11/2026-06-12T10:00:00+00:00-2026-06-12T11:00:00+00:00.parquet.sz"

func (s *stub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.requests = append(s.requests, r.URL.String())
	w.Header().Set("Date", stubNow.Format(http.TimeFormat))
	if s.status != 0 {
		w.WriteHeader(s.status)
		return
	}
	if strings.HasSuffix(r.URL.Path, "/o") {
		s.list(w)
		return
	}
	if want := r.URL.Query().Get("generation"); want != strconv.FormatInt(s.generation, 10) {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	s.download(w)
}

func (s *stub) list(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{ //nolint:errchkjson // the stub has nobody to tell
		"kind": "storage#objects", "items": []map[string]any{
			{"name": "events/b", "generation": "2", "size": "5", "crc32c": encode(7), "timeCreated": "2026-06-12T11:01:00Z", "updated": "2026-06-12T11:02:00Z"},
			{"name": "events/a", "generation": "1", "size": "3", "crc32c": encode(9), "timeCreated": "2026-06-12T11:00:00Z", "updated": "2026-06-12T11:00:00Z"},
		}})
}

func (s *stub) download(w http.ResponseWriter) {
	body := s.content
	if s.serve != nil {
		body = s.serve
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.Header().Set("X-Goog-Generation", strconv.FormatInt(s.generation, 10))
	_, _ = w.Write(body)
}

func encode(sum uint32) string {
	return base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint32(nil, sum))
}

// open connects to the stub. It sets the environment, so these tests are not parallel.
func open(t *testing.T, s *stub) *Bucket {
	t.Helper()
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	t.Setenv(emulatorVariable, server.URL)
	bucket, err := Open(t.Context(), "exports")
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, bucket.Close()) })
	return bucket
}

func pinned(content []byte) export.Object {
	return export.Object{Name: key, Generation: 11, Size: int64(len(content)), CRC32C: crc32.Checksum(content, castagnoli)}
}

func TestListIsSortedAndTellsTheBucketsTime(t *testing.T) {
	look, err := open(t, &stub{}).List(t.Context(), "events/")
	require.NoError(t, err)
	assert.Equal(t, stubNow, look.At)
	require.Len(t, look.Objects, 2)
	assert.Equal(t, export.Object{
		Name: "events/a", Generation: 1, Size: 3, CRC32C: 9,
		Created: time.Date(2026, 6, 12, 11, 0, 0, 0, time.UTC), Updated: time.Date(2026, 6, 12, 11, 0, 0, 0, time.UTC),
	}, look.Objects[0])
	assert.Equal(t, "events/b", look.Objects[1].Name)
}

func TestBucketsThatCannotBeReadAreNamed(t *testing.T) {
	for _, status := range []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound} {
		t.Run(strconv.Itoa(status), func(t *testing.T) {
			_, err := open(t, &stub{status: status}).List(t.Context(), "events/")
			var denied *AccessError
			require.ErrorAs(t, err, &denied)
			assert.ErrorContains(t, err, "exports")
		})
	}
}

func TestServerErrorsAreTriedAgainUntilTheCallerGivesUp(t *testing.T) {
	s := &stub{status: http.StatusServiceUnavailable}
	bucket := open(t, s)
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	_, err := bucket.List(ctx, "events/")
	require.Error(t, err)
	var denied *AccessError
	assert.NotErrorAs(t, err, &denied)
	assert.Greater(t, len(s.requests), 1)
}

func TestDownloadTakesThePinnedGeneration(t *testing.T) {
	content := bytes.Repeat([]byte("PAR1"), 100_000)
	s := &stub{content: content, generation: 11}
	bucket := open(t, s)
	var got bytes.Buffer
	var seen int64
	require.NoError(t, bucket.Download(t.Context(), pinned(content), &got, func(n int64) { seen = n }))
	assert.Equal(t, content, got.Bytes())
	assert.Equal(t, int64(len(content)), seen)

	s.generation = 12
	err := bucket.Download(t.Context(), pinned(content), io.Discard, func(int64) {})
	var gone *GoneError
	require.ErrorAs(t, err, &gone)
	assert.Equal(t, int64(11), gone.Object.Generation)
}

func TestDownloadNoticesDamage(t *testing.T) {
	content := []byte("the content as it is stored")
	for name, s := range map[string]*stub{
		"a flipped bit": {content: content, generation: 11, serve: []byte("the content as it is storee")},
		"a lost end":    {content: content, generation: 11, serve: content[:20]},
	} {
		t.Run(name, func(t *testing.T) {
			err := open(t, s).Download(t.Context(), pinned(content), io.Discard, func(int64) {})
			var damaged *ChecksumError
			require.ErrorAs(t, err, &damaged)
		})
	}
}

func TestReadRefusesWhatIsTooLarge(t *testing.T) {
	content := []byte(`{"files":[]}`)
	bucket := open(t, &stub{content: content, generation: 11})
	got, err := bucket.Read(t.Context(), pinned(content), 100)
	require.NoError(t, err)
	assert.Equal(t, content, got)
	_, err = bucket.Read(t.Context(), pinned(content), 5)
	require.ErrorContains(t, err, "12 bytes")
}
