package fakegcs

import (
	"context"
	"hash/crc32"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"cloud.google.com/go/storage"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/api/googleapi"
	"google.golang.org/api/iterator"
	"google.golang.org/api/option"
	"pgregory.net/rapid"
)

const bucket = "exports"

// name has all the characters that make the names of real exports awkward.
const name = "events/2026-11-22-14/2026-11-22T13:00:00+00:00-2026-11-22T14:00:00+00:00-0.parquet"

// environment guards STORAGE_EMULATOR_HOST, which the client reads while it is made and never again.
var environment sync.Mutex

// newClient makes the official client the way production code does.
func newClient(tb testing.TB, server *Server, opts ...option.ClientOption) *storage.BucketHandle {
	tb.Helper()
	environment.Lock()
	defer environment.Unlock()
	//nolint:usetesting // testing's Setenv is for one test at a time, and the variable is set for this function only
	require.NoError(tb, os.Setenv("STORAGE_EMULATOR_HOST", server.URL()))
	defer os.Unsetenv("STORAGE_EMULATOR_HOST")
	client, err := storage.NewClient(context.Background(), opts...)
	require.NoError(tb, err)
	tb.Cleanup(func() { client.Close() })
	return client.Bucket(bucket)
}

func start(tb testing.TB, opts Options) *Server {
	tb.Helper()
	opts.Buckets = append(opts.Buckets, bucket)
	server, err := Start(context.Background(), opts)
	require.NoError(tb, err)
	tb.Cleanup(func() { server.Stop() })
	return server
}

// variant is one way to store objects and to read them.
type variant struct {
	storage Options
	reads   []option.ClientOption
}

func (v variant) start(tb testing.TB) (*Server, *storage.BucketHandle) {
	tb.Helper()
	server := start(tb, v.storage)
	return server, newClient(tb, server, v.reads...)
}

// backends are in memory and on disk.
func backends(tb testing.TB) map[string]variant {
	tb.Helper()
	return map[string]variant{"memory": {}, "disk": {storage: Options{Root: tb.TempDir()}}}
}

// readAPIs are the backends with downloads by XML, the client's default, and by JSON.
func readAPIs(tb testing.TB) map[string]variant {
	tb.Helper()
	all := map[string]variant{}
	for label, xml := range backends(tb) {
		json := variant{storage: xml.storage, reads: []option.ClientOption{storage.WithJSONReads()}}
		if json.storage.Root != "" {
			json.storage.Root = tb.TempDir()
		}
		all[label+" xml"], all[label+" json"] = xml, json
	}
	return all
}

func seedObject(tb testing.TB, server *Server, object, content string, updated time.Time) int64 {
	tb.Helper()
	generation, err := server.PutObject(tb.Context(), bucket, object, strings.NewReader(content), updated)
	require.NoError(tb, err)
	return generation
}

func read(tb testing.TB, object *storage.ObjectHandle) (string, error) {
	tb.Helper()
	return readRange(tb, object, 0, -1)
}

func readRange(tb testing.TB, object *storage.ObjectHandle, offset, length int64) (string, error) {
	tb.Helper()
	reader, err := object.NewRangeReader(tb.Context(), offset, length)
	if err != nil {
		return "", err
	}
	defer reader.Close()
	content, err := io.ReadAll(reader)
	return string(content), err
}

func list(tb testing.TB, client *storage.BucketHandle, prefix string) []*storage.ObjectAttrs {
	tb.Helper()
	objects := client.Objects(tb.Context(), &storage.Query{Prefix: prefix})
	objects.PageInfo().MaxSize = 2
	var all []*storage.ObjectAttrs
	for {
		attrs, err := objects.Next()
		if err == iterator.Done { //nolint:errorlint // the iterator returns this very value
			return all
		}
		require.NoError(tb, err)
		all = append(all, attrs)
	}
}

func assertStatus(tb testing.TB, want int, err error) {
	tb.Helper()
	var answer *googleapi.Error
	require.ErrorAs(tb, err, &answer)
	assert.Equal(tb, want, answer.Code)
}

func checksum(content string) uint32 {
	return crc32.Checksum([]byte(content), crc32.MakeTable(crc32.Castagnoli))
}

