package bigquery

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	bq "cloud.google.com/go/bigquery"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	rest "google.golang.org/api/bigquery/v2"
	"google.golang.org/api/googleapi"
	"google.golang.org/api/option"
)

const (
	testProject  = "demo"
	testLocation = "europe-west3"
)

// fake plays BigQuery's jobs, and as much of its tables as loads need. It is the
// transport of the official client, so that there is no network and, in a synctest
// bubble, no time either.
type fake struct {
	*testing.T

	handler  http.Handler
	accepted []*fakeJob
	planned  *rest.Job // the last dry run
	tables   map[string]*rest.Table
	calls    []call
	faults   []*fault
	// course decides how an accepted job goes on; nil means that it succeeds.
	course func(*fakeJob) ending

	mu sync.Mutex
}

// fakeJob is a job that the fake has accepted: its SQL runs, once.
type fakeJob struct {
	rest.Job
	ending

	number    int // of all jobs accepted
	cancelled bool
}

// ending is how a job goes on.
type ending struct {
	// looks is how often it is seen running before it is done.
	looks int
	err   *rest.ErrorProto
	// statistics are those of the job when done.
	statistics rest.JobStatistics
	// fields and rows are the result of a query.
	fields []*rest.TableFieldSchema
	rows   [][]string
	// children are the statements of a script.
	children []*rest.JobListJobs
	// finishes makes it succeed although it is cancelled; deaf keeps it running; quick
	// makes the answer to its insert say done.
	finishes, deaf, quick bool
}

const forever = 1 << 30

// call is one request that reached the fake.
type call struct {
	kind string
	at   time.Time
}

// fault is what happens instead of the next calls of a kind.
type fault struct {
	kind  string
	times int
	play  mishap
}

// mishap is how a call goes wrong.
type mishap struct {
	// acts does what was asked all the same; the answer is lost.
	acts bool
	// hangs never answers.
	hangs bool
	// code, reason and message are the answer; without a code the connection breaks.
	code            int
	reason, message string
}

var errReset = errors.New("read: connection reset by peer")

var (
	loseRequest = mishap{}
	loseAnswer  = mishap{acts: true}
	hang        = mishap{hangs: true}
	hangAfter   = mishap{acts: true, hangs: true}
)

// refuse answers with an error instead.
func refuse(code int, reason, message string) mishap {
	return mishap{code: code, reason: reason, message: message}
}

// play runs a test against a fake in a bubble where time is not real.
func play(t *testing.T, test func(f *fake)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		t.Helper()
		test(newFake(t))
	})
}

func newFake(t *testing.T) *fake {
	t.Helper()
	f := &fake{T: t, tables: make(map[string]*rest.Table)}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /projects/{project}/jobs", f.insert)
	mux.HandleFunc("GET /projects/{project}/jobs", f.list)
	mux.HandleFunc("GET /projects/{project}/jobs/{job}", f.get)
	mux.HandleFunc("POST /projects/{project}/jobs/{job}/cancel", f.cancel)
	mux.HandleFunc("GET /projects/{project}/queries/{job}", f.results)
	mux.HandleFunc("POST /projects/{project}/datasets/{dataset}/tables", f.createTable)
	mux.HandleFunc("GET /projects/{project}/datasets/{dataset}/tables/{table}", f.getTable)
	mux.HandleFunc("PATCH /projects/{project}/datasets/{dataset}/tables/{table}", f.patchTable)
	f.handler = mux
	return f
}

// runner is a new process that talks to the fake.
func (f *fake) runner(change ...func(*JobSettings)) *jobs {
	f.Helper()
	client, err := bq.NewClient(f.Context(), testProject,
		option.WithHTTPClient(&http.Client{Transport: f}), option.WithEndpoint("http://bigquery.test/"))
	require.NoError(f, err)
	settings := JobSettings{Location: testLocation}
	for _, c := range change {
		c(&settings)
	}
	return newJobs(client, settings)
}

// fault makes the next calls of a kind fail: insert, get, cancel, list, results,
// createTable, getTable or patchTable.
func (f *fake) fault(kind string, times int, play mishap) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.faults = append(f.faults, &fault{kind: kind, times: times, play: play})
}

