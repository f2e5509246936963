package sample

import (
	"strings"

	"github.com/posthog-tracks/posthog-tracks/internal/event"
)

// with returns a new event with these properties instead of its own; its marker
// is what the text says.
func (t *teller) with(properties string) Row {
	row := t.event()
	row.Properties = text(properties)
	row.Marker = ""
	if strings.Contains(properties, `"sample_marker":"v1"`) {
		row.Marker = "v1"
	}
	return row
}

// document is a small object as a phone sends it, with more members at its end.
func document(members string) string {
	const phone = `{"sample_marker":"v1","$lib":"posthog-ios","$lib_version":"3.69.3","$os_name":"iOS","$os":"iOS",` +
		`"$device_model":"iPhone15,2","$app_version":"5.12.0","$ip":"192.0.2.44","$geoip_country_code":"BR"`
	if members == "" {
		return phone + "}"
	}
	return phone + "," + members + "}"
}

// quirk is a name for people and the JSON it is about.
type quirk struct{ name, json string }

func tellNullProperties(t *teller) {
	row := t.with("")
	row.Properties = Text{}
	t.loads("NULL", row)
	t.loads("empty text", t.with(""))
}

func tellEmptyProperties(t *teller) {
	t.loads("{}", t.with("{}"))
	t.loads("spaced", t.with(" {\r\n\t} "))
}

func tellNonObjectProperties(t *teller) {
	for _, q := range []quirk{
		{"array", `[{"$lib":"web"}]`},
		{"empty array", `[]`},
		{"number", `42`},
		{"string", `"{\"$lib\":\"web\"}"`},
		{"null", `null`},
		{"true", ` true`},
	} {
		t.rejected(q.name, t.with(q.json), event.PropertiesNotAnObject)
	}
}

func tellInvalidJSON(t *teller) {
	for _, q := range []quirk{
		{"truncated", strings.TrimSuffix(document(`"title":"cut off`), `"}`)},
		{"truncated in an escape", document(`"title":"\u00`)},
		{"NaN", document(`"amount":NaN`)},
		{"Infinity", document(`"amount":-Infinity`)},
		{"raw line break in a string", document("\"title\":\"two\nlines\"")},
		{"raw control character", document("\"title\":\"bell\x07\"")},
		{"unknown escape", document(`"title":"\x41"`)},
		{"trailing garbage", document("") + `,"more":1`},
		{"two documents", document("") + document("")},
		{"trailing comma", document(`"a":1,`)},
		{"single quotes", `{'$lib':'web'}`},
		{"bare key", `{lib:"web"}`},
		{"leading zero", document(`"zip":01234`)},
		{"byte order mark", "\ufeff" + document("")},
		{"white space only", " \n"},
	} {
		t.rejected(q.name, t.with(q.json), event.PropertiesInvalid)
	}
}

// tellInvalidUTF8: ClickHouse strings are bytes, and Arrow takes them as they are.
func tellInvalidUTF8(t *teller) {
	for _, q := range []quirk{
		{"a stray byte in a value", document("\"title\":\"caf\xe9\"")},
		{"a stray byte in a key", document("\"caf\xe9\":1")},
		{"an overlong slash", document("\"path\":\"\xc0\xaf\"")},
		{"an encoded surrogate", document("\"emoji\":\"\xed\xa0\xbd\"")},
		{"a character cut off", document("\"emoji\":\"\xf0\x9f\x98\"")},
	} {
		t.rejected(q.name, t.with(q.json), event.InvalidUTF8)
	}
	row := t.event()
	row.DistinctID = text("jos\xe9@example.com")
	t.rejected("in distinct_id", row, event.InvalidUTF8)

	row = t.event()
	row.Name = text("caf\xe9 opened")
	t.rejected("in event", row, event.InvalidUTF8)
}

