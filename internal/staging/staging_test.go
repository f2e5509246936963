package staging

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/posthog-tracks/posthog-tracks/internal/event"
	"github.com/posthog-tracks/posthog-tracks/internal/export"
	"github.com/posthog-tracks/posthog-tracks/internal/ledger"
	"github.com/posthog-tracks/posthog-tracks/internal/parquetfile"
	"github.com/posthog-tracks/posthog-tracks/internal/window"
)

// exported is a row as PostHog writes it.
type exported struct {
	UUID       *string `parquet:"uuid,optional"`
	Event      *string `parquet:"event,optional"`
	Properties *string `parquet:"properties,optional"`
	DistinctID *string `parquet:"distinct_id,optional"`
	PersonID   *string `parquet:"person_id,optional"`
	Timestamp  *int64  `parquet:"timestamp,optional,timestamp(microsecond)"`
	InsertedAt *int64  `parquet:"_inserted_at,optional,timestamp(microsecond)"`
	Extra      *string `parquet:"elements_chain,optional"`
}

func goodRow(id string) exported {
	return exported{
		UUID: new("0190c4f2-7a3b-7cde-8f01-2345678" + id), Event: new("$pageview"), DistinctID: new("u"), PersonID: new("p"),
		Properties: new(`{"$lib":"web","$os":"iOS","$feature/a":true,"a":"\ud83d"}`),
		Timestamp:  new(time.Date(2026, 6, 12, 10, 5, 0, 0, time.UTC).UnixMicro()),
	}
}

var someObject = export.Object{Name: "e/2026-06-12/11/x.parquet.sz", Generation: 42, Size: 1, CRC32C: 2}

// writeExport lays an export file into the workspace.
func writeExport(t *testing.T, files Files, rows []exported) {
	t.Helper()
	file, err := os.Create(files.Export)
	require.NoError(t, err)
	require.NoError(t, parquet.Write(file, rows, parquet.Compression(&parquet.Snappy)))
	require.NoError(t, file.Close())
}

func convert(t *testing.T, rows []exported) (Files, ledger.Receipt) {
	t.Helper()
	files := FilesIn(t.TempDir())
	writeExport(t, files, rows)
	receipt, err := Convert(t.Context(), someObject, files, func(int64) {})
	require.NoError(t, err)
	return files, receipt
}

func TestConvertTellsGoodRowsFromBad(t *testing.T) {
	t.Parallel()
	noID, badJSON := goodRow("9abcd"), goodRow("9abce")
	noID.UUID = nil
	badJSON.Properties = new("{\"a\":\xff")
	files, receipt := convert(t, []exported{goodRow("00001"), noID, goodRow("00002"), badJSON})

	assert.Equal(t, int64(4), receipt.Read)
	assert.Equal(t, int64(2), receipt.Loaded)
	assert.Equal(t, int64(2), receipt.Rejected)
	assert.Equal(t, map[event.Reason]int64{event.UUIDMissing: 1, event.InvalidUTF8: 1}, receipt.RejectedBy)
	assert.Equal(t, event.Mends{LoneSurrogates: 2}, receipt.Mended)
	assert.Equal(t, []string{"elements_chain"}, receipt.ExtraColumns)

	staged, err := parquet.ReadFile[eventColumns](files.Events)
	require.NoError(t, err)
	require.Len(t, staged, 2)
	row := staged[1]
	assert.Equal(t, *goodRow("00002").UUID, row.EventID)
	assert.Equal(t, *goodRow("00002").Timestamp, row.CreatedAt)
	assert.Equal(t, "$pageview", row.EventName)
	assert.Equal(t, "u", row.UserID)
	assert.Equal(t, new("p"), row.PersonID)
	assert.Equal(t, new("iOS"), row.DeviceOS)
	assert.Equal(t, new("web"), row.Client)
	assert.Equal(t, new(`{"$lib":"web"}`), row.LibValues)
	assert.Equal(t, new(`{"$feature/a":true}`), row.FeatureFlagsValues)
	assert.JSONEq(t, `{"$lib":"web","$os":"iOS","$feature/a":true,"a":"\ufffd"}`, *row.EventPayload)
	assert.Nil(t, row.SessionID)
	assert.Nil(t, row.EventInsertedAt)
	assert.Equal(t, someObject.Name, row.SourceObject)
	assert.Equal(t, someObject.Generation, row.SourceGeneration)
	assert.Equal(t, int64(2), row.SourceRow, "the position in the object, rejected rows counted")
	assert.Positive(t, row.ContentHash)
}

func TestRejectsKeepTheWholeRow(t *testing.T) {
	t.Parallel()
	noID, badText := goodRow("9abcd"), goodRow("9abce")
	noID.UUID = nil
	badText.Properties = new("{\"a\":\xff<&>")
	files, _ := convert(t, []exported{noID, badText})
	rejects, err := parquet.ReadFile[rejectColumns](files.Rejects)
	require.NoError(t, err)
	require.Len(t, rejects, 2)

	var first, second map[string]any
	require.NoError(t, json.Unmarshal([]byte(rejects[0].RowJSON), &first))
	assert.Equal(t, "uuid_missing", rejects[0].Reason)
	assert.Nil(t, first["uuid"])
	assert.Contains(t, first, "uuid")
	assert.Equal(t, *noID.Properties, first["properties"])
	assert.Equal(t, "u", first["distinct_id"])
	assert.Contains(t, first, "_inserted_at_us")

	require.NoError(t, json.Unmarshal([]byte(rejects[1].RowJSON), &second))
	assert.Equal(t, "in properties", *rejects[1].Detail)
	raw, err := base64.StdEncoding.DecodeString(second["properties_base64"].(string))
	require.NoError(t, err)
	assert.Equal(t, []byte(*badText.Properties), raw)
	assert.NotContains(t, second, "properties")
}

