package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	sdkpb "go.temporal.io/api/sdk/v1"
	"go.temporal.io/sdk/client"

	"github.com/posthog-tracks/posthog-tracks/internal/contract"
	"github.com/posthog-tracks/posthog-tracks/internal/datatest"
	"github.com/posthog-tracks/posthog-tracks/internal/window"
	"github.com/posthog-tracks/posthog-tracks/testsuite/harness"
	"github.com/posthog-tracks/posthog-tracks/workflows"
)

// checkSchedule is the id of the data tests' schedule.
const checkSchedule = "posthog-tracks-check"

// pager is a webhook that keeps what it is told.
type pager struct {
	mutex sync.Mutex
	texts []string
}

// openPager starts a pager and gives the option by which a worker knows it.
func openPager(t *testing.T) (*pager, func(*harness.Options)) {
	t.Helper()
	p := &pager{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var message struct {
			Text string `json:"text"`
		}
		content, err := io.ReadAll(r.Body)
		if err != nil || json.Unmarshal(content, &message) != nil || message.Text == "" {
			http.Error(w, "no message", http.StatusBadRequest)
			return
		}
		p.mutex.Lock()
		defer p.mutex.Unlock()
		p.texts = append(p.texts, message.Text)
	}))
	t.Cleanup(server.Close)
	file := filepath.Join(t.TempDir(), "webhook")
	require.NoError(t, os.WriteFile(file, []byte(server.URL+"\n"), 0o600))
	return p, set("TRACKS_CHECKS_WEBHOOK_FILE=" + file)
}

// read returns what the pager was told since it was last read, sorted.
func (p *pager) read() []string {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	texts := p.texts
	p.texts = nil
	slices.Sort(texts)
	return texts
}

// alerts are the tests that messages are about, with what they say became of them.
func alerts(texts []string) []string {
	var about []string
	for _, text := range texts {
		_, rest, _ := strings.Cut(text, "data test *")
		name, rest, _ := strings.Cut(rest, "*: ")
		status, _, _ := strings.Cut(rest, "\n")
		status, _, _ = strings.Cut(status, " after ")
		about = append(about, name+" "+status)
	}
	return about
}

// checks runs all data tests by the command line and gives their results.
func (l *lab) checks(code int) workflows.CheckResult {
	l.t.Helper()
	said, err := l.Answer(l.ctx, "check", "--json")
	if code == 0 {
		require.NoError(l.t, err, said)
	} else {
		require.Equal(l.t, code, exitCode(err), said)
	}
	var result workflows.CheckResult
	require.NoError(l.t, json.Unmarshal([]byte(said), &result), said)
	return result
}

// verdicts are results without what differs from run to run.
func verdicts(results []datatest.Result) map[string]string {
	all := make(map[string]string)
	for _, r := range results {
		all[r.Test] = fmt.Sprintf("%s %d %v", r.Status, r.Failures, r.Sample)
	}
	return all
}

// statuses counts the verdicts that test_results has of a run.
func (l *lab) statuses(runID string) []string {
	l.t.Helper()
	return l.rows(`SELECT status, COUNT(*), COUNT(DISTINCT test) FROM posthog.test_results WHERE run_id = '%s' GROUP BY 1 ORDER BY 1`, runID)
}

// recent are hours that end an hour ago or two: long enough that nothing of their
// exports is waited for, and so close that a test that takes a while sees no other hour
// fall due.
func recent(t *testing.T, n int) []window.Window {
	t.Helper()
	last := window.Before(time.Now().Add(-time.Hour).Truncate(window.Length))
	first, err := window.Starting(last.Start().Add(-time.Duration(n-1) * window.Length))
	require.NoError(t, err)
	return harness.Hours(first, n)
}

// broken are the tests that what breakTracks does makes fail.
var broken = []string{
	"tracks_event_id_not_null", "tracks_event_id_unique", "tracks_keys_drift", "windows_complete", "windows_reconcile",
}

// each is every broken test with a word behind it.
func each(word string) []string {
	var all []string
	for _, name := range broken {
		all = append(all, name+" "+word)
	}
	return all
}

// The life of an incident: found by the schedule's run through kills of the worker,
// told once, found again and not told again, mended, resolved and told once.
func TestDataTestsFindAndTellOnce(t *testing.T) {
	t.Parallel()
	pager, told := openPager(t)
	l := open(t, told, set("TRACKS_SCHEDULES_HOURLY=false", "TRACKS_SCHEDULES_RECONCILE=false"))
	hours := recent(t, 6)
	for i, w := range hours {
		l.upload(w, ordinary(uint64(i)))
		l.load(w)
	}
	clean := l.checks(0)
	assert.Equal(t, "5 no data, 1 gated, 8 pass", clean.Summary)
	assert.Empty(t, pager.read())

	l.breakTracks(hours[2])
	l.schedules(0, "apply")
	run, details := l.scheduledCheck(t)
	assert.Contains(t, details, "**done: 5 fail, 5 no data, 1 gated, 3 pass**")
	assert.Contains(t, details, "| fail | tracks_event_id_unique | 8 values of event_id in more than one row of tracks, 8 rows too many |")
	assert.Equal(t, []string{"fail|5|5", "gated|1|1", "no data|5|5", "pass|3|3"}, l.statuses(run.GetRunID()))
	texts := pager.read()
	assert.Equal(t, each("fail"), alerts(texts))
	for _, text := range texts {
		l.follow(text)
	}

	again := l.checks(1)
	assert.Equal(t, l.results(run), verdicts(again.Results), "a run without kills finds the same")
	assert.Empty(t, again.Opened)
	assert.Empty(t, pager.read(), "an incident is told once")
	said, err := l.Starter(l.ctx, "status")
	assert.Equal(t, 3, exitCode(err), said)
	assert.Contains(t, said, "5 fail, 1 gated, 5 no data, 3 pass")
	assert.Contains(t, said, "test tracks_event_id_unique: 8 values of event_id in more than one row")

	l.mendTracks(hours[2])
	mended := l.checks(0)
	assert.Equal(t, "5 no data, 9 pass", mended.Summary, "the gate has opened")
	assert.ElementsMatch(t, broken[:4], mended.Resolved, "the last was resolved by the tests after the merge")
	assert.Equal(t, each("resolved"), alerts(pager.read()))
	l.checks(0)
	assert.Empty(t, pager.read())
	assert.Equal(t, []string{"5|5|5"}, l.rows(`SELECT COUNT(*), COUNT(alerted_at), COUNT(resolve_told_at) FROM posthog.test_results_incidents`))
}

