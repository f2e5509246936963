package event

// Reason says why a row went to raw_rejects. The words are part of the table's
// contract: dashboards and tests select on them.
type Reason string

// The reasons, in the order in which a row is checked. A row has the first that fits.
const (
	UUIDMissing           Reason = "uuid_missing"
	UUIDMalformed         Reason = "uuid_malformed"
	EventMissing          Reason = "event_missing"
	DistinctIDMissing     Reason = "distinct_id_missing"
	TimestampMissing      Reason = "timestamp_missing"
	TimestampOutOfRange   Reason = "timestamp_out_of_range"
	InvalidUTF8           Reason = "invalid_utf8"
	PropertiesTooLarge    Reason = "properties_too_large"
	PropertiesTooDeep     Reason = "properties_too_deep"
	PropertiesInvalid     Reason = "properties_invalid_json"
	PropertiesNotAnObject Reason = "properties_not_an_object"
)

// Reject is a row that cannot be trusted, with what a person needs to see why.
type Reject struct {
	Reason Reason
	// Detail narrows the reason down, without event data.
	Detail string
}
