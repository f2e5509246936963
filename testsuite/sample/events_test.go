package sample_test

import (
	"encoding/json"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/posthog-tracks/posthog-tracks/testsuite/sample"
)

// sdkOf is the SDK of a shape: the first word of its name.
func sdkOf(shape sample.Shape) string {
	sdk, _, _ := strings.Cut(string(shape), " ")
	return sdk
}

func TestEveryShapeOccurs(t *testing.T) {
	t.Parallel()
	seen := map[sample.Shape]bool{}
	for _, row := range generate(t, "2026-06-12T10", sample.Options{Seed: 1, Events: 5000}).Events() {
		seen[row.Shape] = true
	}
	for _, shape := range sample.Shapes() {
		assert.True(t, seen[shape], shape)
	}
	assert.GreaterOrEqual(t, len(sample.Shapes()), 14)
}

// The reference figures were measured on exports with twelve flags, place and
// person updates, as these have.
func TestSizesAndMixAreLifelike(t *testing.T) {
	t.Parallel()
	h := generate(t, "2026-06-12T10", sample.Options{Seed: 3, Events: 8000})
	count, size, total := map[string]float64{}, map[string]float64{}, 0.0
	person, arrow := 0.0, 0.0
	for _, row := range h.Events() {
		sdk := sdkOf(row.Shape)
		count[sdk]++
		size[sdk] += float64(len(row.Properties.V))
		person += float64(len(row.PersonProperties.V))
		arrow += float64(len(row.Properties.V) + len(row.PersonProperties.V) + 200)
		total++
	}
	for sdk, want := range map[string]float64{"web": 4900, "ios": 3300, "android": 3300} {
		assert.InEpsilon(t, want, size[sdk]/count[sdk], 0.1, "bytes of properties, %s", sdk)
	}
	assert.InEpsilon(t, 1800.0, person/total, 0.1, "bytes of person_properties")
	for sdk, want := range map[string]float64{"web": 0.28, "ios": 0.39, "android": 0.27, "react-native": 0.06} {
		assert.InDelta(t, want, count[sdk]/total, 0.03, "share of %s", sdk)
	}
	compressed := float64(len(h.Objects[0].Content))
	assert.InDelta(t, 5.5, arrow/compressed, 2, "times that Snappy shrinks it")
}

func TestPropertiesAreJSONObjects(t *testing.T) {
	t.Parallel()
	for _, row := range generate(t, "2026-06-12T10", sample.Options{Seed: 2, Events: 3000}).Events() {
		for _, text := range []string{row.Properties.V, row.PersonProperties.V} {
			var members map[string]any
			require.NoError(t, json.Unmarshal([]byte(text), &members), row.Shape)
		}
		require.NoError(t, noDuplicateKeys(row.Properties.V), row.Shape)
	}
}

func noDuplicateKeys(text string) error {
	seen := map[string]bool{}
	var err error
	gjson.Parse(text).ForEach(func(key, _ gjson.Result) bool {
		if seen[key.Str] {
			err = assert.AnError
		}
		seen[key.Str] = true
		return err == nil
	})
	return err
}

func TestPropertiesHaveTheTypesThatSDKsSend(t *testing.T) {
	t.Parallel()
	find := func(shape sample.Shape) gjson.Result {
		for _, row := range generate(t, "2026-06-12T10", sample.Options{Seed: 1, Events: 3000}).Events() {
			if row.Shape == shape {
				return gjson.Parse(row.Properties.V)
			}
		}
		require.Fail(t, "no such shape", shape)
		return gjson.Result{}
	}
	kind := func(properties gjson.Result, key string) gjson.Type { return properties.Get(gjson.Escape(key)).Type }

	web := find("web $pageview")
	assert.Equal(t, gjson.Number, kind(web, "$browser_version"))
	assert.Equal(t, gjson.Number, kind(web, "$lib_rate_limit_remaining_tokens"))
	assert.Equal(t, gjson.String, kind(web, "$geoip_country_code"))
	assert.True(t, web.Get("$set").IsObject() && web.Get("$set_once").IsObject())
	assert.True(t, web.Get("$active_feature_flags").IsArray())
	assert.True(t, web.Get("utm_source").Exists() && web.Get("_kx").Exists(), "absent campaign keys are null")
	assert.Len(t, web.Get("$set").Map(), 7+15)

	ios := find("ios custom")
	assert.Equal(t, gjson.Number, kind(ios, "$app_build"))
	assert.Equal(t, gjson.String, kind(ios, "$os"))
	assert.Equal(t, "posthog-ios", ios.Get(gjson.Escape("$lib")).Str)

	reactNative := find("react-native custom")
	assert.Equal(t, gjson.String, kind(reactNative, "$app_build"))
	assert.False(t, reactNative.Get(gjson.Escape("$device_model")).Exists())

	minimal := find("web minimal $feature_flag_called")
	assert.False(t, minimal.Get(gjson.Escape("$active_feature_flags")).Exists())
	assert.False(t, minimal.Get(gjson.Escape("$os")).Exists())

	server := find("node custom")
	assert.False(t, server.Get(gjson.Escape("$session_id")).Exists())
	assert.False(t, server.Get(gjson.Escape("$geoip_country_code")).Exists())
}

