package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/posthog-tracks/posthog-tracks/internal/overview"
)

// Day is a row of the heat map.
type Day struct {
	Date  string
	Cells []Cell
	Sum   Sum
}

// Cell is an hour of the heat map.
type Cell struct {
	State overview.State
	// Hour is the window, Mark a letter for those who do not see colours.
	Hour, Mark string
	// About is all that is known of it, as a tooltip.
	About string
	// Reason is the type of the error, Command what mends it.
	Reason, Command string
	// Link leads to its run.
	Link string
}

// StateCount is how many hours are in a state.
type StateCount struct {
	State overview.State
	Mark  string
	Count int
}

// Sum is what the loads of some hours come to.
type Sum struct {
	Read, Loaded, Rejected  int64
	Inserted, Redelivered   int64
	Collided, BeforeCutover int64
	BytesRead, BytesBilled  int64
	USD                     float64
	// Hours have a load that stands, Loads counts all loads.
	Hours, Loads int
}

// marks are the letters of states.
var marks = []struct {
	state overview.State
	mark  string
}{
	{overview.OK, ""},
	{overview.Late, "l"},
	{overview.Reloaded, "r"},
	{overview.Empty, "e"},
	{overview.Due, ""},
	{overview.Unmerged, "u"},
	{overview.Missing, "M"},
	{overview.Failed, "F"},
	{overview.Unknown, "?"},
}

func markOf(state overview.State) string {
	for _, m := range marks {
		if m.state == state {
			return m.mark
		}
	}
	return ""
}

// mostTrouble is how many hours are listed by name.
const mostTrouble = 100

// show fills the page with hours, oldest first. Days before the first hour that
// anything is known of are left out.
func (p *Page) show(hours []overview.Hour) {
	known := slices.IndexFunc(hours, func(h overview.Hour) bool { return len(h.Loads) > 0 })
	if known < 0 {
		return
	}
	hours = hours[known/24*24:]
	counts := make(map[overview.State]int)
	for i := range hours {
		h := &hours[i]
		if date := h.Window.Start().Format(time.DateOnly); len(p.Days) == 0 || p.Days[len(p.Days)-1].Date != date {
			p.Days = append(p.Days, Day{Date: date})
		}
		day := &p.Days[len(p.Days)-1]
		cell := p.cell(h)
		if i < known%24 {
			cell = Cell{State: overview.Due, Hour: cell.Hour, About: h.Window.String() + ": before the first hour"}
		}
		counts[cell.State]++
		day.Cells = append(day.Cells, cell)
		day.Sum.add(h)
		p.Total.add(h)
		if cell.Command != "" {
			p.Trouble = append([]Cell{cell}, p.Trouble...)
		}
	}
	listed := min(mostTrouble, len(p.Trouble))
	p.Trouble, p.More = p.Trouble[:listed], len(p.Trouble)-listed
	for _, m := range marks {
		if counts[m.state] > 0 && m.state != overview.Due {
			p.States = append(p.States, StateCount{m.state, m.mark, counts[m.state]})
		}
	}
	p.chart(hours)
}

func (p *Page) cell(h *overview.Hour) Cell {
	c := Cell{State: h.State, Hour: h.Window.String(), Mark: markOf(h.State)}
	about := []string{fmt.Sprintf("%s: %s", h.Window, h.State)}
	if l := h.Standing(); l != nil {
		about = append(about,
			fmt.Sprintf("%s rows loaded, %s rejected", count(l.Loaded), count(l.Rejected)),
			fmt.Sprintf("%s inserted, %s updated, %s unchanged, %s collided, %s before cutover", count(l.Merge.Inserted),
				count(l.Merge.Updated), count(l.Merge.Unchanged), count(l.Merge.Collided), count(l.Merge.BeforeCutover)))
		if l.Lag() > 0 {
			about = append(about, "merged "+ageText(l.Lag())+" after its end")
		}
	}
	if newest := h.Newest(); newest != nil {
		c.Reason = newest.Reason
		c.Link = p.link(newest.Run.WorkflowID, newest.Run.RunID)
		if newest.Reason != "" {
			about = append(about, newest.Reason+": "+newest.Detail)
		}
	}
	switch h.State {
	case overview.Missing, overview.Failed, overview.Unmerged, overview.Unknown:
		c.Command = "starter hourly --window " + h.Window.String()
	}
	c.About = strings.Join(about, "\n")
	return c
}

// add adds what an hour came to: rows of the load that stands, costs of all.
func (s *Sum) add(h *overview.Hour) {
	s.Loads += len(h.Loads)
	for i := range h.Loads {
		s.BytesBilled += h.Loads[i].BytesBilled
		s.USD += h.Loads[i].USD
	}
	l := h.Standing()
	if l == nil {
		return
	}
	s.Hours++
	s.Read += l.Read
	s.Loaded += l.Loaded
	s.Rejected += l.Rejected
	s.Inserted += l.Merge.Inserted
	s.Redelivered += l.Merge.Updated + l.Merge.Unchanged
	s.Collided += l.Merge.Collided
	s.BeforeCutover += l.Merge.BeforeCutover
	s.BytesRead += l.BytesRead
}
