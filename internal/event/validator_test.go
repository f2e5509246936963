package event

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const someUUID = "0190c4f2-7a3b-7cde-8f01-23456789abcd"

// rawEvent is a valid event to vary.
func rawEvent(properties string) *RawPostHogEvent {
	return &RawPostHogEvent{
		UUID: []byte(someUUID), Event: []byte("$pageview"), DistinctID: []byte("user-1"), PersonID: []byte("person-1"),
		Properties: []byte(properties),
		Timestamp:  Micros{time.Date(2026, 6, 12, 10, 0, 0, 0, time.UTC).UnixMicro(), true},
		InsertedAt: Micros{time.Date(2026, 6, 12, 10, 1, 0, 0, time.UTC).UnixMicro(), true},
	}
}

func check(t *testing.T, raw *RawPostHogEvent) *Row {
	t.Helper()
	row, reject := new(Validator).Check(raw)
	require.Nil(t, reject)
	require.NotNil(t, row)
	return row
}

func TestCheckRejectsWhatCannotBeTrusted(t *testing.T) {
	t.Parallel()
	at := func(v int64) Micros { return Micros{v, true} }
	year := func(y int) int64 { return time.Date(y, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro() }
	for name, c := range map[string]struct {
		spoil func(*RawPostHogEvent)
		want  Reason
	}{
		"no uuid":                 {func(r *RawPostHogEvent) { r.UUID = nil }, UUIDMissing},
		"empty uuid":              {func(r *RawPostHogEvent) { r.UUID = []byte{} }, UUIDMalformed},
		"short uuid":              {func(r *RawPostHogEvent) { r.UUID = r.UUID[1:] }, UUIDMalformed},
		"uuid without hyphens":    {func(r *RawPostHogEvent) { r.UUID = []byte(strings.Repeat("a", 36)) }, UUIDMalformed},
		"uuid with a stray rune":  {func(r *RawPostHogEvent) { r.UUID = []byte("g" + someUUID[1:]) }, UUIDMalformed},
		"no event":                {func(r *RawPostHogEvent) { r.Event = nil }, EventMissing},
		"empty event":             {func(r *RawPostHogEvent) { r.Event = []byte{} }, EventMissing},
		"no distinct_id":          {func(r *RawPostHogEvent) { r.DistinctID = nil }, DistinctIDMissing},
		"no timestamp":            {func(r *RawPostHogEvent) { r.Timestamp = Micros{} }, TimestampMissing},
		"year 1":                  {func(r *RawPostHogEvent) { r.Timestamp = at(year(1)) }, TimestampOutOfRange},
		"the day before 1960":     {func(r *RawPostHogEvent) { r.Timestamp = at(year(1960) - 1) }, TimestampOutOfRange},
		"year 2160":               {func(r *RawPostHogEvent) { r.Timestamp = at(year(2160)) }, TimestampOutOfRange},
		"the end of int64":        {func(r *RawPostHogEvent) { r.Timestamp = at(math.MaxInt64) }, TimestampOutOfRange},
		"inserted in year 30000":  {func(r *RawPostHogEvent) { r.InsertedAt = at(year(30000)) }, TimestampOutOfRange},
		"event not UTF-8":         {func(r *RawPostHogEvent) { r.Event = []byte{0xff} }, InvalidUTF8},
		"distinct_id not UTF-8":   {func(r *RawPostHogEvent) { r.DistinctID = []byte("a\xc3") }, InvalidUTF8},
		"person_id not UTF-8":     {func(r *RawPostHogEvent) { r.PersonID = []byte{0x80} }, InvalidUTF8},
		"properties not UTF-8":    {func(r *RawPostHogEvent) { r.Properties = []byte("{\"a\":\"\xff\"}") }, InvalidUTF8},
		"properties over 16 MiB":  {func(r *RawPostHogEvent) { r.Properties = make([]byte, PropertiesLimit+1) }, PropertiesTooLarge},
		"truncated JSON":          {func(r *RawPostHogEvent) { r.Properties = []byte(`{"a":1`) }, PropertiesInvalid},
		"NaN":                     {func(r *RawPostHogEvent) { r.Properties = []byte(`{"a":NaN}`) }, PropertiesInvalid},
		"a raw control character": {func(r *RawPostHogEvent) { r.Properties = []byte("{\"a\":\"x\ny\"}") }, PropertiesInvalid},
		"trailing garbage":        {func(r *RawPostHogEvent) { r.Properties = []byte(`{"a":1} x`) }, PropertiesInvalid},
		"blank":                   {func(r *RawPostHogEvent) { r.Properties = []byte("  ") }, PropertiesInvalid},
		"a list":                  {func(r *RawPostHogEvent) { r.Properties = []byte(`[1]`) }, PropertiesNotAnObject},
		"null":                    {func(r *RawPostHogEvent) { r.Properties = []byte(` null`) }, PropertiesNotAnObject},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			raw := rawEvent(`{}`)
			c.spoil(raw)
			row, reject := new(Validator).Check(raw)
			assert.Nil(t, row)
			require.NotNil(t, reject)
			assert.Equal(t, c.want, reject.Reason)
		})
	}
}

