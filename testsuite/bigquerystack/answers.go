package bigquerystack

import (
	"encoding/json"
	"net/http"
	"strconv"
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