func TestListingShowsWhatPinsAnObject(t *testing.T) {
	t.Parallel()
	for label, variant := range backends(t) {
		t.Run(label, func(t *testing.T) {
			t.Parallel()
			server, client := variant.start(t)
			updated := time.Date(2026, 11, 22, 14, 3, 7, 123_000_000, time.UTC)
			generation := seedObject(t, server, name, "first", updated)
			for _, other := range []string{"events/2026-11-22-14/b+c:d", "events/2026-11-22-14/e", "events/2026-11-22-15/f"} {
				seedObject(t, server, other, "other", updated.Add(time.Hour))
			}

			objects := list(t, client, "events/2026-11-22-14/")

			require.Len(t, objects, 3, "pages of two")
			first := objects[0]
			assert.Equal(t, name, first.Name)
			assert.Equal(t, generation, first.Generation)
			assert.Equal(t, int64(5), first.Size)
			assert.Equal(t, checksum("first"), first.CRC32C)
			assert.True(t, first.Updated.Equal(updated), "got %v", first.Updated)
			assert.True(t, first.Created.Equal(updated), "got %v", first.Created)
			assert.True(t, objects[1].Updated.Equal(updated.Add(time.Hour)), "got %v", objects[1].Updated)
		})
	}
}

func TestMissingBucketIsNotFound(t *testing.T) {
	t.Parallel()
	for label, variant := range backends(t) {
		t.Run(label, func(t *testing.T) {
			t.Parallel()
			_, client := variant.start(t)
			_, err := client.Attrs(t.Context())
			require.NoError(t, err)
			require.NoError(t, client.Delete(t.Context()))
			_, err = client.Objects(t.Context(), nil).Next()
			require.ErrorIs(t, err, storage.ErrBucketNotExist)
		})
	}
}

func TestPinnedReadEndsWithTheOverwrite(t *testing.T) {
	t.Parallel()
	for label, variant := range readAPIs(t) {
		t.Run(label, func(t *testing.T) {
			t.Parallel()
			server, client := variant.start(t)
			before := seedObject(t, server, name, "before", time.Time{})
			pinned := client.Object(name).Generation(before)
			content, err := read(t, pinned)
			require.NoError(t, err)
			assert.Equal(t, "before", content)

			after := seedObject(t, server, name, "after", time.Time{})

			assert.Greater(t, after, before)
			_, err = read(t, pinned)
			require.ErrorIs(t, err, storage.ErrObjectNotExist)
			_, err = pinned.Attrs(t.Context())
			require.ErrorIs(t, err, storage.ErrObjectNotExist)
			content, err = read(t, client.Object(name).Generation(after))
			require.NoError(t, err)
			assert.Equal(t, "after", content)
		})
	}
}

func TestVersionedBucketKeepsOldGenerations(t *testing.T) {
	t.Parallel()
	server := start(t, Options{})
	client := newClient(t, server)
	_, err := client.Update(t.Context(), storage.BucketAttrsToUpdate{VersioningEnabled: true})
	require.NoError(t, err)
	before := seedObject(t, server, name, "before", time.Time{})
	seedObject(t, server, name, "after", time.Time{})
	content, err := read(t, client.Object(name).Generation(before))
	require.NoError(t, err)
	assert.Equal(t, "before", content)
}

func TestRangedReads(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		offset, length int64
		want           string
	}{
		"start":             {0, 3, "abc"},
		"middle":            {3, 2, "de"},
		"to the end":        {5, -1, "fgh"},
		"past the end":      {6, 100, "gh"},
		"last bytes":        {-3, -1, "fgh"},
		"nothing but attrs": {0, 0, ""},
	}
	for label, variant := range readAPIs(t) {
		t.Run(label, func(t *testing.T) {
			t.Parallel()
			server, client := variant.start(t)
			generation := seedObject(t, server, name, "abcdefgh", time.Time{})
			object := client.Object(name).Generation(generation)
			for label, c := range cases {
				content, err := readRange(t, object, c.offset, c.length)
				require.NoError(t, err, label)
				assert.Equal(t, c.want, content, label)
			}
			_, err := readRange(t, object, 8, 1)
			assertStatus(t, http.StatusRequestedRangeNotSatisfiable, err)
		})
	}
}

