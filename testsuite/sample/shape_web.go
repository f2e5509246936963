package sample

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// page is a page of the imaginary product's web application.
type page struct{ path, title string }

var pages = []page{
	{"/", "Tidepool Studio"},
	{"/library", "Your library | Tidepool Studio"},
	{"/library/track/7f3e21", "Separate vocals and instruments | Tidepool Studio"},
	{"/upload", "Upload a track | Tidepool Studio"},
	{"/pricing?ref=header&plan=annual", "Plans & pricing | Tidepool Studio"},
	{"/setlists/summer-tour", "Summer tour – setlist | Tidepool Studio"},
	{"/settings/account", "Account settings | Tidepool Studio"},
}

func (p *page) url() string { return "https://" + webHost + p.path }

func (p *page) pathname() string {
	path, _, _ := strings.Cut(p.path, "?")
	return path
}

func beginPage(d *draft) {
	d.page = &pages[d.rng.IntN(len(pages))]
	d.lib = "web"
}

// webBase is what posthog-js adds to every event.
func webBase(d *draft) {
	b, language := d.person.browser, d.person.place.language
	d.props.str("$os", b.os).str("$os_version", b.osVersion).str("$browser", b.name).str("$device_type", b.deviceType).
		str("$timezone", d.person.place.zone).integer("$timezone_offset", d.person.place.zoneOffset).
		str("$current_url", d.page.url()).str("$host", webHost).str("$pathname", d.page.pathname()).
		str("$raw_user_agent", b.userAgent).number("$browser_version", b.version).
		str("$browser_language", language).str("$browser_language_prefix", language[:2]).
		integer("$screen_height", b.screenH).integer("$screen_width", b.screenW).
		integer("$viewport_height", b.viewH).integer("$viewport_width", b.viewW)
	webLibrary(d)
	webSession(d)
	webRecording(d)
	writeCampaign(d.props, d.person, "")
}

// webLibrary is what the library says about itself and the call.
func webLibrary(d *draft) {
	d.props.str("$lib", "web").str("$lib_version", "1.418.10").str("$lib_custom_api_host", apiHost).
		str("$insert_id", strings.ReplaceAll(uuidV4(d.rng), "-", "")[:16]).
		number("$time", float64(d.at.timestamp/millisecond)/1000).
		str("distinct_id", d.distinctID).str("$device_id", d.person.deviceID).
		flag("$is_identified", d.person.identified).flag("$process_person_profile", true).
		str("$config_defaults", "2026-01-30").str("token", projectToken).
		integer("$lib_rate_limit_remaining_tokens", 80+d.rng.Int64N(20)).
		str("$initialization_time", iso(d.began))
}

// webSession is where the visit came from and what it is part of.
func webSession(d *draft) {
	referrer, domain := "$direct", "$direct"
	if d.person.campaign >= 0 {
		referrer, domain = "https://www.search.example/", "www.search.example"
	}
	entry := pages[0].url()
	d.props.str("$session_id", d.session).str("$window_id", d.session[:24]+strings.ReplaceAll(uuidV4(d.rng), "-", "")[:12]).
		str("$referrer", referrer).str("$referring_domain", domain).
		str("$session_entry_url", entry).str("$session_entry_host", webHost).str("$session_entry_pathname", "/").
		str("$session_entry_referrer", referrer).str("$session_entry_referring_domain", domain).
		integer("$configured_session_timeout_ms", 1_800_000)
}

// webRecording is what the session replay says about itself.
func webRecording(d *draft) {
	d.props.str("$recording_status", pick(d.rng, []string{"active", "disabled", "buffering"})).
		null("$replay_sample_rate", "$replay_minimum_duration").
		integer("$sdk_debug_replay_internal_buffer_length", d.rng.Int64N(40)).
		integer("$sdk_debug_replay_internal_buffer_size", d.rng.Int64N(900_000)).
		integer("$sdk_debug_current_session_duration", (d.at.timestamp-d.began)/millisecond).
		integer("$sdk_debug_session_start", d.began/millisecond).
		integer("$sdk_debug_retry_queue_size", 0).
		flag("$autocapture_disabled_server_side", false)
}

// webLean is the allow-list of a minimal $feature_flag_called.
func webLean(d *draft) {
	d.props.str("$lib", "web").str("$lib_version", "1.418.10").str("$session_id", d.session).
		str("$window_id", d.session[:24]+"0aa1b2c3d4e5").str("$device_id", d.person.deviceID).
		str("$current_url", d.page.url()).str("$host", webHost).str("$pathname", d.page.pathname()).
		str("distinct_id", d.distinctID).str("token", projectToken).flag("$process_person_profile", true)
	writeCampaign(d.props, d.person, "")
}

