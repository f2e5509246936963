//go:build bigquery

package conformance

import (
	"cmp"
	"context"
	"strings"
	"time"

	bq "cloud.google.com/go/bigquery"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func wideNumbers(a *asking) {
	assert.Equal(a.t, "object", a.value(
		`SELECT JSON_TYPE(PARSE_JSON('{"n": 123456789012345678901234567890, "x": 0.1234567890123456789}', wide_number_mode => 'round'))`))
}

func tablesExpire(a *asking) {
	a.must(`CREATE OR REPLACE TABLE short
		OPTIONS (expiration_timestamp = TIMESTAMP_ADD(CURRENT_TIMESTAMP(), INTERVAL 48 HOUR)) AS SELECT 1 AS n`)
	table, err := a.dataset.Table("short").Metadata(a.t.Context())
	require.NoError(a.t, err)
	assert.WithinDuration(a.t, time.Now().Add(48*time.Hour), table.ExpirationTime, time.Hour)
}

// staged loads an event's staged file into a table.
func staged(a *asking, table *bq.Table) {
	a.t.Helper()
	receipt := a.stage(a.hour(1), event(1, content("a 'text' with ü")))
	source := bq.NewGCSReference(receipt.Events)
	source.SourceFormat = bq.Parquet
	loader := table.LoaderFrom(source)
	loader.CreateDisposition, loader.WriteDisposition = bq.CreateNever, bq.WriteTruncateData
	loader.Location = a.place.location
	ctx, cancel := context.WithTimeout(a.t.Context(), 5*time.Minute)
	defer cancel()
	job, err := loader.Run(ctx)
	require.NoError(a.t, err)
	require.NoError(a.t, a.ended(ctx, job))
}

// stagingTable is of the shape that the product gives its own.
func (a *asking) stagingTable() *bq.Table {
	a.t.Helper()
	kinds := map[string]bq.FieldType{
		"created_at": bq.TimestampFieldType, "event_inserted_at": bq.TimestampFieldType,
		"source_generation": bq.IntegerFieldType, "source_row": bq.IntegerFieldType, "content_hash": bq.IntegerFieldType,
	}
	var schema bq.Schema
	for name := range strings.FieldsSeq(`event_id created_at event_name user_id person_id session_id
		active_feature_flags feature_flags_values lib_values device_model device_type device_os ip_address client
		geoip_city_name geoip_continent_name geoip_continent_code geoip_country_name geoip_country_code geoip_time_zone
		app_version locale event_payload event_inserted_at source_object source_generation source_row content_hash`) {
		schema = append(schema, &bq.FieldSchema{Name: name, Type: cmp.Or(kinds[name], bq.StringFieldType)})
	}
	table := a.dataset.Table("staged")
	require.NoError(a.t, table.Create(a.t.Context(), &bq.TableMetadata{Schema: schema, ExpirationTime: time.Now().Add(48 * time.Hour)}))
	return table
}

func loadKeepsExpiration(a *asking) {
	table := a.stagingTable()
	staged(a, table)
	staged(a, table)
	metadata, err := table.Metadata(a.t.Context())
	require.NoError(a.t, err)
	assert.WithinDuration(a.t, time.Now().Add(48*time.Hour), metadata.ExpirationTime, time.Hour)
	assert.Equal(a.t, int64(1), a.value(`SELECT COUNT(*) FROM staged`))
}

func parquetArrives(a *asking) {
	staged(a, a.stagingTable())
	assert.Equal(a.t, "a 'text' with ü", a.value(`SELECT person_id FROM staged`))
	assert.Equal(a.t, noon.UnixMicro(), a.value(`SELECT UNIX_MICROS(created_at) FROM staged`))
}
