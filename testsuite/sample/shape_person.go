package sample

import (
	"fmt"
	"strconv"
)

// identify joins what the SDK called the person so far with who they are. The
// column holds the new id from now on.
func identify(d *draft) {
	d.distinctID = d.person.email
	d.props.str("$anon_distinct_id", d.person.deviceID).flag("$had_persisted_distinct_id", true)
	d.set = func(o *object) {
		o.str("email", d.person.email).str("name", d.person.first+" "+d.person.last).str("plan", d.person.plan)
	}
	d.setOnce = func(o *object) { o.str("created_at", iso(d.person.since)) }
}

// setOnly updates the person and says nothing else.
func setOnly(d *draft) {
	d.set = func(o *object) {
		o.str("plan", d.person.plan).str("instrument", d.person.instrument).integer("sessions", d.person.sessionsCounted)
	}
}

func groupIdentify(d *draft) {
	name := company(d.person)
	d.props.str("$group_type", "company").str("$group_key", name).
		object("$group_set", func(o *object) {
			o.str("name", name).integer("employees", 3+d.rng.Int64N(400)).str("industry", "music education")
		}).
		object("$groups", func(o *object) { o.str("company", name) })
}

func company(p *person) string { return "school-" + strconv.Itoa(p.number%97) }

// exception carries kilobytes of stack.
func exception(d *draft) {
	frames := 12 + d.rng.IntN(24)
	d.props.str("$exception_level", "error").strs("$exception_types", "DecodeError").
		strs("$exception_values", "buffer ended early").
		objects("$exception_list", 1, func(o *object, _ int) {
			o.str("type", "DecodeError").str("value", "buffer ended early").
				object("mechanism", func(o *object) { o.flag("handled", false).flag("synthetic", false).str("type", "generic") }).
				object("stacktrace", func(o *object) {
					o.str("type", "raw").objects("frames", frames, func(o *object, i int) { frame(d, o, i) })
				})
		}).
		str("$exception_fingerprint", fmt.Sprintf("%016x%016x", d.rng.Uint64(), d.rng.Uint64()))
}

func frame(d *draft, o *object, i int) {
	o.str("function", fmt.Sprintf("decodeChunk%d", i)).
		str("filename", "https://"+webHost+"/assets/engine-4f2c91.js").
		integer("lineno", 1+d.rng.Int64N(4000)).integer("colno", 1+d.rng.Int64N(90)).
		flag("in_app", i%3 != 0).str("platform", "web:javascript")
}

// personProperties is the person as PostHog knew them when it took the event in.
func personProperties(o *object, d *draft) string {
	p := d.person
	o.str("email", p.email).str("name", p.first+" "+p.last).str("plan", p.plan).str("instrument", p.instrument).
		str("created_at", iso(p.since)).integer("sessions", p.sessionsCounted).flag("newsletter", p.number%3 == 0).
		str("$creator_event_uuid", p.deviceID).str("$app_version", p.version).str("$app_build", p.build).
		str("$os", p.browser.os).str("$browser", p.browser.name).number("$browser_version", p.browser.version).
		str("$device_type", p.browser.deviceType).str("$current_url", pages[1].url()).
		str("$initial_os", p.browser.os).str("$initial_browser", p.browser.name).number("$initial_browser_version", p.browser.version).
		str("$initial_device_type", p.browser.deviceType).str("$initial_current_url", pages[0].url()).
		str("$initial_referrer", "$direct").str("$initial_referring_domain", "$direct")
	p.place.describe(o, "$geoip_")
	p.place.describe(o, "$initial_geoip_")
	if p.campaign >= 0 {
		writeCampaign(o, p, "$initial_")
	}
	return o.end()
}
