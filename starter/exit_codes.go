package main

import "github.com/spf13/cobra"

// exitCodes is a help topic: a command that does nothing but explain.
func exitCodes() *cobra.Command {
	return &cobra.Command{
		Use:   "exit-codes",
		Short: "What the exit codes of all commands mean",
		Long: `What the exit codes of all commands mean:

  0  done, and nothing needs anybody
  1  failed: the run, or what the command wanted to do; the error says why and what
     to do next
  2  the command line makes no sense; nothing was done
  3  the command did its work, and what it found needs somebody: status has something
     to do, doctor has a failed check, schedules diff has a difference, replay has a
     run that would break, keys verify has days that differ, explain has an event that
     nobody knows or that breaks a law

With --json the answer is on standard output whatever the exit code, and errors are
on standard error.`,
	}
}
