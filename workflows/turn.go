package workflows

import (
	"fmt"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/posthog-tracks/posthog-tracks/internal/contract"
)

const (
	parentCloseRequestCancel = enums.PARENT_CLOSE_POLICY_REQUEST_CANCEL
	reuseAllow               = enums.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE
)

// pauses are those of a run that waits for another. They grow by half, so that a
// wait of hours stays a short history.
type pauses struct{ next, longest time.Duration }

// longestPause is for waits that may last for days.
const longestPause = 10 * time.Minute

// grow is the next pause.
func (p *pauses) grow() time.Duration {
	pause := p.next
	p.next = min(p.next*3/2, p.longest)
	return pause
}

// lockWaitMetric counts the milliseconds that runs have waited for their turn.
const lockWaitMetric = "tracks_lock_wait_milliseconds"

// turnTaking is the waiting of a run for another writer to finish.
type turnTaking struct {
	pauses

	settings Settings
	// since is when the wait began.
	since time.Time
}

// wait sleeps once. It says who is waited for, in the timer's summary and through
// waiting.
func (t *turnTaking) wait(ctx workflow.Context, waiting func(string)) error {
	holder := t.holder(ctx)
	if temporal.IsCanceledError(ctx.Err()) {
		return ctx.Err()
	}
	waiting(fmt.Sprintf("%s %s since %s UTC: %s", WaitingForTurn, t.settings.Table, t.since.UTC().Format(time.DateTime), holder))
	pause := t.grow()
	timer := workflow.NewTimerWithOptions(ctx, pause, workflow.TimerOptions{
		Summary: t.settings.Table + " is being written: " + holder,
	})
	if err := timer.Get(ctx, nil); err != nil {
		return err
	}
	workflow.GetMetricsHandler(ctx).Counter(lockWaitMetric).Inc(pause.Milliseconds())
	return nil
}

// holder says in words who writes. Not to know it is no reason not to wait.
func (t *turnTaking) holder(ctx workflow.Context) string {
	id := WriterID(t.settings.Table)
	var writer contract.Writer
	ctx = t.settings.glancing(ctx, "who writes "+t.settings.Table)
	err := workflow.ExecuteLocalActivity(ctx, contract.FindWriter, contract.FindWriterInput{WorkflowID: id}).Get(ctx, &writer)
	switch {
	case err != nil:
		return "see workflow " + id
	case !writer.Running:
		return "the lock has just been freed"
	}
	text := fmt.Sprintf("%s since %s UTC, workflow %s run %s", writer.What, writer.Since.UTC().Format(time.DateTime), id, writer.RunID)
	if writer.For != "" {
		text += fmt.Sprintf(", for %s run %s", writer.For, writer.ForRun)
	}
	return text
}
