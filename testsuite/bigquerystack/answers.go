package bigquerystack

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

func answer(w http.ResponseWriter, resource map[string]any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(resource) //nolint:errchkjson // it came from JSON
}

// refuse answers with an error as BigQuery words it.
func refuse(w http.ResponseWriter, code int, reason, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(map[string]any{"error": map[string]any{ //nolint:errchkjson // plain text
		"code": code, "message": message,
		"errors": []any{map[string]any{"domain": "global", "reason": reason, "message": message}},
	}})
}

// failed is a job that ended with an error.
func failed(reason, message string) map[string]any {
	fault := map[string]any{"reason": reason, "message": message}
	return map[string]any{"status": map[string]any{"state": "DONE", "errorResult": fault, "errors": []any{fault}}}
}

// raised is how the emulator words an error that a statement raises itself.
const raised = "Query execution failed: Invalid Input Error: "

// inTheWordsOfBigQuery mends errors that the product tells apart and the emulator
// words otherwise: what a statement raises itself, and a load whose objects are not
// there.
func inTheWordsOfBigQuery(done, configuration map[string]any) map[string]any {
	load, isLoad := configuration["load"].(map[string]any)
	status, _ := done["status"].(map[string]any)
	fault, _ := status["errorResult"].(map[string]any)
	said, _ := fault["message"].(string)
	if uris, _ := load["sourceUris"].([]any); isLoad && len(uris) > 0 && strings.Contains(said, "No files found that match") {
		return failed("notFound", fmt.Sprintf("Not found: URI %v", uris[0]))
	}
	if text, ok := strings.CutPrefix(said, raised); ok {
		return failed("invalidQuery", "Query error: "+text+" at [1:1]")
	}
	return done
}

func state(resource map[string]any) string {
	status, _ := resource["status"].(map[string]any)
	now, _ := status["state"].(string)
	return now
}

func reasonOf(fault map[string]any) string {
	list, _ := fault["errors"].([]any)
	if len(list) > 0 {
		if first, ok := list[0].(map[string]any); ok {
			if reason, ok := first["reason"].(string); ok {
				return reason
			}
		}
	}
	return "internalError"
}

func millis() string { return strconv.FormatInt(time.Now().UnixMilli(), 10) }
