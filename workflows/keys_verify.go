package workflows

import (
	"fmt"
	"strings"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/posthog-tracks/posthog-tracks/internal/contract"
	"github.com/posthog-tracks/posthog-tracks/internal/keys"
)

// KeysVerify is the name the workflow is started by, and KeysVerifyID its id.
const (
	KeysVerify   = "KeysVerify"
	KeysVerifyID = "keys-verify"
)

// KeysVerifyInput is what KeysVerify can be told. Nothing at all compares every day.
type KeysVerifyInput struct {
	// From and To are the first and the last day of created_at to compare, in UTC:
	// "2026-06-12". Empty is no bound.
	From string `json:"from,omitempty"`
	To   string `json:"to,omitempty"`
}

// UnmarshalJSON refuses fields that do not exist.
func (in *KeysVerifyInput) UnmarshalJSON(text []byte) error {
	type plain KeysVerifyInput
	return strictly(text, (*plain)(in))
}

// KeysVerifyProgress answers the progress query.
type KeysVerifyProgress struct {
	// Step is what the run is doing, in words.
	Step string `json:"step"`
	// Drift is set at the end.
	Drift *keys.Drift `json:"drift,omitempty"`
}

// keysVerify compares tracks and tracks_keys, day by day of created_at. It only
// reads, needs no turn, and fails when they differ.
func (w *Workflows) keysVerify(ctx workflow.Context, in KeysVerifyInput) (*keys.Drift, error) {
	settings, err := w.pin(ctx)
	if err != nil {
		return nil, err
	}
	request, err := in.resolve()
	if err != nil {
		return nil, err
	}
	progress := KeysVerifyProgress{Step: "comparing"}
	if err := workflow.SetQueryHandlerWithOptions(ctx, ProgressQuery,
		func() (KeysVerifyProgress, error) { return progress, nil },
		workflow.QueryHandlerOptions{Description: "What the comparison found"}); err != nil {
		return nil, err
	}
	workflow.SetCurrentDetails(ctx, "**comparing**")
	var drift keys.Drift
	reading := settings.reading(ctx, "compare the keys with "+settings.Table)
	if err := workflow.ExecuteActivity(reading, contract.CompareKeys, request).Get(ctx, &drift); err != nil {
		return nil, named("compare the keys with "+settings.Table, err)
	}
	progress = KeysVerifyProgress{Step: "done", Drift: &drift}
	workflow.SetCurrentDetails(ctx, driftMarkdown(drift))
	if drift.Drifted > 0 {
		return nil, temporal.NewNonRetryableApplicationError(
			fmt.Sprintf("%s and its keys differ on %d of %d days, first %s; run \"starter keys rebuild\"",
				settings.Table, drift.Drifted, drift.Days, drift.On[0]),
			contract.ErrKeysDrift, nil, drift)
	}
	return &drift, nil
}

// resolve reads the days.
func (in KeysVerifyInput) resolve() (request keys.CompareRequest, err error) {
	if in.From != "" {
		if request.From, err = time.Parse(time.DateOnly, in.From); err != nil {
			return request, invalidInput("from %q is no day such as 2026-06-12", in.From)
		}
	}
	if in.To != "" {
		last, err := time.Parse(time.DateOnly, in.To)
		if err != nil {
			return request, invalidInput("to %q is no day such as 2026-06-12", in.To)
		}
		request.Until = last.AddDate(0, 0, 1)
	}
	if !request.Until.IsZero() && !request.From.Before(request.Until) {
		return request, invalidInput("from %s is after to %s", in.From, in.To)
	}
	return request, nil
}

// driftMarkdown is what the UI shows as current details. It names twenty days; the
// result names more.
func driftMarkdown(drift keys.Drift) string {
	lines := []string{
		fmt.Sprintf("**%d of %d days differ**", drift.Drifted, drift.Days), "",
		fmt.Sprintf("- %d rows, %d keys", drift.Rows, drift.Keys),
	}
	for _, day := range drift.On[:min(len(drift.On), 20)] {
		lines = append(lines, "- "+day.String())
	}
	for _, stray := range drift.Sample {
		lines = append(lines, "- "+stray.String())
	}
	if drift.Rebuilding {
		lines = append(lines, "- A rebuild of the keys is not finished")
	}
	return strings.Join(lines, "\n")
}