func TestTimesOfOrdinaryEvents(t *testing.T) {
	t.Parallel()
	w := at(t, "2026-06-12T10")
	var inside, days, future, total float64
	for _, row := range generate(t, "2026-06-12T10", sample.Options{Seed: 1, Events: 5000}).Events() {
		happened, taken, stored := time.UnixMicro(row.Timestamp.V), time.UnixMicro(row.CreatedAt.V), time.UnixMicro(row.InsertedAt.V)
		require.False(t, stored.Before(w.Start()) || !stored.Before(w.End()), "the window is about when it was stored")
		require.Zero(t, row.InsertedAt.V%1000, "milliseconds")
		require.False(t, taken.After(stored))
		require.Less(t, happened.Sub(taken), 24*time.Hour)
		total++
		switch {
		case happened.After(taken):
			future++
		case taken.Sub(happened) > 24*time.Hour:
			days++
		case !happened.Before(w.Start()) && happened.Before(w.End()):
			inside++
		}
	}
	assert.Greater(t, inside/total, 0.85)
	assert.NotZero(t, days)
	assert.NotZero(t, future)
}

func TestIdentifiersAreThoseOfTheSDKs(t *testing.T) {
	t.Parallel()
	imports := map[uuid.Version]int{}
	ids := map[string]bool{}
	for _, row := range generate(t, "2026-06-12T10", sample.Options{Seed: 1, Events: 5000}).Events() {
		id, err := uuid.Parse(row.UUID.V)
		require.NoError(t, err)
		require.Equal(t, id.String(), row.UUID.V, "lower case")
		require.False(t, ids[row.UUID.V], "an id stands once")
		ids[row.UUID.V] = true
		switch sdkOf(row.Shape) {
		case "python":
			require.Equal(t, uuid.Version(4), id.Version())
		case "import":
			imports[id.Version()]++
		default:
			require.Equal(t, uuid.Version(7), id.Version())
			seconds, nanos := id.Time().UnixTime()
			require.Equal(t, row.Timestamp.V/1000, time.Unix(seconds, nanos).UnixMilli())
		}
	}
	assert.NotZero(t, imports[0], "of the old server, without a version")
	assert.NotZero(t, imports[5])
}

var (
	mail    = regexp.MustCompile(`[\w.+-]+@[\w.-]+`)
	reserve = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("2001:db8::/32")}
)

func TestNobodyIsReal(t *testing.T) {
	t.Parallel()
	for _, row := range generate(t, "2026-06-12T10", sample.Options{Seed: 1, Events: 2000, Traps: sample.AllTraps()}).Events() {
		for _, address := range mail.FindAllString(row.Properties.V+" "+row.PersonProperties.V+" "+row.DistinctID.V, -1) {
			require.True(t, strings.HasSuffix(address, "@example.com"), address)
		}
		if ip := gjson.Get(row.Properties.V, gjson.Escape("$ip")); ip.Type == gjson.String && ip.Str != "" {
			address, err := netip.ParseAddr(ip.Str)
			require.NoError(t, err)
			require.True(t, reserve[0].Contains(address) || reserve[1].Contains(address) || reserve[2].Contains(address), ip.Str)
		}
	}
}
