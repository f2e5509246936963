package report

import (
	"fmt"
	"time"

	"github.com/posthog-tracks/posthog-tracks/internal/overview"
)

// Chart is a row of bars over the hours of the report.
type Chart struct {
	Title, About string
	// Width and Height are of the drawing, in units of one hour and one percent.
	Width, Height int
	// Top is what the highest bar stands for, From and To what the first and the last
	// hour are.
	Top, From, To string
	Bars          []Bar
}

// Bar is one hour.
type Bar struct {
	X int
	// Y and Height are of the bar; Kind is its colour.
	Y, Height float64
	Kind      string
	About     string
}

// series is one kind of bars of a chart; those of later series stand on top of the
// earlier ones.
type series struct {
	kind, unit string
	of         func(l *overview.Load) float64
}

const chartHeight = 100

// chart draws what happened hour by hour.
func (p *Page) chart(hours []overview.Hour) {
	merged := func(of func(l *overview.Load) int64) func(l *overview.Load) float64 {
		return func(l *overview.Load) float64 { return float64(of(l)) }
	}
	for _, c := range []struct {
		title, about string
		text         func(float64) string
		series       []series
	}{
		{"Rows", "rows of each hour: loaded, and on top of them rejected", number, []series{
			{"good", "loaded", merged(func(l *overview.Load) int64 { return l.Loaded })},
			{"bad", "rejected", merged(func(l *overview.Load) int64 { return l.Rejected })},
		}},
		{"Rejects", "rows that cannot be trusted", number, []series{
			{"bad", "rejected", merged(func(l *overview.Load) int64 { return l.Rejected })},
		}},
		{"Duplicates", "events that tracks knew already: with newer content, and with the same", number, []series{
			{"warn", "updated", merged(func(l *overview.Load) int64 { return l.Merge.Updated })},
			{"good", "unchanged", merged(func(l *overview.Load) int64 { return l.Merge.Unchanged })},
		}},
		{"Collisions", "other events under an id that tracks knew already", number, []series{
			{"bad", "collided", merged(func(l *overview.Load) int64 { return l.Merge.Collided })},
		}},
		{"Freshness", "how long after its end each hour was in tracks", hoursText, []series{
			{"good", "after its end", func(l *overview.Load) float64 { return l.Lag().Hours() }},
		}},
	} {
		p.Charts = append(p.Charts, draw(c.title, c.about, hours, c.text, c.series))
	}
}

func draw(title, about string, hours []overview.Hour, text func(float64) string, all []series) Chart {
	chart := Chart{Title: title, About: about, Width: len(hours), Height: chartHeight}
	if len(hours) > 0 {
		chart.From, chart.To = hours[0].Window.String(), hours[len(hours)-1].Window.String()
	}
	top := 0.0
	for i := range hours {
		top = max(top, total(&hours[i], all))
	}
	chart.Top = text(top)
	for x := range hours {
		l := hours[x].Standing()
		if l == nil || top == 0 {
			continue
		}
		y := float64(chartHeight)
		for _, s := range all {
			value := s.of(l)
			if value == 0 {
				continue
			}
			height := value / top * chartHeight
			y -= height
			chart.Bars = append(chart.Bars, Bar{
				X: x, Y: y, Height: height, Kind: s.kind, About: fmt.Sprintf("%s: %s %s", hours[x].Window, text(value), s.unit),
			})
		}
	}
	return chart
}

func total(h *overview.Hour, all []series) float64 {
	sum := 0.0
	if l := h.Standing(); l != nil {
		for _, s := range all {
			sum += s.of(l)
		}
	}
	return sum
}

func number(n float64) string { return count(int64(n)) }

func hoursText(n float64) string { return ageText(time.Duration(n * float64(time.Hour))) }
