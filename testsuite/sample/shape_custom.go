package sample

import "fmt"

// custom is one of the product's own events, the largest group. Each has a
// structure of its own: nested objects, lists, whole and fractional numbers.
func custom(d *draft) {
	kind := pick(d.rng, customs)
	d.name = kind.name
	kind.write(d)
	d.props.str("plan", d.person.plan).integer("sessions_counted", d.person.sessionsCounted).
		flag("offline", chance(d.rng, 6))
	if chance(d.rng, 25) {
		d.props.str("client", clients[d.platform])
	}
}

// clients is what the product calls itself on a platform, where it says so.
var clients = map[platform]string{web: "web", ios: "ios", android: "android", reactNative: "companion"}

var customs = []struct {
	name  string
	write func(*draft)
}{
	{"playback started", playback},
	{"playback finished", playback},
	{"track uploaded", upload},
	{"separation requested", separation},
	{"mixer_changed", mixer},
	{"order completed", order},
	{"paywall viewed", paywall},
	{"chord tapped", chord},
}

func playback(d *draft) {
	d.props.str("track_id", uuidV4(d.rng)).number("position", float64(d.rng.IntN(300_000))/1000).
		integer("duration_ms", 90_000+d.rng.Int64N(240_000)).number("speed", pick(d.rng, []float64{0.5, 0.75, 1, 1.25})).
		integer("pitch", d.rng.Int64N(13)-6).flag("loop", chance(d.rng, 25)).strs("muted_stems", pick(d.rng, instruments))
}

func upload(d *draft) {
	d.props.str("file_type", pick(d.rng, []string{"mp3", "wav", "m4a", "flac"})).integer("file_size", 800_000+d.rng.Int64N(60_000_000)).
		str("source", pick(d.rng, []string{"file", "url", "drive", "share sheet"})).
		object("metadata", func(o *object) {
			o.str("title", "Maré Alta (ao vivo)").str("artist", "Os Búzios").integer("bpm", 60+d.rng.Int64N(120)).
				str("key", pick(d.rng, []string{"C", "F#m", "B♭", "Am"})).null("album")
		})
}

func separation(d *draft) {
	d.props.str("track_id", uuidV4(d.rng)).strs("stems", "vocals", "drums", "bass", "other").
		str("quality", pick(d.rng, []string{"hifi", "standard"})).integer("queue_position", d.rng.Int64N(40)).
		number("estimate_seconds", 12.5+float64(d.rng.IntN(600))/10)
}

func mixer(d *draft) {
	d.props.str("track_id", uuidV4(d.rng)).objects("channels", 4, func(o *object, i int) {
		o.str("stem", instruments[i]).number("volume", float64(d.rng.IntN(101))/100).
			number("pan", float64(d.rng.IntN(201)-100)/100).flag("solo", i == 0)
	})
}

func order(d *draft) {
	items := 1 + d.rng.IntN(3)
	d.props.number("amount", 42.5).str("currency", pick(d.rng, []string{"USD", "BRL", "EUR"})).
		str("order_id", fmt.Sprintf("ord_%08x", d.rng.Uint32())).
		objects("items", items, func(o *object, i int) {
			o.str("sku", fmt.Sprintf("plan-%d", i)).integer("quantity", 1).number("price", 42.5/float64(items))
		}).
		object("nested", func(o *object) {
			o.str("coupon", "WELCOME").object("utm", func(o *object) { o.str("source", "in-app") })
		}).
		flag("first_order", chance(d.rng, 30)).null("gift_note")
}

func paywall(d *draft) {
	d.props.str("placement", pick(d.rng, []string{"export", "onboarding", "settings"})).
		str("variant", pick(d.rng, []string{"a", "b"})).integer("views_before", d.rng.Int64N(12)).
		strs("offers", "monthly", "annual")
}

func chord(d *draft) {
	d.props.str("chord", pick(d.rng, []string{"Cmaj7", "G/B", "F♯m", "D7(9)"})).number("at", float64(d.rng.IntN(300_000))/1000).
		integer("fret", d.rng.Int64N(12)).str("instrument", d.person.instrument)
}
