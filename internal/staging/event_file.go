package staging

import (
	"github.com/posthog-tracks/posthog-tracks/internal/event"
	"github.com/posthog-tracks/posthog-tracks/internal/export"
)

// eventFile is a staged events file being written.
type eventFile struct {
	*parquetWriter
	source     []byte
	generation int64
}

func createEvents(path string, object export.Object) (*eventFile, error) {
	w, err := createParquet(path, eventSchema)
	if err != nil {
		return nil, err
	}
	return &eventFile{parquetWriter: w, source: []byte(object.Name), generation: object.Generation}, nil
}

// add writes one row, in the column order of eventColumns.
func (f *eventFile) add(sourceRow int64, row *event.Row) error {
	f.required(row.EventID)
	f.number(row.CreatedAt)
	f.required(row.EventName)
	f.required(row.UserID)
	for _, value := range [][]byte{
		row.PersonID, row.SessionID, row.ActiveFeatureFlags, row.FeatureFlagsValues, row.LibValues,
		row.DeviceModel, row.DeviceType, row.DeviceOS, row.IPAddress, row.Client,
		row.GeoIPCityName, row.GeoIPContinentName, row.GeoIPContinentCode,
		row.GeoIPCountryName, row.GeoIPCountryCode, row.GeoIPTimeZone,
		row.AppVersion, row.Locale, row.EventPayload,
	} {
		f.optional(value)
	}
	f.optionalNumber(row.EventInsertedAt.Value, row.EventInsertedAt.Valid)
	f.required(f.source)
	f.number(f.generation)
	f.number(sourceRow)
	f.number(row.ContentHash)
	return f.endRow()
}
