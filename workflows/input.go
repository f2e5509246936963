package workflows

import (
	"bytes"
	"encoding/json"
	"fmt"

	"go.temporal.io/sdk/temporal"

	"github.com/posthog-tracks/posthog-tracks/internal/contract"
)

// strictly decodes what a person typed into the Temporal UI. A field that does
// not exist is an error: Temporal alone would ignore it, and a mistyped option
// would run with its default.
func strictly(text []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return fmt.Errorf("input: %w", err)
	}
	return nil
}

// invalidInput fails a run at once, with what to type instead.
func invalidInput(format string, args ...any) error {
	return temporal.NewNonRetryableApplicationError(fmt.Sprintf(format, args...), contract.ErrInvalidInput, nil)
}
