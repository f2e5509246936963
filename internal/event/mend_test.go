package event

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func nested(levels int) string {
	return strings.Repeat(`{"a":`, levels-1) + `{"end":"}\""}` + strings.Repeat("}", levels-1)
}

func TestMend(t *testing.T) {
	t.Parallel()
	digits := strings.Repeat("9", 400)
	for name, c := range map[string]struct {
		text, want string
		mends      Mends
	}{
		"nothing to mend":                  {`{"a":"\u00e9","b":[1.5e3,-2]}`, `{"a":"\u00e9","b":[1.5e3,-2]}`, Mends{}},
		"a pair":                           {`{"a":"\ud83d\ude00"}`, `{"a":"\ud83d\ude00"}`, Mends{}},
		"a high surrogate alone":           {`{"a":"x\ud83dy"}`, `{"a":"x\ufffdy"}`, Mends{LoneSurrogates: 1}},
		"a low surrogate alone":            {`{"a":"\uDE00"}`, `{"a":"\ufffd"}`, Mends{LoneSurrogates: 1}},
		"two halves the wrong way round":   {`{"a":"\ude00\ud83d"}`, `{"a":"\ufffd\ufffd"}`, Mends{LoneSurrogates: 2}},
		"a high surrogate before a pair":   {`{"a":"\ud83d\ud83d\ude00"}`, `{"a":"\ufffd\ud83d\ude00"}`, Mends{LoneSurrogates: 1}},
		"in a key":                         {`{"\ud800":1}`, `{"\ufffd":1}`, Mends{LoneSurrogates: 1}},
		"behind an escaped backslash":      {`{"a":"\\ud83d"}`, `{"a":"\\ud83d"}`, Mends{}},
		"numbers that doubles hold":        {`{"a":1e308,"b":123456789012345678901234567890}`, `{"a":1e308,"b":123456789012345678901234567890}`, Mends{}},
		"an exponent beyond doubles":       {`{"a":[1e999,-1E+400]}`, `{"a":["1e999","-1E+400"]}`, Mends{HugeNumbers: 2}},
		"an exponent that underflows":      {`{"a":1e-999}`, `{"a":1e-999}`, Mends{}},
		"400 digits":                       {`{"a":` + digits + `}`, `{"a":"` + digits + `"}`, Mends{HugeNumbers: 1}},
		"400 digits in a string":           {`{"a":"` + digits + `"}`, `{"a":"` + digits + `"}`, Mends{}},
		"hexadecimal that looks like one":  {`{"a":"1e999"}`, `{"a":"1e999"}`, Mends{}},
		"as deep as it may be":             {nested(MaxNesting), nested(MaxNesting), Mends{}},
		"one level too deep":               {nested(MaxNesting + 1), strings.Replace(nested(MaxNesting+1), `{"end":"}\""}`, `"{\"end\":\"}\\\"\"}"`, 1), Mends{DeepValues: 1}},
		"many brackets that are not deep":  {`{"a":[` + strings.Repeat("[],", 600) + `{}]}`, `{"a":[` + strings.Repeat("[],", 600) + `{}]}`, Mends{}},
		"brackets in strings are no depth": {`{"a":"` + strings.Repeat("[", 600) + `","b":{}}`, `{"a":"` + strings.Repeat("[", 600) + `","b":{}}`, Mends{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.True(t, json.Valid([]byte(c.text)), "the case itself")
			got, mends := new(mender).mend([]byte(c.text))
			assert.Equal(t, c.want, string(got))
			assert.Equal(t, c.mends, mends)
			assert.True(t, json.Valid(got))
		})
	}
}

func TestMendSurvivesAbsurdDepth(t *testing.T) {
	t.Parallel()
	deep := func(levels int) string {
		return `{"a":` + strings.Repeat("[", levels-1) + strings.Repeat("]", levels-1) + `}`
	}
	row := check(t, rawEvent(deep(DepthLimit)))
	assert.Equal(t, Mends{DeepValues: 1}, row.Mended)
	assert.Contains(t, string(row.EventPayload), `"[[`)

	for _, text := range []string{deep(DepthLimit + 1), strings.Repeat("[", PropertiesLimit)} {
		_, reject := new(Validator).Check(rawEvent(text))
		require.NotNil(t, reject)
		assert.Equal(t, PropertiesTooDeep, reject.Reason)
	}
}

// jsonText draws JSON with every kind of token, valid but for what mending is for.
func jsonText() *rapid.Generator[string] {
	str := rapid.Custom(func(t *rapid.T) string {
		part := rapid.SampledFrom([]string{"a", "é", `\n`, `\"`, `\\`, `\u0041`, `\ud83d`, `\ude00`, `\ud83d\ude00`, "{", "]", "9"})
		return `"` + strings.Join(rapid.SliceOfN(part, 0, 6).Draw(t, "parts"), "") + `"`
	})
	number := rapid.SampledFrom([]string{"0", "-1", "1.5", "1e5", "1e308", "2e308", "-1e999", "12345678901234567890", strings.Repeat("7", 320)})
	leaf := rapid.OneOf(str, number, rapid.SampledFrom([]string{"true", "false", "null"}))
	tree := leaf
	for range 3 {
		inner := tree
		tree = rapid.Custom(func(t *rapid.T) string {
			switch rapid.IntRange(0, 2).Draw(t, "kind") {
			case 0:
				return "[" + strings.Join(rapid.SliceOfN(inner, 0, 3).Draw(t, "items"), ",") + "]"
			case 1:
				return "{" + str.Draw(t, "key") + ":" + inner.Draw(t, "value") + "}"
			default:
				return inner.Draw(t, "leaf")
			}
		})
	}
	return tree
}

// Mended text must be JSON that encoding/json reads to the same value as it reads
// the original, huge numbers aside: encoding/json too replaces lone surrogates.
func TestMendChangesNothingElse(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := jsonText().Draw(t, "text")
		got, mends := new(mender).mend([]byte(text))
		again, none := new(mender).mend(append([]byte(nil), got...))
		if none.Total() != 0 || string(again) != string(got) {
			t.Fatalf("mending %s twice changed it twice", text)
		}
		if mends.HugeNumbers > 0 {
			if !json.Valid(got) {
				t.Fatalf("%s became invalid: %s", text, got)
			}
			return
		}
		var before, after any
		if err := json.Unmarshal([]byte(text), &before); err != nil {
			t.Fatalf("the case itself: %v", err)
		}
		if err := json.Unmarshal(got, &after); err != nil {
			t.Fatal(err)
		}
		if !assert.ObjectsAreEqual(before, after) {
			t.Fatalf("%s became %s", text, got)
		}
	})
}
