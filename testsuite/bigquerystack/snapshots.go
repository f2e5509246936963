package bigquerystack

import (
	"maps"
	"regexp"
)

// makesSnapshot matches a statement that makes a snapshot of a table.
var makesSnapshot = regexp.MustCompile(`(?is)^CREATE SNAPSHOT TABLE IF NOT EXISTS (\S+)\s+CLONE (\S+)\s+OPTIONS \(.*\)$`)

// plainSnapshot leaves out what the emulator does not read of such a statement: that
// the snapshot may be there already, and when it expires. The product drops snapshots
// whose time is over, and makes each in one job, whose id is used once.
func plainSnapshot(configuration map[string]any) map[string]any {
	query, _ := configuration["query"].(map[string]any)
	text, _ := query["query"].(string)
	made := makesSnapshot.FindStringSubmatch(text)
	if made == nil {
		return configuration
	}
	query = maps.Clone(query)
	query["query"] = "CREATE SNAPSHOT TABLE " + made[1] + " CLONE " + made[2]
	configuration = maps.Clone(configuration)
	configuration["query"] = query
	return configuration
}
