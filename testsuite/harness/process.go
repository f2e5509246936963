package harness

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Freeze halts the worker in the middle of whatever it does, until Thaw or Kill,
// and returns when it stands still.
func (w *Worker) Freeze() error {
	if err := w.command.Process.Signal(syscall.SIGSTOP); err != nil {
		return fmt.Errorf("freeze worker: %w", err)
	}
	for {
		state, err := w.state()
		if err != nil {
			return fmt.Errorf("freeze worker: %w", err)
		}
		if state == 'T' {
			return nil
		}
		time.Sleep(100 * time.Microsecond)
	}
}

// Thaw lets a frozen worker go on.
func (w *Worker) Thaw() error {
	if err := w.command.Process.Signal(syscall.SIGCONT); err != nil {
		return fmt.Errorf("thaw worker: %w", err)
	}
	return nil
}

// state is the letter that the kernel has for it, behind the name in parentheses.
func (w *Worker) state() (byte, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", w.Pid()))
	if err != nil {
		return 0, err
	}
	_, rest, found := bytes.Cut(stat, []byte(") "))
	if !found || len(rest) == 0 {
		return 0, errors.New("there is no state in its stat")
	}
	return rest[0], nil
}

// PeakMemory is the most that the worker has ever had in memory, in bytes.
func (w *Worker) PeakMemory() (int64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", w.Pid()))
	if err != nil {
		return 0, fmt.Errorf("read peak memory: %w", err)
	}
	for line := range strings.Lines(string(status)) {
		if kilobytes, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			n, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(kilobytes), "kB")), 10, 64)
			if err != nil {
				return 0, fmt.Errorf("read peak memory: %w", err)
			}
			return n << 10, nil
		}
	}
	return 0, errors.New("read peak memory: the kernel does not tell")
}
