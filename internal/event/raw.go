// Package event turns a row of PostHog's export into a row of raw_tracks, or says
// why it cannot be trusted.
//
// It is pure: bytes in, columns or a reason out. Nothing in it logs, and nothing
// it returns as an error text carries event data.
package event

// Micros is a nullable instant in microseconds since 1970 UTC, as Parquet holds it.
type Micros struct {
	Value int64
	Valid bool
}

// RawPostHogEvent is one row as the export holds it, in PostHog's own names. A
// nil slice is NULL.
type RawPostHogEvent struct {
	UUID       []byte
	Event      []byte
	Properties []byte // JSON text
	DistinctID []byte
	PersonID   []byte
	Timestamp  Micros
	InsertedAt Micros // _inserted_at, or inserted_at of older writers
}

// Row is one row of raw_tracks without the columns that a load adds. A nil slice
// is NULL. JSON columns hold JSON text.
//
// Slices point into the RawPostHogEvent and into the Validator that made the Row:
// they are good until the Validator's next call.
type Row struct {
	EventID            []byte
	CreatedAt          int64 // microseconds since 1970 UTC
	EventName          []byte
	UserID             []byte
	PersonID           []byte
	SessionID          []byte
	ActiveFeatureFlags []byte // JSON
	FeatureFlagsValues []byte // JSON
	LibValues          []byte // JSON
	DeviceModel        []byte
	DeviceType         []byte
	DeviceOS           []byte
	IPAddress          []byte
	Client             []byte
	GeoIPCityName      []byte
	GeoIPContinentName []byte
	GeoIPContinentCode []byte
	GeoIPCountryName   []byte
	GeoIPCountryCode   []byte
	GeoIPTimeZone      []byte
	AppVersion         []byte
	Locale             []byte
	EventPayload       []byte // JSON
	EventInsertedAt    Micros
	// ContentHash tells contents of one event_id apart; see contentHash.
	ContentHash int64
	// Mended counts what the payload held that no warehouse can store.
	Mended Mends
}