// follow runs the command that an alert ends in, as it is written.
func (l *lab) follow(text string) {
	l.t.Helper()
	_, command, found := strings.Cut(text, "Next: `starter ")
	require.True(l.t, found, text)
	said, err := l.Starter(l.ctx, strings.Fields(strings.TrimSuffix(command, "`"))...)
	assert.NotEmpty(l.t, said)
	if err != nil { // the data is wrong, the command is not
		assert.Contains(l.t, []int{1, 3}, exitCode(err), text)
		assert.NotContains(l.t, said, "Usage:")
	}
	if strings.Contains(command, "dedup plan") {
		said, err := l.Starter(l.ctx, "dedup", "reject", "--reason", "only looked")
		require.NoError(l.t, err, said)
	}
}

// breakTracks makes duplicates and a row without an id, and loses an hour.
func (l *lab) breakTracks(lost window.Window) {
	l.t.Helper()
	at := lost.Start().Format(time.RFC3339)
	l.change(strings.Join([]string{
		`INSERT INTO posthog.tracks SELECT * FROM posthog.tracks ORDER BY event_id LIMIT 8`,
		`ALTER TABLE posthog.tracks ALTER event_id DROP NOT NULL`,
		`INSERT INTO posthog.tracks SELECT * REPLACE (NULL AS event_id) FROM posthog.tracks LIMIT 1`,
		`DELETE FROM posthog.window_ledger WHERE window_start = TIMESTAMPTZ '` + at + `'`,
		`DELETE FROM posthog.raw_tracks WHERE window_start = TIMESTAMPTZ '` + at + `'`,
	}, "; "))
}

// mendTracks does what on-call would.
func (l *lab) mendTracks(lost window.Window) {
	l.t.Helper()
	var planned, done workflows.DedupResult
	l.command(&planned, "dedup", "plan")
	l.command(&done, "dedup", "approve", "--excess", strconv.FormatInt(planned.Plan.Excess.Total(), 10))
	assert.Equal(l.t, workflows.DedupApplied, done.State)
	var reloaded workflows.ReloadResult
	l.command(&reloaded, "reload", "--from", lost.String(), "--to", lost.String())
	assert.Equal(l.t, 1, reloaded.Loaded)
}

// scheduledCheck lets the schedule start a run and kills its worker in the middle of
// tests. It returns the run, which must fail, and what the UI says of it.
func (l *lab) scheduledCheck(t *testing.T) (client.WorkflowRun, string) {
	t.Helper()
	handle := l.Temporal.ScheduleClient().GetHandle(l.ctx, checkSchedule)
	require.NoError(t, handle.Trigger(l.ctx, client.ScheduleTriggerOptions{}))
	var id, runID string
	l.eventually("the schedule starts a run", func() bool {
		about, err := handle.Describe(l.ctx)
		require.NoError(t, err)
		if len(about.Info.RecentActions) == 0 {
			return false
		}
		started := about.Info.RecentActions[0].StartWorkflowResult
		id, runID = started.WorkflowID, started.FirstExecutionRunID
		return true
	})
	run := l.Temporal.GetWorkflow(l.ctx, id, runID)
	over := func() bool { return l.status(run) != enums.WORKFLOW_EXECUTION_STATUS_RUNNING }
	r := newReaper(l, func() []string { return []string{id} })
	for range 2 {
		r.hunt(contract.RunTest, over)
	}
	r.report()
	assert.Positive(t, r.hits[contract.RunTest])
	l.fails(run, contract.ErrTestsFailed)
	answer, err := l.Temporal.QueryWorkflow(l.ctx, id, runID, "__temporal_workflow_metadata")
	require.NoError(t, err)
	var about sdkpb.WorkflowMetadata
	require.NoError(t, answer.Get(&about))
	return run, about.GetCurrentDetails()
}

// results are the verdicts in the details of a failed run.
func (l *lab) results(run client.WorkflowRun) map[string]string {
	l.t.Helper()
	var result workflows.CheckResult
	require.NoError(l.t, l.fails(run, contract.ErrTestsFailed).Details(&result))
	return verdicts(result.Results)
}
