package event

import (
	"strings"
	"unsafe"

	"github.com/tidwall/gjson"
)

// extract fills every column that comes out of the properties, in one pass over
// their top level. Where a key stands twice its first value counts, as in both
// warehouses' own JSON functions, so a column never disagrees with the payload.
func (v *Validator) extract(payload []byte) {
	var alternatives alternatives
	v.flags.reset()
	v.lib.reset()
	gjson.Parse(viewString(payload)).ForEach(func(key, value gjson.Result) bool {
		name := key.Str
		switch {
		case strings.HasPrefix(name, "$feature/"):
			v.flags.add(key.Raw, value.Raw)
		case strings.HasPrefix(name, "$lib"):
			v.lib.add(key.Raw, value.Raw)
			if name == "$lib" {
				set(&alternatives.lib, value)
			}
		case name == "$active_feature_flags":
			setJSON(&v.row.ActiveFeatureFlags, value)
		default:
			if column := v.column(name, &alternatives); column != nil {
				set(column, value)
			}
		}
		return true
	})
	v.row.FeatureFlagsValues = v.flags.text()
	v.row.LibValues = v.lib.text()
	alternatives.settle(&v.row)
}

// column is where the value of a property goes; nil for the many that only live
// in the payload.
func (v *Validator) column(property string, other *alternatives) *[]byte {
	row := &v.row
	switch property {
	case "$session_id":
		return &row.SessionID
	case "session_id":
		return &other.sessionID
	case "$device_model":
		return &row.DeviceModel
	case "$device":
		return &other.device
	case "$device_name":
		return &other.deviceName
	case "$device_type":
		return &row.DeviceType
	case "$os":
		return &row.DeviceOS
	case "$os_name":
		return &other.osName
	case "$ip":
		return &row.IPAddress
	case "client":
		return &row.Client
	case "$app_version":
		return &row.AppVersion
	case "$locale":
		return &row.Locale
	case "$browser_language":
		return &other.browserLanguage
	default:
		return row.geoColumn(property)
	}
}

func (row *Row) geoColumn(property string) *[]byte {
	switch property {
	case "$geoip_city_name":
		return &row.GeoIPCityName
	case "$geoip_continent_name":
		return &row.GeoIPContinentName
	case "$geoip_continent_code":
		return &row.GeoIPContinentCode
	case "$geoip_country_name":
		return &row.GeoIPCountryName
	case "$geoip_country_code":
		return &row.GeoIPCountryCode
	case "$geoip_time_zone":
		return &row.GeoIPTimeZone
	default:
		return nil
	}
}

// set fills a column unless an earlier key has. Text is unescaped; whatever else
// stands where text is expected (numbers, booleans, lists, objects) is kept as
// its JSON text, because it was sent; null is no value.
func set(column *[]byte, value gjson.Result) {
	switch {
	case *column != nil || value.Type == gjson.Null:
	case value.Type == gjson.String:
		*column = viewBytes(value.Str)
	default:
		*column = viewBytes(value.Raw)
	}
}

// setJSON fills a JSON column unless an earlier key has; null is no value.
func setJSON(column *[]byte, value gjson.Result) {
	if *column == nil && value.Type != gjson.Null {
		*column = viewBytes(value.Raw)
	}
}

// viewBytes lends a string as bytes without a copy; never nil. The bytes may not
// be written to.
func viewBytes(s string) []byte {
	if s == "" {
		return []byte{}
	}
	return unsafe.Slice(unsafe.StringData(s), len(s)) //nolint:gosec // nobody writes to a Row
}

// jsonObject collects members of the properties into a JSON object of their own,
// keys and values as sent.
type jsonObject struct{ buffer []byte }

func (o *jsonObject) reset() { o.buffer = o.buffer[:0] }

func (o *jsonObject) add(key, value string) {
	if len(o.buffer) == 0 {
		o.buffer = append(o.buffer, '{')
	} else {
		o.buffer = append(o.buffer, ',')
	}
	o.buffer = append(append(append(o.buffer, key...), ':'), value...)
}

// text is the object, or nil when nothing was added.
func (o *jsonObject) text() []byte {
	if len(o.buffer) == 0 {
		return nil
	}
	o.buffer = append(o.buffer, '}')
	return o.buffer
}
