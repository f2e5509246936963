package parquetfile

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	// mutantFolder tells a test process that it is the one that reads the mutants, and from which folder;
	// mutantFrom is the first of them.
	mutantFolder = "PARQUETFILE_MUTANT_FOLDER"
	mutantFrom   = "PARQUETFILE_MUTANT_FROM"

	mutantDeadline = 10 * time.Second
	// mutantMemory is for what one mutant allocates, mutantResident for the process, which keeps garbage for a while
	// and takes several times as much under the race detector.
	mutantMemory   = 600 * mebi
	mutantResident = gibi
)

// outcome is what became of a mutant in the process that read it.
type outcome struct {
	Mutant int `json:"mutant"`
	// Fault is the kind of the error, 0 when all rows were read and -1 for an error that is not of this package.
	Fault  Kind   `json:"fault"`
	Text   string `json:"text"`
	Rows   int64  `json:"rows"`
	Digest []byte `json:"digest"`
	// Allocated is all memory that was asked for on the way, Resident the largest that the process has been, in bytes.
	Allocated uint64 `json:"allocated"`
	Resident  uint64 `json:"resident"`
	// Lost is set by the parent for a mutant that took the process with it.
	Lost string `json:"-"`
}

// TestMutants reads every mutant in a process of its own making, since what it is about would end this one.
func TestMutants(t *testing.T) {
	t.Parallel()
	all := mutants(t)
	require.Greater(t, len(all), 350)
	folder := t.TempDir()
	for i, m := range all {
		require.NoError(t, os.WriteFile(mutantPath(folder, i), m.content, 0o600))
	}
	var outcomes []outcome
	for len(outcomes) < len(all) {
		outcomes = append(outcomes, readMutants(t, folder, len(outcomes), len(all))...)
	}
	counts := map[string]int{}
	var memory, resident uint64
	for i, o := range outcomes {
		counts[judge(t, all[i], o)]++
		memory, resident = max(memory, o.Allocated), max(resident, o.Resident)
	}
	t.Logf("%d mutants, %d MiB allocated by the most expensive, %d MiB resident at most", len(all), memory>>20, resident>>20)
	for _, what := range slices.Sorted(maps.Keys(counts)) {
		t.Logf("%5d %s", counts[what], what)
	}
	assert.Less(t, resident, uint64(mutantResident))
}

func mutantPath(folder string, i int) string {
	return filepath.Join(folder, strconv.Itoa(i)+".parquet")
}

// judge compares what a mutant came to with what it may come to.
func judge(t *testing.T, m mutant, o outcome) string {
	t.Helper()
	digest := newDigest()
	for i := range m.rows {
		digest.add(&m.rows[i])
	}
	unharmed := o.Fault == 0 && o.Rows == int64(len(m.rows)) && slices.Equal(o.Digest, digest.Sum(nil))
	name := fmt.Sprintf("mutant %d, %s: %s%s", o.Mutant, m, o.Text, o.Lost)

	assert.Empty(t, o.Lost, name)
	assert.GreaterOrEqual(t, o.Fault, Kind(0), name)
	assert.Less(t, o.Allocated, uint64(mutantMemory), name)
	assert.NotContains(t, o.Text, gaveUp, name)
	switch m.verdict {
	case mustRead:
		assert.True(t, unharmed, name)
	case mustFail:
		assert.Positive(t, o.Fault, name)
	case mayRead:
		assert.True(t, unharmed || o.Fault > 0, name)
	case mayDiffer:
		assert.True(t, o.Fault > 0 || o.Rows == int64(len(m.rows)), name)
	}
	switch {
	case unharmed:
		return m.class + ": unharmed"
	case o.Fault == 0:
		return m.class + ": other values"
	default:
		return m.class + ": " + o.Fault.String()
	}
}

