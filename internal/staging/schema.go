// Package staging turns one export object into the typed, validated files that a
// commit loads: Parquet with the columns of raw_tracks, Parquet with the rejected
// rows, and a receipt that says what is in them.
//
// Both warehouses load the same files: DuckDB from a local directory, BigQuery
// from a bucket.
package staging

import "github.com/parquet-go/parquet-go"

// Format is the version of the staged layout. A receipt of another format is no
// receipt, so a new worker never commits what an old one staged.
const Format = 1

// eventColumns is the layout of a staged events file: raw_tracks without what a
// load adds (window_start and bq_ingested_timestamp). JSON columns are text,
// because no warehouse loads JSON from Parquet. Columns with few values are
// dictionary-encoded.
type eventColumns struct {
	EventID            string  `parquet:"event_id"`
	CreatedAt          int64   `parquet:"created_at,timestamp(microsecond)"`
	EventName          string  `parquet:"event_name,dict"`
	UserID             string  `parquet:"user_id"`
	PersonID           *string `parquet:"person_id,optional"`
	SessionID          *string `parquet:"session_id,optional"`
	ActiveFeatureFlags *string `parquet:"active_feature_flags,optional,dict"`
	FeatureFlagsValues *string `parquet:"feature_flags_values,optional"`
	LibValues          *string `parquet:"lib_values,optional,dict"`
	DeviceModel        *string `parquet:"device_model,optional,dict"`
	DeviceType         *string `parquet:"device_type,optional,dict"`
	DeviceOS           *string `parquet:"device_os,optional,dict"`
	IPAddress          *string `parquet:"ip_address,optional"`
	Client             *string `parquet:"client,optional,dict"`
	GeoIPCityName      *string `parquet:"geoip_city_name,optional,dict"`
	GeoIPContinentName *string `parquet:"geoip_continent_name,optional,dict"`
	GeoIPContinentCode *string `parquet:"geoip_continent_code,optional,dict"`
	GeoIPCountryName   *string `parquet:"geoip_country_name,optional,dict"`
	GeoIPCountryCode   *string `parquet:"geoip_country_code,optional,dict"`
	GeoIPTimeZone      *string `parquet:"geoip_time_zone,optional,dict"`
	AppVersion         *string `parquet:"app_version,optional,dict"`
	Locale             *string `parquet:"locale,optional,dict"`
	EventPayload       *string `parquet:"event_payload,optional"`
	EventInsertedAt    *int64  `parquet:"event_inserted_at,optional,timestamp(microsecond)"`
	SourceObject       string  `parquet:"source_object,dict"`
	SourceGeneration   int64   `parquet:"source_generation,dict"`
	SourceRow          int64   `parquet:"source_row,delta"`
	ContentHash        int64   `parquet:"content_hash"`
}

// rejectColumns is the layout of a staged rejects file: raw_rejects without
// window_start.
type rejectColumns struct {
	SourceObject     string  `parquet:"source_object,dict"`
	SourceGeneration int64   `parquet:"source_generation,dict"`
	SourceRow        int64   `parquet:"source_row"`
	Reason           string  `parquet:"reason,dict"`
	Detail           *string `parquet:"detail,optional,dict"`
	RowJSON          string  `parquet:"row_json"`
}

var (
	eventSchema  = parquet.SchemaOf(eventColumns{})
	rejectSchema = parquet.SchemaOf(rejectColumns{})
)
