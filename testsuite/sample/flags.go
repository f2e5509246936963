package sample

import "strconv"

// featureFlag is a flag of the imaginary product. Without variants it is on or off.
type featureFlag struct {
	key      string
	variants []string
	share    uint64 // percent of the people who have it on
	id       int64
	version  int64
}

// featureFlags are the flags of the product. Keys hold every character PostHog
// allows in them.
var featureFlags = []featureFlag{
	{"checkout-redesign", []string{"control", "test"}, 100, 40211, 7},
	{"onboarding.v3", nil, 65, 41877, 3},
	{"growth/paywall-copy", []string{"control", "urgency", "social-proof"}, 90, 42090, 12},
	{"new_mixer_engine", nil, 35, 43115, 5},
	{"ai-lyrics", nil, 80, 43550, 21},
	{"stem-export-limit", []string{"5", "10", "unlimited"}, 100, 44002, 2},
	{"home-feed-ranking", []string{"baseline", "model-b"}, 50, 44871, 9},
	{"push-reminders", nil, 92, 45020, 1},
	{"beta", nil, 8, 45316, 4},
	{"offline-mode-v2", nil, 45, 46110, 6},
	{"metronome.haptics", nil, 25, 46777, 2},
	{"annual-discount-2026", []string{"20", "35"}, 60, 47001, 3},
}

// featureKeys are the property keys of the flags' values.
var featureKeys = func() []string {
	keys := make([]string, len(featureFlags))
	for i := range featureFlags {
		keys[i] = "$feature/" + featureFlags[i].key
	}
	return keys
}()

// value returns the flag's value for a person, as JSON, and whether it is on.
func (f *featureFlag) value(p *person, index int) (json string, on bool) {
	h := mix(p.flags + uint64(index)) //nolint:gosec // an index into a short list
	switch {
	case h%100 >= f.share:
		return "false", false
	case len(f.variants) == 0:
		return "true", true
	default:
		return strconv.Quote(f.variants[(h>>8)%uint64(len(f.variants))]), true
	}
}

// writeFlags writes what every client event carries: each flag's value, the ones
// that are off too, and the list of those that are on, unless there are none.
func writeFlags(o *object, p *person) {
	active := make([]string, 0, len(featureFlags))
	for i := range featureFlags {
		value, on := featureFlags[i].value(p, i)
		o.raw(featureKeys[i], value)
		if on {
			active = append(active, featureFlags[i].key)
		}
	}
	if len(active) > 0 {
		o.strs("$active_feature_flags", active...)
	}
}

// writeFlagCall writes what $feature_flag_called is about.
func writeFlagCall(d *draft) {
	index := d.rng.IntN(len(featureFlags))
	flag := &featureFlags[index]
	value, _ := flag.value(d.person, index)
	if chance(d.rng, 3) {
		value = missingFlag(d.platform)
	}
	d.props.str("$feature_flag", flag.key).raw("$feature_flag_response", value).
		integer("$feature_flag_id", flag.id).integer("$feature_flag_version", flag.version).
		str("$feature_flag_reason", "Matched condition set 1").
		str("$feature_flag_request_id", uuidV4(d.rng)).
		integer("$feature_flag_evaluated_at", d.at.timestamp/millisecond-d.rng.Int64N(60_000))
	if chance(d.rng, 20) {
		d.props.object("$feature_flag_payload", func(o *object) {
			o.str("title", "Try it").integer("limit", d.rng.Int64N(10)).flag("dismissible", true)
		})
		return
	}
	d.props.null("$feature_flag_payload")
}

// missingFlag is the response the SDKs report for a flag they know nothing of.
func missingFlag(platform platform) string {
	switch platform {
	case ios:
		return "null"
	case android:
		return `""`
	default:
		return "false"
	}
}
