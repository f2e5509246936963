package warehouse

import (
	"encoding/json"
	"fmt"
	"time"
)

// Texts shows a row of any warehouse as text, the same for all of them. NULL is
// empty.
func Texts(values []any) []string {
	row := make([]string, len(values))
	for i, value := range values {
		switch v := value.(type) {
		case nil:
		case time.Time:
			row[i] = v.UTC().Format("2006-01-02 15:04:05.999999Z07:00")
		case map[string]any, []any:
			text, err := json.Marshal(v)
			if err != nil {
				text = []byte(fmt.Sprint(v))
			}
			row[i] = string(text)
		default:
			row[i] = fmt.Sprint(v)
		}
	}
	return row
}