// tellLoneSurrogates: half an emoji, cut off by somebody's substring.
func tellLoneSurrogates(t *teller) {
	for _, q := range []quirk{
		{"high", document(`"title":"so good \ud83d"`)},
		{"low", document(`"title":"\ude00 so good"`)},
		{"wrong way round", document(`"title":"\ude00\ud83d"`)},
		{"next to a pair", document(`"title":"\ud83d\ud83d\ude00\ude00"`)},
		{"before text", document(`"title":"\uD83Dx"`)},
		{"in a key", document(`"\ud83d":"key"`)},
		{"in a flag's key", document(`"$feature/\udc00":true`)},
		{"in a column", document(`"$session_id":"\ud800"`)},
		{"escaped backslash, which is none", document(`"title":"\\ud83d"`)},
		{"a good pair", document(`"title":"\ud83d\ude00"`)},
	} {
		t.loads(q.name, t.with(q.json))
	}
}

func tellNulEscape(t *teller) {
	for _, q := range []quirk{
		{"in a value", document(`"title":"a\u0000b"`)},
		{"in a key", document(`"a\u0000b":1`)},
		{"in a column", document(`"$session_id":"\u0000"`)},
	} {
		t.loads(q.name, t.with(q.json))
	}
}

func tellWideNumbers(t *teller) {
	for _, q := range []quirk{
		{"2^53 + 1", document(`"n":9007199254740993`)},
		{"2^63", document(`"n":9223372036854775808`)},
		{"2^64", document(`"n":18446744073709551616`)},
		{"thirty digits", document(`"n":-123456789012345678901234567890`)},
		{"1e999", document(`"n":1e999,"m":[-1E+400]`)},
		{"1e-999", document(`"n":1e-999`)},
		{"long decimal", document(`"n":0.1234567890123456789012345678901234567890`)},
		{"400 digits", document(`"n":` + strings.Repeat("9", 400))},
		{"minus zero", document(`"n":-0,"m":-0.0`)},
	} {
		t.loads(q.name, t.with(q.json))
	}
}

func tellDuplicateKeys(t *teller) {
	for _, q := range []quirk{
		{"$lib", document(`"$lib":"web"`)},
		{"$feature/x", document(`"$feature/x":true,"$feature/x":"variant"`)},
		{"$session_id", document(`"$session_id":"first","$session_id":"second"`)},
		{"null and value", document(`"$locale":null,"$locale":"pt-BR"`)},
		{"escaped and plain", document(`"\u0024locale":"en","$locale":"pt-BR"`)},
		{"nested", document(`"nested":{"a":1,"a":2}`)},
	} {
		t.loads(q.name, t.with(q.json))
	}
}

// tellHugeProperties: PostHog takes events up to 1 MB.
func tellHugeProperties(t *teller) {
	const size = 1_000_000
	var notes strings.Builder
	for i := uint64(0); notes.Len() < size-1000; i++ {
		notes.WriteString(uuidV5(string(rune('a' + mix(t.key+i)%26))))
		notes.WriteString(" – observação ")
	}
	t.loads("a long text", t.with(document(`"notes":"`+notes.String()+`"`)))
	t.loads("many keys", t.with(document(manyKeys(30_000))))
}

func manyKeys(count int) string {
	var o object
	o.begin()
	for i := range count {
		o.integer("custom_property_"+uuidV5(string(rune(i)))[:8], int64(i))
	}
	return strings.TrimPrefix(string(o.buf), "{")
}

// tellDeepNesting: 500 levels is what BigQuery stores.
func tellDeepNesting(t *teller) {
	deep := func(levels int) string {
		return document(`"tree":` + strings.Repeat(`{"child":[`, levels/2) + strings.Repeat("]}", levels/2))
	}
	t.loads("300 levels", t.with(deep(300)))
	t.loads("600 levels", t.with(deep(600)))
	t.loads("10,000 levels", t.with(deep(10_000)))
	t.rejected("150,000 levels", t.with(deep(150_000)), event.PropertiesTooDeep)
}
