package bigquerystack

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
)

var (
	createsTable = regexp.MustCompile("(?i)CREATE TABLE (?:IF NOT EXISTS )?`([^`]+)`")
	jsonColumn   = regexp.MustCompile(`(?m)^\s+(\w+)\s+JSON\b`)
	addsColumn   = regexp.MustCompile("(?i)ALTER TABLE `([^`]+)`")
	addedJSON    = regexp.MustCompile(`(?i)ADD COLUMN IF NOT EXISTS (\w+) JSON\b`)
	tablePath    = regexp.MustCompile(`/projects/([^/]+)/datasets/([^/]+)/tables/([^/]+)$`)
)

// noteTypes remembers which columns a statement declares as JSON: the emulator
// takes them, and then says that they are STRING.
func (p *Proxy) noteTypes(configuration map[string]any) {
	query, _ := configuration["query"].(map[string]any)
	text, _ := query["query"].(string)
	for _, form := range []struct{ table, column *regexp.Regexp }{{createsTable, jsonColumn}, {addsColumn, addedJSON}} {
		match := form.table.FindStringSubmatch(text)
		if match == nil {
			continue
		}
		for _, column := range form.column.FindAllStringSubmatch(text, -1) {
			p.json[match[1]+"."+column[1]] = true
		}
	}
}

// mendTypes puts the types right in what the emulator says of a table.
func (p *Proxy) mendTypes(response *http.Response) error {
	match := tablePath.FindStringSubmatch(response.Request.URL.Path)
	if match == nil || response.StatusCode != http.StatusOK {
		return nil
	}
	var table map[string]any
	if err := json.NewDecoder(response.Body).Decode(&table); err != nil {
		return err
	}
	schema, _ := table["schema"].(map[string]any)
	fields, _ := schema["fields"].([]any)
	p.mu.Lock()
	for _, field := range fields {
		column, _ := field.(map[string]any)
		name, _ := column["name"].(string)
		if p.json[strings.Join(append(match[1:4:4], name), ".")] {
			column["type"] = "JSON"
		}
	}
	p.mu.Unlock()
	body, err := json.Marshal(table)
	if err != nil {
		return err
	}
	replaceBody(response, body)
	return nil
}

func replaceBody(response *http.Response, body []byte) {
	response.Body = io.NopCloser(bytes.NewReader(body))
	response.ContentLength = int64(len(body))
	response.Header.Set("Content-Length", strconv.Itoa(len(body)))
}
