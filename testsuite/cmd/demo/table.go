package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/posthog-tracks/posthog-tracks/internal/event"
	"github.com/posthog-tracks/posthog-tracks/workflows"
)

const columns = "%-14s %7s %7s %7s %8s %9s %8s %9s %8s %14s %7s\n"

func printHead() {
	fmt.Println()
	fmt.Printf(columns, "hour (UTC)", "objects", "read", "loaded", "rejected", "inserted", "updated", "unchanged", "collided", "before cutover", "seconds")
}

func printHour(r workflows.HourlyResult, took time.Duration) {
	text := func(n int64) string { return strconv.FormatInt(n, 10) }
	fmt.Printf(columns, r.Window, text(int64(r.Objects)), text(r.Rows.Read), text(r.Rows.Loaded), text(r.Rows.Rejected),
		text(r.Merge.Inserted), text(r.Merge.Updated), text(r.Merge.Unchanged), text(r.Merge.Collided),
		text(r.Merge.BeforeCutover), fmt.Sprintf("%.1f", took.Seconds()))
	if r.Rows.Rejected > 0 {
		fmt.Printf("%14s rejected: %s\n", "", reasons(r.Rows.RejectedBy))
	}
}

func reasons(rejected map[event.Reason]int64) string {
	list := make([]string, 0, len(rejected))
	for reason, n := range rejected {
		list = append(list, fmt.Sprintf("%s %d", reason, n))
	}
	slices.Sort(list)
	return strings.Join(list, ", ")
}
