// Package replay keeps recorded histories of the product's workflows, one of every
// path through each of them, and replays them against the code as it is.
//
// The histories were written by the product's own processes on a real Temporal
// server (testsuite/e2e, TestHistories). They hold no event data, and of the machine
// they were recorded on they say nothing.
package replay

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"go.temporal.io/api/common/v1"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/history/v1"
	"go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/reflect/protopath"
	"google.golang.org/protobuf/reflect/protorange"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// suffix is how files of histories end.
const suffix = ".json.gz"

// File is where the history of a path through a workflow, Workflow/path, lies below a
// folder.
func File(folder, path string) string {
	return filepath.Join(folder, filepath.FromSlash(path)+suffix)
}

// Write keeps a history in a file.
func Write(file string, events *history.History) (err error) {
	text, err := protojson.Marshal(events)
	if err != nil {
		return fmt.Errorf("encode history: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
		return fmt.Errorf("create folder of histories: %w", err)
	}
	to, err := os.Create(file)
	if err != nil {
		return fmt.Errorf("create history file: %w", err)
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	packed := gzip.NewWriter(to)
	if _, err := packed.Write(text); err != nil {
		return fmt.Errorf("write history: %w", err)
	}
	return packed.Close()
}

// Read reads a history from a file.
func Read(file string) (events *history.History, err error) {
	from, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("open history: %w", err)
	}
	defer func() { err = errors.Join(err, from.Close()) }()
	text, err := gzip.NewReader(from)
	if err != nil {
		return nil, fmt.Errorf("unpack history: %w", err)
	}
	events, err = client.HistoryFromJSON(io.Reader(text), client.HistoryJSONOptions{})
	if err != nil {
		return nil, fmt.Errorf("decode history: %w", err)
	}
	return events, nil
}

// Anonymous takes out of a history what tells of the machine it was recorded on: the
// names of processes, and a folder, in whose place home stands. None of it matters
// to a replay.
func Anonymous(events *history.History, folder, home string) error {
	replace := strings.NewReplacer(folder, home)
	return eachText(events, func(owner protoreflect.Message, field protoreflect.FieldDescriptor, text string) {
		switch {
		case field.Name() == "identity":
			text = "somebody"
		case isSticky(owner):
			text = "sticky"
		default:
			text = replace.Replace(text)
		}
		if field.Kind() == protoreflect.BytesKind {
			owner.Set(field, protoreflect.ValueOfBytes([]byte(text)))
			return
		}
		owner.Set(field, protoreflect.ValueOfString(text))
	})
}

func isSticky(owner protoreflect.Message) bool {
	queue, ok := owner.Interface().(*taskqueue.TaskQueue)
	return ok && queue.GetKind() == enums.TASK_QUEUE_KIND_STICKY
}

// Texts are all texts in a history, payloads included.
func Texts(events *history.History) ([]string, error) {
	var texts []string
	err := eachText(events, func(_ protoreflect.Message, _ protoreflect.FieldDescriptor, text string) {
		texts = append(texts, text)
	})
	return texts, err
}

// eachText calls do with every text field of a history, and with what payloads hold.
func eachText(events *history.History, do func(owner protoreflect.Message, field protoreflect.FieldDescriptor, text string)) error {
	return protorange.Range(events.ProtoReflect(), func(at protopath.Values) error {
		field := at.Path.Index(-1).FieldDescriptor()
		owner, inMessage := at.Index(-2).Value.Interface().(protoreflect.Message)
		if at.Path.Index(-1).Kind() != protopath.FieldAccessStep || !inMessage || field.IsList() || field.IsMap() {
			return nil
		}
		_, isPayload := owner.Interface().(*common.Payload)
		switch value := at.Index(-1).Value.Interface().(type) {
		case string:
			do(owner, field, value)
		case []byte:
			if isPayload {
				do(owner, field, string(value))
			}
		}
		return nil
	})
}
