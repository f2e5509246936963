// Package e2e runs the product's own processes against a real Temporal server and a
// stand-in for GCS, kills and misleads them, and looks at the tables afterwards.
package e2e

import (
	"context"
	"flag"
	"fmt"
	"os"
	"testing"

	"github.com/posthog-tracks/posthog-tracks/testsuite/harness"
)

// binaries are the product's processes, built once.
var binaries harness.Binaries

// parallel is how many tests run at a time unless -parallel says otherwise. They
// mostly wait: for heartbeats that stay away, for retries, for quiet.
const parallel = "6"

func TestMain(m *testing.M) {
	flag.Parse()
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (code int, err error) {
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "test.parallel" })
	if !given {
		if err := flag.Set("test.parallel", parallel); err != nil {
			return 0, err
		}
	}
	dir, err := os.MkdirTemp("", "posthog-tracks-e2e")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	if binaries, err = harness.Build(context.Background(), dir); err != nil {
		return 0, err
	}
	return m.Run(), nil
}
