package histories

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/posthog-tracks/posthog-tracks/internal/keys"
	"github.com/posthog-tracks/posthog-tracks/testsuite/oracle"
)

// leave puts rows into tracks as older tools left them, some of them without an id.
func (p *player) leave(rows []Legacy) (act, error) {
	p.left = true
	statements := []string{`ALTER TABLE posthog.tracks ALTER COLUMN event_id DROP NOT NULL`, insert("tracks", rows)}
	if p.process.IsBigQuery() {
		statements = statements[1:]
		p.world.ForgetHashes()
	}
	return act{
		do: func(ctx context.Context, w Warehouse) (string, error) { return "", run(ctx, w, statements...) },
		tells: []part{func(w *oracle.World) string {
			for _, row := range rows {
				w.Leave(row.told())
			}
			return ""
		}},
	}, p.learnRows(rows)
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
func derived(payload oracle.Text) []oracle.Text {
	properties := make(map[string]any)
	if payload.Valid {
		if err := json.Unmarshal([]byte(payload.V), &properties); err != nil {
			panic(err) // it is one of ours
		}
	}
	values := make([]oracle.Text, 0, len(derivedFrom))
	for _, from := range derivedFrom {
		values = append(values, from(properties))
	}
	return values
}

var derivedFrom = []func(map[string]any) oracle.Text{
	property("$session_id"), property("$active_feature_flags"), object("$feature/x"), object("$lib", "$lib_version"),
	property("$device_model"), property("$device_type"), property("$os"), property("$ip"), property("client"),
	property("$geoip_city_name"), property("$geoip_continent_name"), property("$geoip_continent_code"),
	property("$geoip_country_name"), property("$geoip_country_code"), property("$geoip_time_zone"),
	property("$app_version"), property("$locale"),
}

// shown is a payload as it is read.
func shown(payload oracle.Text) oracle.Text {
	if !payload.Valid {
		return payload
	}
	var properties map[string]any
	if err := json.Unmarshal([]byte(payload.V), &properties); err != nil {
		panic(err) // it is one of ours
	}
	return encoded(properties)
}

// property is a text as it is, and anything else as JSON.
func property(name string) func(map[string]any) oracle.Text {
	return func(properties map[string]any) oracle.Text {
		value, ok := properties[name]
		if text, is := value.(string); is {
			return oracle.Text{V: text, Valid: true}
		}
		if !ok {
			return oracle.Text{}
		}
		return encoded(value)
	}
}

// object is some properties as one JSON object.
func object(names ...string) func(map[string]any) oracle.Text {
	return func(properties map[string]any) oracle.Text {
		some := make(map[string]any)
		for _, name := range names {
			if value, ok := properties[name]; ok {
				some[name] = value
			}
		}
		if len(some) == 0 {
			return oracle.Text{}
		}
		return encoded(some)
	}
}

func encoded(value any) oracle.Text {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err) // nothing in it can fail
	}
	return oracle.Text{V: string(text), Valid: true}
}

// learnRows takes in the contents of rows that were not delivered. What raw_tracks says
// of the same contents must agree.
func (p *player) learnRows(rows []Legacy) error {
	for _, row := range rows {
		content := row.told().Content
		hashed := "1\x1f" + content.EventName + "\x1f" + content.UserID
		if content.PersonID.Valid {
			hashed += "\x1f" + content.PersonID.V
		}
		sum := sha256.Sum256([]byte(hashed + "\x1f" + content.Payload.V))
		var columns []string
		for _, value := range append(derived(content.Payload), shown(content.Payload)) {
			columns = append(columns, value.V)
		}
		facts := oracle.Facts{Hash: int64(binary.BigEndian.Uint64(sum[:]) >> 4), Columns: strings.Join(columns, "/")}
		if err := p.facets.Learn(content, facts); err != nil {
			return err
		}
	}
	return nil
}
