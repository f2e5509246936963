package workflows

import (
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/workflow"
)

const (
	parentCloseRequestCancel = enums.PARENT_CLOSE_POLICY_REQUEST_CANCEL
	reuseAllow               = enums.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE
)

// turnTaking is the pauses of a run that waits for another writer to finish. They
// grow, so that a wait of hours stays a short history.
type turnTaking struct {
	settings Settings
	pause    time.Duration
}

func (t *turnTaking) wait(ctx workflow.Context) error {
	timer := workflow.NewTimerWithOptions(ctx, t.grow(), workflow.TimerOptions{
		Summary: t.settings.Table + " is being written, see workflow " + WriterID(t.settings.Table),
	})
	return timer.Get(ctx, nil)
}

// grow is the next pause.
func (t *turnTaking) grow() time.Duration {
	pause := t.pause
	t.pause = min(t.pause*3/2, t.settings.WriteMaxPoll)
	return pause
}