func TestCheckKeepsTheEventAsSent(t *testing.T) {
	t.Parallel()
	payload := `{ "b":1.50, "a":12345678901234567890123, "a":"twice", "é":"\u00e9" }`
	raw := rawEvent(payload)
	raw.UUID = []byte(strings.ToUpper(someUUID))
	row := check(t, raw)
	assert.Equal(t, someUUID, string(row.EventID), "two spellings of one id would be two rows")
	assert.Equal(t, payload, string(row.EventPayload))
	assert.Equal(t, raw.Timestamp.Value, row.CreatedAt)
	assert.Equal(t, raw.InsertedAt, row.EventInsertedAt)
	assert.Equal(t, "$pageview", string(row.EventName))
	assert.Equal(t, "user-1", string(row.UserID))
	assert.Equal(t, "person-1", string(row.PersonID))
	assert.Zero(t, row.Mended.Total())
}

func TestCheckTakesAnEventWithoutProperties(t *testing.T) {
	t.Parallel()
	for name, properties := range map[string][]byte{"NULL": nil, "empty": {}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			raw := rawEvent("")
			raw.Properties = properties
			row := check(t, raw)
			assert.Nil(t, row.EventPayload)
			assert.Nil(t, row.LibValues)
		})
	}
}

// columnsOf is every column that comes out of the properties; NULL is left out.
func columnsOf(row *Row) map[string]string {
	columns := make(map[string]string)
	for name, value := range map[string][]byte{
		"session_id": row.SessionID, "active_feature_flags": row.ActiveFeatureFlags,
		"feature_flags_values": row.FeatureFlagsValues, "lib_values": row.LibValues, "device_model": row.DeviceModel,
		"device_type": row.DeviceType, "device_os": row.DeviceOS, "ip_address": row.IPAddress, "client": row.Client,
		"geoip_city_name": row.GeoIPCityName, "geoip_continent_name": row.GeoIPContinentName,
		"geoip_continent_code": row.GeoIPContinentCode, "geoip_country_name": row.GeoIPCountryName,
		"geoip_country_code": row.GeoIPCountryCode, "geoip_time_zone": row.GeoIPTimeZone,
		"app_version": row.AppVersion, "locale": row.Locale,
	} {
		if value != nil {
			columns[name] = string(value)
		}
	}
	return columns
}