// readMutants runs a process over the mutants from the given one on, and returns what it says until it ends.
// One that dies, or stays silent for too long, is charged to the mutant that it was at.
func readMutants(t *testing.T, folder string, from, to int) []outcome {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestMutantReader$", "-test.v")
	cmd.Env = append(os.Environ(), mutantFolder+"="+folder, mutantFrom+"="+strconv.Itoa(from))
	// Results come over a pipe of their own: the standard streams belong to the test framework.
	results, writer, err := os.Pipe()
	require.NoError(t, err)
	defer results.Close()
	cmd.ExtraFiles = []*os.File{writer}
	require.NoError(t, cmd.Start())
	require.NoError(t, writer.Close())

	late := time.AfterFunc(mutantDeadline, cancel)
	var outcomes []outcome
	for lines := bufio.NewScanner(results); lines.Scan(); late.Reset(mutantDeadline) {
		var o outcome
		require.NoError(t, json.Unmarshal(lines.Bytes(), &o))
		outcomes = append(outcomes, o)
	}
	inTime := late.Stop()
	err = cmd.Wait()
	if next := from + len(outcomes); next < to {
		lost := fmt.Sprintf("the process ended: %v", err)
		if !inTime {
			lost = "no result within " + mutantDeadline.String()
		}
		outcomes = append(outcomes, outcome{Mutant: next, Fault: -1, Lost: lost})
	}
	return outcomes
}

// TestMutantReader is the other process of TestMutants. On its own it has nothing to read.
func TestMutantReader(t *testing.T) {
	folder := os.Getenv(mutantFolder)
	if folder == "" {
		return
	}
	from, err := strconv.Atoi(os.Getenv(mutantFrom))
	require.NoError(t, err)
	out := json.NewEncoder(os.NewFile(3, "results"))
	for i := from; ; i++ {
		path := mutantPath(folder, i)
		if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
			return
		}
		require.NoError(t, out.Encode(readMutant(path, i)))
	}
}

func readMutant(path string, i int) outcome {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	o := outcome{Mutant: i}
	rows, digest, err := readDigest(path)
	runtime.ReadMemStats(&after)

	var fault *Error
	switch {
	case errors.As(err, &fault):
		o.Fault, o.Text = fault.Kind, fault.Error()
	case err != nil:
		o.Fault, o.Text = -1, err.Error()
	}
	o.Rows, o.Digest = rows, digest
	o.Allocated, o.Resident = after.TotalAlloc-before.TotalAlloc, mostResident()
	return o
}

// mostResident returns the largest that this process has been, in bytes, or 0 where the system does not tell.
// That of getrusage would begin with the process that started this one.
func mostResident() uint64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	var kib uint64
	if _, after, found := strings.Cut(string(status), "VmHWM:"); found {
		_, _ = fmt.Sscan(after, &kib)
	}
	return kib << 10
}

func readDigest(path string) (int64, []byte, error) {
	f, err := Open(path, Limits{})
	if err != nil {
		return 0, nil, err
	}
	defer f.Close()
	digest := newDigest()
	for rows := int64(0); ; rows++ {
		r, err := f.Next()
		if errors.Is(err, io.EOF) {
			return rows, digest.Sum(nil), nil
		}
		if err != nil {
			return rows, nil, err
		}
		digest.add(r)
	}
}

// rowDigest is a hash over rows that tells NULL from empty.
type rowDigest struct {
	hash.Hash
	buf []byte
}

func newDigest() *rowDigest { return &rowDigest{Hash: sha256.New()} }

func (d *rowDigest) add(r *Record) {
	d.buf = binary.AppendVarint(d.buf[:0], r.Row)
	for _, text := range [][]byte{r.UUID, r.Event, r.Properties, r.DistinctID, r.PersonID} {
		if text == nil {
			d.buf = append(d.buf, 0)
			continue
		}
		d.buf = binary.AppendUvarint(append(d.buf, 1), uint64(len(text)))
		d.buf = append(d.buf, text...)
	}
	for _, m := range []Micros{r.Timestamp, r.InsertedAt} {
		d.buf = binary.AppendVarint(fmt.Append(d.buf, m.Valid), m.Value)
	}
	_, _ = d.Write(d.buf)
}
