package sample

// tellFlagTypes: the same flag as a boolean for some and as a variant for others,
// and lists of active flags that are none.
func tellFlagTypes(t *teller) {
	for _, q := range []quirk{
		{"true", document(`"$feature/checkout-redesign":true,"$active_feature_flags":["checkout-redesign"]`)},
		{"variant", document(`"$feature/checkout-redesign":"test","$active_feature_flags":["checkout-redesign"]`)},
		{"false, none active", document(`"$feature/checkout-redesign":false`)},
		{"number", document(`"$feature/checkout-redesign":1`)},
		{"null", document(`"$feature/checkout-redesign":null,"$active_feature_flags":null`)},
		{"object", document(`"$feature/checkout-redesign":{"enabled":true,"variant":"test"}`)},
		{"odd keys", document(`"$feature/":true,"$feature/a/b.c-d e":"x","$feature/\"quoted\"":false`)},
		{"text for a list", document(`"$active_feature_flags":"checkout-redesign,beta"`)},
		{"prefixed entries of an old iOS library", document(`"$active_feature_flags":["$feature/beta",null,7]`)},
		{"flattened", document(`"$active_feature_flags__0":"beta","$active_feature_flags":[]`)},
	} {
		t.loads(q.name, t.with(q.json))
	}
}

// textColumns are properties that become columns of text.
var textColumns = []string{
	"$session_id", "session_id", "$device_type", "$ip", "$locale", "client",
	"$geoip_city_name", "$geoip_time_zone", "$browser_language", "$device", "$device_model",
	"$lib", "$lib_version", "$os", "$os_name", "$app_version",
}

// tellWrongTypes: every kind of value where text is expected.
func tellWrongTypes(t *teller) {
	for _, value := range []quirk{
		{"number", `12345.50`},
		{"boolean", `true`},
		{"array", `["a", 1, null]`},
		{"object", `{"value": "a", "nested": {"b": []}}`},
		{"null", `null`},
		{"empty text", `""`},
	} {
		var o object
		o.begin().str("sample_marker", "v1")
		for _, key := range textColumns {
			o.raw(key, value.json)
		}
		t.loads(value.name, t.with(o.end()))
	}
}
