package bigquery

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	bq "cloud.google.com/go/bigquery"
)

// digestLabel holds what a job was asked to do, so that an id can be trusted.
const digestLabel = "digest"

// writesLabel holds the table that a job must be alone in writing.
const writesLabel = "writes"

var (
	// BigQuery takes ids of up to 1024 of these characters.
	notInID = regexp.MustCompile(`[^A-Za-z0-9_-]+`)
	// Values of labels have at most 63 characters, in small letters.
	notInLabel = regexp.MustCompile(`[^a-z0-9_-]+`)
)

// digest is 40 hexadecimal digits that differ when the work differs.
func (w work) digest() string {
	hash := sha256.New()
	for _, part := range []string{w.step, w.window, w.key, string(w.asks)} {
		// The length goes first, so that no two lists of parts read the same.
		hash.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part))))
		hash.Write([]byte(part))
	}
	return hex.EncodeToString(hash.Sum(nil))[:40]
}

// id is the id of the work's numbered attempt: an id whose job has failed can
// never run again.
func (j *jobs) id(w work, number int) bq.JobIDConfig {
	parts := make([]string, 0, 5)
	for _, part := range []string{j.Pipeline, w.step, w.window} {
		if part != "" {
			parts = append(parts, cut(notInID.ReplaceAllString(part, "-"), 200))
		}
	}
	parts = append(parts, w.digest()[:8], fmt.Sprintf("a%d", number))
	return bq.JobIDConfig{JobID: strings.Join(parts, "-"), Location: j.Location}
}

func (j *jobs) labels(w work, number int) map[string]string {
	labels := map[string]string{
		"pipeline": label(j.Pipeline), "step": label(w.step), digestLabel: w.digest(), "attempt": strconv.Itoa(number),
	}
	if w.window != "" {
		labels["window"] = label(w.window)
	}
	if w.writes != "" {
		labels[writesLabel] = label(w.writes)
	}
	return labels
}

func label(text string) string {
	return cut(notInLabel.ReplaceAllString(strings.ToLower(text), "-"), 63)
}

func cut(text string, most int) string {
	return text[:min(len(text), most)]
}

// labelsOf are the labels a job was inserted with.
func labelsOf(found *bq.Job) map[string]string {
	config, err := found.Config()
	if err != nil {
		return nil
	}
	switch config := config.(type) {
	case *bq.QueryConfig:
		return config.Labels
	case *bq.LoadConfig:
		return config.Labels
	default:
		return nil
	}
}
