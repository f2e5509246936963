package export

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/posthog-tracks/posthog-tracks/internal/window"
)

var variable = regexp.MustCompile(`\{[^{}]*\}`)

// Folder is the template of the prefix an hour's objects lie under, in the
// variables of PostHog's own prefix setting: {year} {month} {day} {hour}
// {minute} {second}, all zero-padded and all taken from the interval's END, plus
// {date} for {year}-{month}-{day}, {data_interval_start}, {data_interval_end}
// and {table}.
type Folder string

// Validate reports the first variable the template may not use.
func (f Folder) Validate() error {
	for _, v := range variable.FindAllString(string(f), -1) {
		if _, known := f.values(window.Window{})[v]; !known {
			return fmt.Errorf("prefix %q: unknown variable %s; known are {date} {year} {month} {day} {hour} "+
				"{minute} {second} {data_interval_start} {data_interval_end} {table}", f, v)
		}
	}
	return nil
}

// Of returns the window's prefix. It ends with a slash, so that hour 1 never
// lists hour 10, and never begins with one, because PostHog strips it.
func (f Folder) Of(w window.Window) string {
	values := f.values(w)
	prefix := variable.ReplaceAllStringFunc(string(f), func(v string) string {
		if value, known := values[v]; known {
			return value
		}
		return v
	})
	prefix = strings.Trim(prefix, "/")
	if prefix == "" {
		return ""
	}
	return prefix + "/"
}

func (f Folder) values(w window.Window) map[string]string {
	const iso = "2006-01-02T15:04:05+00:00"
	end := w.End()
	return map[string]string{
		"{date}":                end.Format("2006-01-02"),
		"{year}":                end.Format("2006"),
		"{month}":               end.Format("01"),
		"{day}":                 end.Format("02"),
		"{hour}":                end.Format("15"),
		"{minute}":              end.Format("04"),
		"{second}":              end.Format("05"),
		"{data_interval_start}": w.Start().Format(iso),
		"{data_interval_end}":   end.Format(iso),
		"{table}":               "events",
	}
}