func TestColumnsComeFromTheProperties(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		properties string
		want       map[string]string
	}{
		"web": {
			`{"$session_id":"s","$device":"Mac","$device_type":"Desktop","$os":"Mac OS X","$ip":"192.0.2.1",` +
				`"$lib":"web","$lib_version":"1.2","$browser_language":"en-GB","$active_feature_flags":["a","b"],` +
				`"$feature/a":true,"$feature/b.c/d":"blue"}`,
			map[string]string{
				"session_id": "s", "device_model": "Mac", "device_type": "Desktop", "device_os": "Mac OS X",
				"ip_address": "192.0.2.1", "client": "web", "locale": "en-GB", "lib_values": `{"$lib":"web","$lib_version":"1.2"}`,
				"active_feature_flags": `["a","b"]`, "feature_flags_values": `{"$feature/a":true,"$feature/b.c/d":"blue"}`,
			},
		},
		"iOS": {
			`{"$device_model":"iPhone15,2","$device_name":"Phone","$os_name":"iOS","$lib":"posthog-ios","$app_version":"1.2.3","$locale":"en"}`,
			map[string]string{
				"device_model": "iPhone15,2", "device_os": "iOS", "client": "ios", "app_version": "1.2.3", "locale": "en",
				"lib_values": `{"$lib":"posthog-ios"}`,
			},
		},
		"React Native on Android": {
			`{"$device_name":"Phone","$os_name":"Android","$lib":"posthog-react-native"}`,
			map[string]string{"device_model": "Phone", "device_os": "Android", "client": "android", "lib_values": `{"$lib":"posthog-react-native"}`},
		},
		"server": {`{"$lib":"posthog-python"}`, map[string]string{"lib_values": `{"$lib":"posthog-python"}`}},
		"client named by the event": {
			`{"$lib":"web","client":"kiosk"}`, map[string]string{"client": "kiosk", "lib_values": `{"$lib":"web"}`},
		},
		"geo": {
			`{"$geoip_city_name":"Cleveland","$geoip_continent_name":"North America","$geoip_continent_code":"NA",` +
				`"$geoip_country_name":"United States","$geoip_country_code":"US","$geoip_time_zone":"America/New_York"}`,
			map[string]string{
				"geoip_city_name": "Cleveland", "geoip_continent_name": "North America", "geoip_continent_code": "NA",
				"geoip_country_name": "United States", "geoip_country_code": "US", "geoip_time_zone": "America/New_York",
			},
		},
		"first choices win over second ones, whatever their order": {
			`{"session_id":"second","$session_id":"first","$os_name":"second","$os":"first"}`,
			map[string]string{"session_id": "first", "device_os": "first"},
		},
		"other types are kept as their JSON text": {
			`{"$session_id":42,"$os":true,"$ip":["192.0.2.1"],"$app_version":{"major":1}}`,
			map[string]string{"session_id": "42", "device_os": "true", "ip_address": `["192.0.2.1"]`, "app_version": `{"major":1}`},
		},
		"null is no value": {
			`{"$session_id":null,"session_id":"custom","$active_feature_flags":null,"$os":null}`,
			map[string]string{"session_id": "custom"},
		},
		"empty text is a value": {`{"$app_version":""}`, map[string]string{"app_version": ""}},
		"escapes":               {`{"\u0024os":"i\u004fS \"x\""}`, map[string]string{"device_os": `iOS "x"`}},
		"the first of two":      {`{"$os":"a","$os":"b"}`, map[string]string{"device_os": "a"}},
		"flags that are no list": {
			`{"$active_feature_flags":"beta"}`, map[string]string{"active_feature_flags": `"beta"`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			row := check(t, rawEvent(c.properties))
			assert.Equal(t, c.want, columnsOf(row))
			for _, column := range [][]byte{row.ActiveFeatureFlags, row.FeatureFlagsValues, row.LibValues} {
				assert.True(t, column == nil || json.Valid(column))
			}
		})
	}
}

func TestContentHashSeesContentAlone(t *testing.T) {
	t.Parallel()
	base := check(t, rawEvent(`{"a":1}`)).ContentHash
	assert.Positive(t, base)

	stamps := rawEvent(`{"a":1}`)
	stamps.Timestamp.Value++
	stamps.InsertedAt = Micros{}
	assert.Equal(t, base, check(t, stamps).ContentHash, "times are no content")

	for name, change := range map[string]func(*RawPostHogEvent){
		"event":       func(r *RawPostHogEvent) { r.Event = []byte("other") },
		"distinct_id": func(r *RawPostHogEvent) { r.DistinctID = []byte("other") },
		"person_id":   func(r *RawPostHogEvent) { r.PersonID = []byte("other") },
		"no person":   func(r *RawPostHogEvent) { r.PersonID = nil },
		"properties":  func(r *RawPostHogEvent) { r.Properties = []byte(`{"a":2}`) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			raw := rawEvent(`{"a":1}`)
			change(raw)
			assert.NotEqual(t, base, check(t, raw).ContentHash)
		})
	}

	none, empty := rawEvent(`{}`), rawEvent(`{}`)
	none.PersonID, empty.PersonID = nil, []byte{}
	assert.NotEqual(t, check(t, none).ContentHash, check(t, empty).ContentHash, "no person_id is not an empty one")
}

func TestValidatorCanBeReused(t *testing.T) {
	t.Parallel()
	var v Validator
	_, reject := v.Check(rawEvent(`{"$os":"iOS","$lib":"web","$feature/a":1}`))
	require.Nil(t, reject)
	row, reject := v.Check(rawEvent(`{}`))
	require.Nil(t, reject)
	assert.Empty(t, columnsOf(row), "nothing may be left of the event before")
}
