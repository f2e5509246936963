package bigquery

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var (
	bucketExpression   = regexp.MustCompile(`(?s)COALESCE\(\s*CASE\s+WHEN SUBSTR\((.+?), 15, 1\) = '7'.+?\) AS bucket`)
	identityExpression = regexp.MustCompile(`(?s)CAST\(CONCAT\('0x', SUBSTR\(TO_HEX\(SHA256\(\s*CONCAT\(\s*CAST\(LENGTH\(.+?\) AS identity_hash`)
	space              = regexp.MustCompile(`\s+`)
	orEmpty            = regexp.MustCompile(`IFNULL\(([a-z_.]+), ''\)`)
	ofTable            = regexp.MustCompile(`\b[a-z]\.`)
)

// The bucket and the identity of an event stand in every statement that makes keys or
// looks for them. A key that one of them computes otherwise would not be found, and its
// event would be inserted twice.
func TestKeysAreComputedAlikeEverywhere(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../../sql/bigquery/*.sql")
	require.NoError(t, err)
	all := make(map[string]map[string][]string) // files by kind and text
	for _, file := range files {
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		text := string(content)
		note := func(kind, expression string) {
			if all[kind] == nil {
				all[kind] = make(map[string][]string)
			}
			expression = strings.NewReplacer("( ", "(", " )", ")").Replace(space.ReplaceAllString(expression, " "))
			all[kind][expression] = append(all[kind][expression], filepath.Base(file))
		}
		buckets := bucketExpression.FindAllStringSubmatch(text, -1)
		for _, match := range buckets {
			note("bucket", strings.ReplaceAll(match[0], match[1], "event_id"))
		}
		identities := identityExpression.FindAllString(text, -1)
		for _, match := range identities {
			note("identity_hash", ofTable.ReplaceAllString(orEmpty.ReplaceAllString(match, "$1"), ""))
		}
		assert.Len(t, buckets, strings.Count(text, "86400000) - 18262"), "%s computes a bucket in another way", file)
		assert.Len(t, identities, strings.Count(text, ")), 1, 15)) AS INT64) AS identity_hash"), "%s computes an identity in another way", file)
	}
	for kind, texts := range all {
		assert.Len(t, texts, 1, kind)
		for _, files := range texts {
			assert.Greater(t, len(files), 5, kind)
		}
	}
}
