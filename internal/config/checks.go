package config

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/posthog-tracks/posthog-tracks/internal/datatest"
)

// Checks says which data tests there are, and who is told of their failures.
type Checks struct {
	// File declares the tests, in YAML; empty means those that come with the worker.
	// The SQL files it names are looked for beside it.
	File string `yaml:"file" env:"FILE"`
	// PurchaseFlow are the names of the events of the purchase flow, whose volume has a
	// test of its own; without any, that test is not run.
	PurchaseFlow []string `yaml:"purchase_flow" env:"PURCHASE_FLOW"`
	// Parallel is how many tests of one run are at work at a time.
	Parallel int `yaml:"parallel" env:"PARALLEL"`
	// WebhookFile holds the URL of the webhook that is told; empty means nobody is.
	WebhookFile string `yaml:"webhook_file" env:"WEBHOOK_FILE"`
}

// Tests are the declared data tests.
func (c Checks) Tests() ([]datatest.Test, error) {
	tests, err := c.declared()
	for i, t := range tests {
		tests[i] = t.WithPurchaseFlow(c.PurchaseFlow, "checks.purchase_flow")
	}
	return tests, err
}

func (c Checks) declared() ([]datatest.Test, error) {
	if c.File == "" {
		return datatest.Declared()
	}
	content, err := os.ReadFile(c.File)
	if err != nil {
		return nil, fmt.Errorf("read the data tests: %w", err)
	}
	tests, err := datatest.Parse(content, func(file string) ([]byte, error) {
		return os.ReadFile(filepath.Join(filepath.Dir(c.File), file))
	})
	if err != nil {
		return nil, fmt.Errorf("file %s: %w", c.File, err)
	}
	return tests, nil
}
