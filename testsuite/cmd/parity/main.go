// Command parity runs the same tests on the same data with our own code and with dbt
// (and Elementary, where its package can be had), and compares result by result.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"text/tabwriter"
)

func main() {
	dbt := flag.String("dbt", "dbt", "dbt's command, with the adapter for DuckDB")
	elementary := flag.String("elementary", "", "folder of Elementary's dbt package (default: from dbt's hub)")
	utils := flag.String("dbt-utils", "", "folder of the package dbt_utils (default: from dbt's hub)")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, &project{dbt: *dbt, elementary: *elementary, utils: *utils})
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "parity:", err)
		os.Exit(1)
	}
}

// outcome is how a test ended.
type outcome struct {
	status   string
	failures int64
}

func (o outcome) String() string { return fmt.Sprintf("%s %d", o.status, o.failures) }

func run(ctx context.Context, p *project) error {
	folder, err := os.MkdirTemp("", "parity")
	if err != nil {
		return fmt.Errorf("make a folder: %w", err)
	}
	defer func() { _ = os.RemoveAll(folder) }()
	p.folder = folder
	all := comparisons()
	ours, err := runOurs(ctx, filepath.Join(folder, databaseFile), all)
	if err != nil {
		return err
	}
	theirs, err := p.run(ctx, all)
	if err != nil {
		return err
	}
	return compare(all, ours, theirs)
}

// compare prints both outcomes of every test, and fails if some differ.
func compare(all []comparison, ours, theirs map[string]outcome) error {
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "TEST\tOURS\tTHEIRS\t")
	compared, different, left := 0, 0, 0
	for _, c := range all {
		their, ran := theirs[c.name]
		mark := ""
		switch {
		case !ran:
			left++
			mark = "not run by dbt"
		case ours[c.name] != their:
			different++
			mark = "DIFFERENT"
		default:
			compared++
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", c.name, ours[c.name], their, mark)
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	fmt.Printf("%d agree, %d differ, %d were not run by dbt\n", compared, different, left)
	if different > 0 || compared == 0 {
		return errors.New("the results are not the same")
	}
	return nil
}