// seen is how many calls of a kind arrived, faults included.
func (f *fake) seen(kind string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(slices.Collect(func(yield func(call) bool) {
		for _, c := range f.calls {
			if c.kind == kind && !yield(c) {
				return
			}
		}
	}))
}

// ran are the ids of the accepted jobs, in order.
func (f *fake) ran() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	ids := make([]string, 0, len(f.accepted))
	for _, j := range f.accepted {
		ids = append(ids, j.JobReference.JobId)
	}
	return ids
}

// RoundTrip implements http.RoundTripper.
func (f *fake) RoundTrip(r *http.Request) (*http.Response, error) {
	kind := kindOf(r)
	f.mu.Lock()
	f.calls = append(f.calls, call{kind: kind, at: time.Now()})
	var now *fault
	for _, candidate := range f.faults {
		if candidate.kind == kind && candidate.times > 0 {
			candidate.times--
			now = candidate
			break
		}
	}
	f.mu.Unlock()
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	recorder := httptest.NewRecorder()
	if now == nil || now.play.acts {
		f.handler.ServeHTTP(recorder, r)
	}
	switch {
	case now == nil:
	case now.play.hangs:
		<-r.Context().Done()
		return nil, r.Context().Err()
	case now.play.code == 0:
		return nil, errReset
	default:
		answerError(recorder, now.play.code, now.play.reason, now.play.message)
	}
	return recorder.Result(), nil
}

func kindOf(r *http.Request) string {
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")[2:]
	switch {
	case parts[0] == "queries":
		return "results"
	case parts[0] == "datasets":
		return map[string]string{http.MethodPost: "createTable", http.MethodGet: "getTable", http.MethodPatch: "patchTable"}[r.Method]
	case len(parts) == 3:
		return "cancel"
	case len(parts) == 2:
		return "get"
	case r.Method == http.MethodPost:
		return "insert"
	default:
		return "list"
	}
}

func answer(w http.ResponseWriter, body any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(body) //nolint:errchkjson // the fake has nobody to tell
}

func answerError(w http.ResponseWriter, code int, reason, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	answer(w, map[string]any{"error": map[string]any{
		"code": code, "message": message,
		"errors": []googleapi.ErrorItem{{Reason: reason, Message: message}},
	}})
}

func (f *fake) insert(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	j := &fakeJob{number: len(f.accepted) + 1}
	if !assert.NoError(f, json.NewDecoder(r.Body).Decode(&j.Job)) {
		return
	}
	if j.JobReference.Location != testLocation {
		answerError(w, http.StatusNotFound, "notFound",
			"Not found: Dataset demo:posthog was not found in location "+j.JobReference.Location)
		return
	}
	if j.Configuration.DryRun {
		f.planned = &j.Job
		j.Status = &rest.JobStatus{State: "DONE"}
		j.Statistics = &rest.JobStatistics{TotalBytesProcessed: 1 << 40, Query: &rest.JobStatistics2{StatementType: "MERGE"}}
		answer(w, j.Job)
		return
	}
	if f.find(j.JobReference.JobId, j.JobReference.Location) != nil {
		answerError(w, http.StatusConflict, "duplicate", "Already Exists: Job demo:"+j.JobReference.JobId)
		return
	}
	if f.course != nil {
		j.ending = f.course(j)
	}
	j.Status = &rest.JobStatus{State: "RUNNING"}
	j.Statistics = &rest.JobStatistics{CreationTime: time.Now().UnixMilli()}
	f.alone(j)
	f.accepted = append(f.accepted, j)
	shown := j.Job
	if j.quick {
		shown.Status = &rest.JobStatus{State: "DONE"}
	}
	answer(w, shown)
}

// alone fails the test when work is started that may still be going on, or is done.
func (f *fake) alone(j *fakeJob) {
	for _, earlier := range f.accepted {
		if earlier.Configuration.Labels[digestLabel] == j.Configuration.Labels[digestLabel] {
			assert.Equal(f, "DONE", earlier.Status.State, "%s started beside %s", j.JobReference.JobId, earlier.JobReference.JobId)
			assert.NotNil(f, earlier.Status.ErrorResult, "%s started after %s succeeded", j.JobReference.JobId, earlier.JobReference.JobId)
		}
	}
}

