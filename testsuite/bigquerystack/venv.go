package bigquerystack

import (
	"cmp"
	"os"
	"path/filepath"
	"runtime"
)

// venvVariable names the virtual environment when it is not where make puts it.
const venvVariable = "BQEMULATOR_VENV"

// DefaultVenv is where make test-bigquery installs the emulator, unless the
// environment names another place.
func DefaultVenv() string {
	_, file, _, _ := runtime.Caller(0) //nolint:dogsled // the file is all that matters
	return cmp.Or(os.Getenv(venvVariable), filepath.Join(filepath.Dir(file), "..", "..", ".venv", "bqemulator"))
}