func TestUploadsReplaceTheObject(t *testing.T) {
	t.Parallel()
	for label, variant := range backends(t) {
		t.Run(label, func(t *testing.T) {
			t.Parallel()
			_, client := variant.start(t)
			began := time.Now().Add(-time.Second)
			var last int64
			for _, size := range []int{10, 20 << 20} { // one request, and a resumable upload of two chunks
				writer := client.Object(name).NewWriter(t.Context())
				content := strings.Repeat("x", size)
				_, err := io.WriteString(writer, content)
				require.NoError(t, err)
				require.NoError(t, writer.Close())
				attrs, err := client.Object(name).Attrs(t.Context())
				require.NoError(t, err)
				assert.Equal(t, int64(size), attrs.Size)
				assert.Equal(t, checksum(content), attrs.CRC32C)
				assert.Greater(t, attrs.Generation, last)
				assert.WithinRange(t, attrs.Updated, began, time.Now().Add(time.Second))
				got, err := read(t, client.Object(name))
				require.NoError(t, err)
				assert.Equal(t, checksum(content), checksum(got))
				last = attrs.Generation
			}
		})
	}
}

func TestDeletedObjectIsGone(t *testing.T) {
	t.Parallel()
	for label, variant := range backends(t) {
		t.Run(label, func(t *testing.T) {
			t.Parallel()
			server, client := variant.start(t)
			seedObject(t, server, name, "x", time.Time{})
			require.NoError(t, server.DeleteObject(t.Context(), bucket, name))
			assert.Empty(t, list(t, client, ""))
			require.Error(t, server.DeleteObject(t.Context(), bucket, name))
			seedObject(t, server, name, "x", time.Time{})
			require.NoError(t, client.Object(name).Delete(t.Context()))
			require.ErrorIs(t, client.Object(name).Delete(t.Context()), storage.ErrObjectNotExist)
		})
	}
}

func TestEveryResponseHasADate(t *testing.T) {
	t.Parallel()
	server := start(t, Options{})
	seedObject(t, server, "a", "x", time.Time{})
	for _, path := range []string{"/storage/v1/b/exports/o", "/exports/a", "/exports/missing"} {
		response, err := http.Get(server.URL() + path)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		date, err := http.ParseTime(response.Header.Get("Date"))
		require.NoError(t, err, path)
		assert.WithinDuration(t, time.Now(), date, 5*time.Second, path)
	}
}

func TestServerAnswersToLocalhostToo(t *testing.T) {
	t.Parallel()
	server := start(t, Options{})
	seedObject(t, server, "a", "x", time.Time{})
	response, err := http.Get(strings.Replace(server.URL(), "127.0.0.1", "localhost", 1) + "/exports/a")
	require.NoError(t, err)
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	assert.Equal(t, "x", string(content))
}

func TestAnyNameCanBeReadBack(t *testing.T) {
	t.Parallel()
	server := start(t, Options{})
	clients := []*storage.BucketHandle{newClient(t, server), newClient(t, server, storage.WithJSONReads())}
	rapid.Check(t, func(rt *rapid.T) {
		object := rapid.StringMatching(`[a-zA-Z0-9%+:?#&=;,@ é/._~-]{0,40}[a-zA-Z0-9%+:?#&=;, é_~-]`).Draw(rt, "object")
		generation := seedObject(t, server, object, object, time.Time{})
		for _, client := range clients {
			content, err := read(t, client.Object(object).Generation(generation))
			require.NoError(rt, err)
			require.Equal(rt, object, content)
		}
		objects := list(t, clients[0], object)
		require.NotEmpty(rt, objects)
		require.Equal(rt, object, objects[0].Name)
		require.NoError(rt, server.DeleteObject(t.Context(), bucket, object))
	})
}

func TestStoppedServerKeepsObjectsAndFreesItsPort(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	updated := time.Now().Add(-time.Hour).Truncate(time.Millisecond)
	first := start(t, Options{Root: root})
	generation := seedObject(t, first, name, "kept", updated)
	require.NoError(t, first.Stop())

	address, err := url.Parse(first.URL())
	require.NoError(t, err)
	port, err := strconv.Atoi(address.Port())
	require.NoError(t, err)
	second := start(t, Options{Root: root, Port: port})

	assert.Equal(t, first.URL(), second.URL())
	objects := list(t, newClient(t, second), "")
	require.Len(t, objects, 1)
	assert.Equal(t, generation, objects[0].Generation)
	assert.True(t, objects[0].Updated.Equal(updated))
	content, err := read(t, newClient(t, second).Object(name).Generation(generation))
	require.NoError(t, err)
	assert.Equal(t, "kept", content)
}