// find is called with the lock held.
func (f *fake) find(id, location string) *fakeJob {
	for _, j := range f.accepted {
		if j.JobReference.JobId == id && j.JobReference.Location == location {
			return j
		}
	}
	return nil
}

func (f *fake) get(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	j := f.find(r.PathValue("job"), r.URL.Query().Get("location"))
	if j == nil {
		answerError(w, http.StatusNotFound, "notFound", "Not found: Job demo:"+r.PathValue("job"))
		return
	}
	if j.looks > 0 {
		j.looks--
	} else if j.Status.State != "DONE" {
		j.end()
	}
	answer(w, j.Job)
}

func (j *fakeJob) end() {
	j.Status = &rest.JobStatus{State: "DONE", ErrorResult: j.err}
	if j.cancelled && !j.finishes {
		j.Status.ErrorResult = &rest.ErrorProto{Reason: "stopped", Message: "Job execution was cancelled: User requested cancellation"}
	}
	created := j.Statistics.CreationTime
	j.Statistics = &j.statistics
	j.Statistics.CreationTime, j.Statistics.EndTime = created, time.Now().UnixMilli()
	if j.Configuration.Query != nil && j.Statistics.Query == nil {
		j.Statistics.Query = &rest.JobStatistics2{StatementType: "SELECT"}
	}
}

func (f *fake) cancel(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	j := f.find(r.PathValue("job"), r.URL.Query().Get("location"))
	if !assert.NotNil(f, j, "cancelled a job that there is not") {
		return
	}
	if !j.deaf {
		j.cancelled, j.looks = true, 3 // it takes a while
	}
	answer(w, rest.JobCancelResponse{Job: &j.Job})
}

func (f *fake) list(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if state := r.URL.Query().Get("stateFilter"); state != "" {
		answer(w, rest.JobList{Jobs: f.inState(state)})
		return
	}
	j := f.find(r.URL.Query().Get("parentJobId"), testLocation)
	if assert.NotNil(f, j) {
		answer(w, rest.JobList{Jobs: j.children})
	}
}

func (f *fake) inState(state string) []*rest.JobListJobs {
	var jobs []*rest.JobListJobs
	for _, j := range f.accepted {
		if strings.EqualFold(j.Status.State, state) {
			jobs = append(jobs, &rest.JobListJobs{
				Id: j.JobReference.JobId, JobReference: j.JobReference, Configuration: j.Configuration,
				State: j.Status.State, Status: j.Status, Statistics: j.Statistics,
			})
		}
	}
	return jobs
}

// results must not be asked for before the job is done: that is where the official
// client hangs.
func (f *fake) results(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	j := f.find(r.PathValue("job"), r.URL.Query().Get("location"))
	if !assert.NotNil(f, j) {
		return
	}
	assert.Equal(f, "DONE", j.Status.State, "asked for the results of a running job")
	assert.Nil(f, j.Status.ErrorResult, "asked for the results of a failed job")
	page := rest.GetQueryResultsResponse{JobComplete: true, JobReference: j.JobReference, Schema: &rest.TableSchema{Fields: j.fields}, TotalRows: uint64(len(j.rows))}
	if r.URL.Query().Get("maxResults") != "0" {
		for _, values := range j.rows {
			row := &rest.TableRow{}
			for _, value := range values {
				row.F = append(row.F, &rest.TableCell{V: value})
			}
			page.Rows = append(page.Rows, row)
		}
	}
	answer(w, page)
}

func (f *fake) createTable(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var table rest.Table
	if !assert.NoError(f, json.NewDecoder(r.Body).Decode(&table)) {
		return
	}
	name := table.TableReference.TableId
	if _, ok := f.tables[name]; ok {
		answerError(w, http.StatusConflict, "duplicate", "Already Exists: Table demo:posthog."+name)
		return
	}
	table.CreationTime = time.Now().UnixMilli()
	f.tables[name] = &table
	answer(w, table)
}

func (f *fake) getTable(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	answer(w, f.tables[r.PathValue("table")])
}

func (f *fake) patchTable(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	table := f.tables[r.PathValue("table")]
	assert.NoError(f, json.NewDecoder(r.Body).Decode(table))
	answer(w, table)
}

// within ends a test that would wait for ever.
func (f *fake) within(d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(f.Context(), d)
	f.Cleanup(cancel)
	return ctx
}