func TestConvertCutsRowGroupsByMemory(t *testing.T) {
	t.Parallel()
	rows := make([]exported, 60)
	for i := range rows {
		rows[i] = goodRow("00001")
		rows[i].Properties = new(`{"a":"` + string(bytes.Repeat([]byte{'x'}, 1<<20)) + `"}`)
	}
	files, receipt := convert(t, rows)
	assert.Equal(t, int64(60), receipt.Loaded)
	file, err := os.Open(files.Events)
	require.NoError(t, err)
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	require.NoError(t, err)
	parsed, err := parquet.OpenFile(file, info.Size())
	require.NoError(t, err)
	assert.Len(t, parsed.RowGroups(), 3)
}

func TestConvertStopsWhenToldTo(t *testing.T) {
	t.Parallel()
	rows := make([]exported, 3*checkEvery)
	for i := range rows {
		rows[i] = goodRow("00001")
	}
	files := FilesIn(t.TempDir())
	writeExport(t, files, rows)
	ctx, cancel := context.WithCancel(t.Context())
	var last int64
	_, err := Convert(ctx, someObject, files, func(n int64) { last = n; cancel() })
	require.ErrorIs(t, err, context.Canceled)
	assert.Equal(t, int64(checkEvery), last)
}

func TestConvertNamesADamagedFile(t *testing.T) {
	t.Parallel()
	files := FilesIn(t.TempDir())
	require.NoError(t, os.WriteFile(files.Export, []byte("no Parquet at all"), 0o600))
	_, err := Convert(t.Context(), someObject, files, func(int64) {})
	var damaged *parquetfile.Error
	require.ErrorAs(t, err, &damaged)
}

func TestDirectoryKeepsWhatIsComplete(t *testing.T) {
	t.Parallel()
	d := Directory{Root: filepath.Join(t.TempDir(), "staging")}
	w, err := window.Parse("2026-06-12T10")
	require.NoError(t, err)
	found, err := d.Find(t.Context(), w, someObject)
	require.NoError(t, err)
	assert.Nil(t, found, "nothing yet")

	workspace, err := d.Workspace()
	require.NoError(t, err)
	files := FilesIn(workspace)
	require.NoError(t, os.WriteFile(files.Events, []byte("events"), 0o600))
	require.NoError(t, os.WriteFile(files.Rejects, []byte("rejects"), 0o600))
	kept, err := d.Keep(t.Context(), w, workspace, ledger.Receipt{Format: Format, Object: someObject, Read: 2, Loaded: 1, Rejected: 1})
	require.NoError(t, err)
	content, err := os.ReadFile(kept.Events)
	require.NoError(t, err)
	assert.Equal(t, "events", string(content))
	assert.FileExists(t, kept.Rejects)
	assert.NoDirExists(t, workspace)

	found, err = d.Find(t.Context(), w, someObject)
	require.NoError(t, err)
	assert.Equal(t, &kept, found)

	other := someObject
	other.Generation++
	found, err = d.Find(t.Context(), w, other)
	require.NoError(t, err)
	assert.Nil(t, found, "another generation is another object")

	again, err := d.Workspace()
	require.NoError(t, err)
	_, err = d.Keep(t.Context(), w, again, ledger.Receipt{Format: Format + 1, Object: someObject})
	require.NoError(t, err, "a second attempt replaces the first")
	found, err = d.Find(t.Context(), w, someObject)
	require.NoError(t, err)
	assert.Nil(t, found, "what another version staged is not found")

	require.NoError(t, d.Discard(t.Context(), w))
	assert.NoFileExists(t, kept.Events)
	require.NoError(t, d.Discard(t.Context(), w), "discarding twice is fine")
}

func TestSweepTakesOnlyWhatIsOld(t *testing.T) {
	t.Parallel()
	d := Directory{Root: t.TempDir()}
	require.NoError(t, d.Sweep(0), "an empty area")
	left, err := d.Workspace()
	require.NoError(t, err)
	old := filepath.Join(d.Root, "2026-06-12T10")
	foreign := filepath.Join(d.Root, "keep-me")
	require.NoError(t, errors.Join(os.Mkdir(old, 0o750), os.Mkdir(foreign, 0o750)))
	require.NoError(t, d.Sweep(time.Hour))
	assert.DirExists(t, left)
	past := time.Now().Add(-2 * time.Hour)
	require.NoError(t, errors.Join(os.Chtimes(left, past, past), os.Chtimes(old, past, past)))
	require.NoError(t, d.Sweep(time.Hour))
	assert.NoDirExists(t, left)
	assert.NoDirExists(t, old)
	assert.DirExists(t, foreign)
}