// webEnrich is what ingestion adds: address and place, and what it copies to the person.
func webEnrich(d *draft) {
	b := d.person.browser
	describe := func(o *object, prefix string) {
		o.str(prefix+"os", b.os).str(prefix+"os_version", b.osVersion).str(prefix+"browser", b.name).
			number(prefix+"browser_version", b.version).str(prefix+"device_type", b.deviceType).
			str(prefix+"current_url", d.page.url()).str(prefix+"pathname", d.page.pathname())
	}
	d.props.str("$ip", d.person.ip)
	d.person.place.locate(d.props)
	d.props.object("$set", func(o *object) {
		d.added(o, d.set)
		describe(o, "$")
		d.person.place.describe(o, "$geoip_")
	}).object("$set_once", func(o *object) {
		d.added(o, d.setOnce)
		describe(o, "$initial_")
		if d.person.campaign >= 0 {
			writeCampaign(o, d.person, "$initial_")
		}
		d.person.place.describe(o, "$initial_geoip_")
	})
}

// added writes what the call itself sent into $set or $set_once.
func (d *draft) added(o *object, sent func(*object)) {
	if sent != nil {
		sent(o)
	}
}

func pageview(d *draft) {
	d.props.str("title", d.page.title).str("$pageview_id", uuidV7(d.at.timestamp, d.rng)).
		str("navigation_type", pick(d.rng, []string{"initial_load", "pushState", "popstate"}))
	if chance(d.rng, 70) {
		previousPage(d)
	}
}

func pageleave(d *draft) {
	d.props.str("$pageview_id", uuidV7(d.at.timestamp-minute, d.rng))
	previousPage(d)
}

// previousPage is what posthog-js measured of the page that was left.
func previousPage(d *draft) {
	height := float64(600 + d.rng.IntN(4000))
	scrolled := height * d.rng.Float64()
	d.props.str("$prev_pageview_id", uuidV7(d.at.timestamp-minute, d.rng)).str("$prev_pageview_pathname", pages[d.rng.IntN(len(pages))].pathname()).
		number("$prev_pageview_duration", float64(d.rng.IntN(400_000))/1000).
		number("$prev_pageview_last_scroll", scrolled).number("$prev_pageview_max_scroll", height).
		number("$prev_pageview_last_scroll_percentage", scrolled/height).integer("$prev_pageview_max_scroll_percentage", 1).
		number("$prev_pageview_last_content", scrolled+700).number("$prev_pageview_max_content", height+700)
}

// autocapture is a click; the elements it went through stand in a column of their own.
func autocapture(d *draft) {
	label := pick(d.rng, []string{"Upload", "Separate", "Export stems", "Go \"Premium\"", "Começar grátis", "Play"})
	d.props.str("$event_type", "click").str("$el_text", label).integer("$ce_version", 1).
		str("$pageview_id", uuidV7(d.at.timestamp-minute, d.rng))
	nth := strconv.Itoa(1 + d.rng.IntN(5))
	quoted := strings.ReplaceAll(label, `"`, `\"`)
	d.elements = fmt.Sprintf(`button.btn.btn-primary:attr__class="btn btn-primary"attr__data-testid="action-%s"attr__type="button"`+
		`nth-child="%s"nth-of-type="1"text="%s";`+
		`div.toolbar:attr__class="toolbar"nth-child="2"nth-of-type="2";`+
		`main.content:attr__class="content"attr__id="main"attr_id="main"nth-child="3"nth-of-type="1";`+
		`body.theme-dark:attr__class="theme-dark"nth-child="2"nth-of-type="1"`, nth, nth, quoted)
}

// webVitals carries one nested object a metric.
func webVitals(d *draft) {
	for _, metric := range []string{"LCP", "CLS", "INP", "FCP"} {
		value := d.rng.Float64() * 2500
		d.props.number("$web_vitals_"+metric+"_value", value).object("$web_vitals_"+metric+"_event", func(o *object) {
			o.str("name", metric).number("value", value).str("rating", "good").number("delta", value).
				str("id", fmt.Sprintf("v5-%d-%d", d.at.timestamp/millisecond, d.rng.Int64N(1e12))).
				str("navigationType", "navigate").str("$current_url", d.page.url()).
				str("$session_id", d.session).integer("timestamp", d.at.timestamp/millisecond).
				object("attribution", func(o *object) {
					o.str("element", "main>div.hero>img").number("timeToFirstByte", value/7).
						number("resourceLoadDelay", value/5).number("elementRenderDelay", value/3)
				})
		})
	}
}

// iso is a time as JavaScript prints it.
func iso(at int64) string {
	return time.UnixMicro(at).UTC().Format("2006-01-02T15:04:05.000Z")
}
