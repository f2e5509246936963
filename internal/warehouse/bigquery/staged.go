package bigquery

import bq "cloud.google.com/go/bigquery"

// stagedEvents and stagedRejects are what staged Parquet files hold (see package
// staging). JSON is text: BigQuery does not load Parquet into JSON.
var (
	stagedEvents = columns(map[bq.FieldType][]string{
		bq.TimestampFieldType: {"created_at", "event_inserted_at"},
		bq.IntegerFieldType:   {"source_generation", "source_row", "content_hash"},
	}, "event_id", "created_at", "event_name", "user_id", "person_id", "session_id",
		"active_feature_flags", "feature_flags_values", "lib_values",
		"device_model", "device_type", "device_os", "ip_address", "client",
		"geoip_city_name", "geoip_continent_name", "geoip_continent_code",
		"geoip_country_name", "geoip_country_code", "geoip_time_zone",
		"app_version", "locale", "event_payload", "event_inserted_at",
		"source_object", "source_generation", "source_row", "content_hash")
	stagedRejects = columns(map[bq.FieldType][]string{
		bq.IntegerFieldType: {"source_generation", "source_row"},
	}, "source_object", "source_generation", "source_row", "reason", "detail", "row_json")
)

// columns are nullable columns in order, text unless another type names them.
func columns(types map[bq.FieldType][]string, names ...string) bq.Schema {
	typeOf := make(map[string]bq.FieldType)
	for kind, columns := range types {
		for _, column := range columns {
			typeOf[column] = kind
		}
	}
	schema := make(bq.Schema, len(names))
	for i, name := range names {
		kind, ok := typeOf[name]
		if !ok {
			kind = bq.StringFieldType
		}
		schema[i] = &bq.FieldSchema{Name: name, Type: kind}
	}
	return schema
}
