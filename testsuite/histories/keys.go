package histories

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/posthog-tracks/posthog-tracks/internal/keys"
	"github.com/posthog-tracks/posthog-tracks/testsuite/oracle"
)

// leave puts rows into tracks as older tools left them, some of them without an id.
func (p *player) leave(rows []Legacy) act {
	return act{
		do: func(ctx context.Context, w Warehouse) (string, error) {
			err := run(ctx, w, `ALTER TABLE posthog.tracks ALTER COLUMN event_id DROP NOT NULL`, insert("tracks", rows))
			if err != nil {
				return "", err
			}
			return "", p.learnFrom(ctx, "tracks", rows)
		},
		tells: []part{func(w *oracle.World) string {
			for _, row := range rows {
				w.Leave(row.told())
			}
			return ""
		}},
	}
}

// losesKeys empties tracks_keys, as somebody who drops the table does.
func losesKeys() act {
	return act{
		do: func(ctx context.Context, w Warehouse) (string, error) {
			return "", run(ctx, w, `DELETE FROM posthog.tracks_keys WHERE TRUE`)
		},
		tells: []part{func(w *oracle.World) string {
			w.LoseKeys()
			return ""
		}},
	}
}

// rebuild makes tracks_keys anew, or goes on with a rebuild that has stopped.
func (p *player) rebuild(r Rebuild) act {
	p.rebuilds++
	id := fmt.Sprintf("rebuild-%d", p.rebuilds)
	return act{
		resumes: true, rebuilds: true,
		do: func(ctx context.Context, w Warehouse) (string, error) {
			if r.Discard {
				return "", w.DiscardKeys(ctx)
			}
			plan, err := w.PlanKeys(ctx, keys.PlanRequest{RebuildID: id, SliceRows: r.Rows})
			if err != nil {
				return "", err
			}
			for i, slice := range plan.Slices {
				if r.Stops > 0 && i == r.Stops {
					break
				}
				if _, err := w.BuildKeys(ctx, plan.RebuildID, slice.Number); err != nil {
					return "", err
				}
			}
			if r.Stops > 0 {
				return "", nil
			}
			rebuilt, err := w.SwapKeys(ctx, plan.RebuildID)
			return fmt.Sprint(oracle.Rebuilt{
				Rows: rebuilt.Rows, Keys: rebuilt.Keys, Duplicates: rebuilt.Duplicates, Unkeyed: rebuilt.Unkeyed,
			}), err
		},
		tells: []part{func(w *oracle.World) string {
			switch {
			case r.Discard:
				w.DiscardRebuild()
				return ""
			case r.Stops > 0:
				w.StopRebuild()
				return ""
			default:
				return fmt.Sprint(w.Rebuild())
			}
		}},
	}
}

// derivedColumns come out of the payload.
const derivedColumns = `session_id, active_feature_flags, feature_flags_values, lib_values, device_model, device_type, device_os,
	ip_address, client, geoip_city_name, geoip_continent_name, geoip_continent_code, geoip_country_name, geoip_country_code,
	geoip_time_zone, app_version, locale`

// derived are their values for one of payloads, as older tools wrote them.
func derived(payload oracle.Text) string {
	properties := make(map[string]any)
	if payload.Valid {
		if err := json.Unmarshal([]byte(payload.V), &properties); err != nil {
			panic(err) // it is one of ours
		}
	}
	values := make([]string, 0, len(derivedFrom))
	for _, from := range derivedFrom {
		values = append(values, from(properties))
	}
	return strings.Join(values, ", ")
}

var derivedFrom = []func(map[string]any) string{
	property("$session_id"), object("$active_feature_flags"), objectOf("$feature/x"), objectOf("$lib", "$lib_version"),
	property("$device_model"), property("$device_type"), property("$os"), property("$ip"), property("client"),
	property("$geoip_city_name"), property("$geoip_continent_name"), property("$geoip_continent_code"),
	property("$geoip_country_name"), property("$geoip_country_code"), property("$geoip_time_zone"),
	property("$app_version"), property("$locale"),
}

// property is a property as a text.
func property(name string) func(map[string]any) string {
	return func(properties map[string]any) string {
		if value, ok := properties[name]; ok {
			return "'" + value.(string) + "'" //nolint:forcetypeassert // payload has texts only
		}
		return "NULL"
	}
}

// object is a property as JSON.
func object(name string) func(map[string]any) string {
	return func(properties map[string]any) string {
		if value, ok := properties[name]; ok {
			return encoded(value)
		}
		return "NULL"
	}
}

// objectOf are some properties as one JSON object.
func objectOf(names ...string) func(map[string]any) string {
	return func(properties map[string]any) string {
		some := make(map[string]any)
		for _, name := range names {
			if value, ok := properties[name]; ok {
				some[name] = value
			}
		}
		if len(some) == 0 {
			return "NULL"
		}
		return encoded(some)
	}
}

func encoded(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err) // nothing in it can fail
	}
	return "'" + string(text) + "'"
}
