package bigquery

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	bq "cloud.google.com/go/bigquery"
)

// Check looks at one thing that the warehouse cannot do without.
type Check struct {
	Name string
	// Look says what is there, or what is wrong. It changes nothing.
	Look func(ctx context.Context) (found string, err error)
	// Mend is what a person can do when something is wrong.
	Mend string
}

// tablePermissions are what roles/bigquery.dataEditor gives on a table.
var tablePermissions = []string{"bigquery.tables.get", "bigquery.tables.getData", "bigquery.tables.update", "bigquery.tables.updateData"}

// Checks are all that has to be right before the warehouse works, in the order in
// which they need each other.
func (w *Warehouse) Checks() []Check {
	project, dataset, location := w.options.Project, w.options.Tables.Dataset, w.options.Jobs.Location
	return []Check{
		{
			Name: "BigQuery jobs", Look: w.lookAtJobs,
			Mend: fmt.Sprintf("enable the BigQuery API in project %s, and give the service account roles/bigquery.jobUser on it", project),
		},
		{
			Name: "dataset", Look: w.lookAtDataset,
			Mend: fmt.Sprintf("make it with `bq --location=%s mk --dataset %s:%s`, or set warehouse.bigquery.location to where it is; "+
				"give the service account roles/bigquery.dataEditor on it", location, project, dataset),
		},
		{
			Name: "table columns", Look: w.lookAtTables,
			Mend: "rename the table that is named, or set another name under `tables` in the configuration",
		},
		{
			Name: "table roles", Look: w.lookAtRoles,
			Mend: "give the service account roles/bigquery.dataEditor on the dataset " + dataset,
		},
	}
}

func (w *Warehouse) lookAtJobs(ctx context.Context) (string, error) {
	if _, err := w.jobs.estimate(ctx, query{task: task{step: "doctor"}, sql: "SELECT 1"}); err != nil {
		return "", err
	}
	return fmt.Sprintf("project %s takes jobs in %s", w.options.Project, w.options.Jobs.Location), nil
}

func (w *Warehouse) lookAtDataset(ctx context.Context) (string, error) {
	name := w.options.Tables.Dataset
	var about *bq.DatasetMetadata
	err := w.jobs.insist(ctx, func(ctx context.Context) (err error) {
		about, err = w.client.Dataset(name).Metadata(ctx)
		return err
	})
	switch {
	case missing(err):
		return "", fmt.Errorf("project %s has no dataset %s", w.options.Project, name)
	case err != nil:
		return "", explain("", err)
	case !strings.EqualFold(about.Location, w.options.Jobs.Location):
		return "", fmt.Errorf("dataset %s is in %s, and jobs are sent to %s", name, about.Location, w.options.Jobs.Location)
	default:
		return fmt.Sprintf("%s in %s", name, about.Location), nil
	}
}

// lookAtTables compares the tables that are there with what the pipeline declares.
func (w *Warehouse) lookAtTables(ctx context.Context) (string, error) {
	var there, lacking, wrong []string
	for _, step := range w.scripts["schema"] {
		name := w.tableOf(step.Name)
		have, err := w.columns(ctx, name)
		if err != nil {
			return "", fmt.Errorf("look at table %s: %w", name, err)
		}
		if have == nil {
			lacking = append(lacking, name)
			continue
		}
		there = append(there, name)
		if _, err := additions(step, have); err != nil {
			wrong = append(wrong, fmt.Sprintf("table %s: %v", name, err))
		}
	}
	switch {
	case len(wrong) > 0:
		return "", errors.New(strings.Join(wrong, "; "))
	case len(lacking) == 0:
		return fmt.Sprintf("all %d tables are there", len(there)), nil
	default:
		return fmt.Sprintf("%d tables are there; the worker makes %s at its first run", len(there), strings.Join(lacking, ", ")), nil
	}
}

// lookAtRoles asks which permissions the caller has on the tables that are there.
func (w *Warehouse) lookAtRoles(ctx context.Context) (string, error) {
	asked := 0
	for _, step := range w.scripts["schema"] {
		table, _ := w.table(w.tableOf(step.Name))
		var granted []string
		err := w.jobs.insist(ctx, func(ctx context.Context) (err error) {
			granted, err = table.IAM().TestPermissions(ctx, tablePermissions)
			return err
		})
		if missing(err) {
			continue
		}
		if err != nil {
			return "", fmt.Errorf("ask for permissions on table %s: %w", table.TableID, explain("", err))
		}
		asked++
		for _, permission := range tablePermissions {
			if !slices.Contains(granted, permission) {
				return "", fmt.Errorf("%s is not granted on table %s", permission, table.TableID)
			}
		}
	}
	return fmt.Sprintf("may read and write %d tables", asked), nil
}
