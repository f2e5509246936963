package sample

func beginApple(d *draft) {
	d.phone, d.lib, d.osName = d.person.apple, "posthog-ios", d.person.apple.os
	d.locale = d.person.place.language[:2] // iOS reports the language alone
}

func beginAndroid(d *draft) {
	d.phone, d.lib, d.osName = d.person.android, "posthog-android", "Android"
	d.locale = d.person.place.language
}

// beginReactNative is on the one system or the other.
func beginReactNative(d *draft) {
	d.phone = d.person.apple
	if d.person.number%2 == 0 {
		d.phone = d.person.android
	}
	d.lib, d.osName = "posthog-react-native", d.phone.os
	d.locale = d.person.place.language
}

func iosBase(d *draft) {
	phoneApp(d)
	d.props.raw("$app_build", d.person.build).
		str("$device_manufacturer", "Apple").str("$device_model", d.phone.model).str("$device_name", d.phone.name).
		str("$device_type", d.phone.deviceType).str("$os_name", d.osName).str("$os_version", d.phone.osVersion).
		flag("$is_emulator", d.phone.model == "arm64").flag("$is_testflight", d.person.number%50 == 0).flag("$is_sideloaded", false).
		flag("$is_ios_running_on_mac", false).flag("$is_mac_catalyst_app", false).
		number("$screen_width", d.phone.width).number("$screen_height", d.phone.height)
	phoneNetwork(d)
	phoneSession(d, "3.69.3")
}

func androidBase(d *draft) {
	phoneApp(d)
	agent := "Dalvik/2.1.0 (Linux; U; Android " + d.phone.osVersion + "; " + d.phone.model + " Build/AP4A.250205.002)"
	d.props.raw("$app_build", d.person.build).
		str("$device_manufacturer", d.phone.manufacturer).str("$device_model", d.phone.model).str("$device_name", d.phone.name).
		str("$device_type", d.phone.deviceType).str("$os_name", d.osName).str("$os_version", d.phone.osVersion).
		flag("$is_emulator", d.phone.name == "emu64a").
		number("$screen_width", d.phone.width).number("$screen_height", d.phone.height).number("$screen_density", d.phone.density).
		flag("$network_bluetooth", chance(d.rng, 15)).str("$network_carrier", pick(d.rng, []string{"Claro BR", "T-Mobile", "Vodafone", ""})).
		str("$network_type", pick(d.rng, []string{"WIFI", "LTE", "NR"})).
		str("$user_agent", agent).str("$raw_user_agent", agent)
	phoneNetwork(d)
	phoneSession(d, "3.60.4")
}

// reactNativeBase has no model, and the build as text.
func reactNativeBase(d *draft) {
	phoneApp(d)
	d.props.str("$app_build", d.person.build).
		str("$device_manufacturer", d.phone.manufacturer).str("$device_name", d.phone.name).str("$device_type", d.phone.deviceType).
		str("$os_name", d.osName).str("$os_version", d.phone.osVersion).flag("$is_emulator", false).
		number("$screen_width", d.phone.width).number("$screen_height", d.phone.height)
	phoneSession(d, "4.63.5")
}

func phoneApp(d *draft) {
	d.props.str("$app_name", appName).str("$app_version", d.person.version).str("$app_namespace", appNamespace)
}

func phoneNetwork(d *draft) {
	wifi := chance(d.rng, 70)
	d.props.flag("$network_wifi", wifi).flag("$network_cellular", !wifi)
}

func phoneSession(d *draft, version string) {
	d.props.str("$locale", d.locale).str("$timezone", d.person.place.zone).
		str("$screen_name", pick(d.rng, screens)).str("$session_id", d.session).
		flag("$is_identified", d.person.identified).flag("$process_person_profile", true).
		str("$recording_status", "disabled").integer("$sdk_debug_pending_queue_size", d.rng.Int64N(20)).
		integer("$sdk_debug_session_start", d.began/millisecond).
		str("$lib", d.lib).str("$lib_version", version)
	if d.distinctID == d.person.email || d.rng.IntN(3) == 0 {
		d.props.str("distinct_id", d.distinctID)
	}
	if chance(d.rng, 12) && d.name != "$groupidentify" {
		d.props.object("$groups", func(o *object) { o.str("company", company(d.person)) })
	}
}

// phoneLean is the allow-list of a minimal $feature_flag_called.
func phoneLean(d *draft) {
	d.props.str("$lib", d.lib).str("$lib_version", "3.69.3").str("$session_id", d.session).
		flag("$process_person_profile", true).flag("$is_identified", d.person.identified)
}

// phoneEnrich is what ingestion adds: address, place, $os out of $os_name, and
// what it copies to the person.
func phoneEnrich(d *draft) {
	describe := func(o *object, prefix string) {
		o.str(prefix+"app_version", d.person.version).str(prefix+"app_build", d.person.build).
			str(prefix+"os", d.osName).str(prefix+"os_version", d.phone.osVersion).
			str(prefix+"device_type", d.phone.deviceType)
	}
	d.props.str("$ip", d.person.ip).str("$os", d.osName)
	d.person.place.locate(d.props)
	d.props.object("$set", func(o *object) {
		d.added(o, d.set)
		describe(o, "$")
		d.person.place.describe(o, "$geoip_")
	}).object("$set_once", func(o *object) {
		d.added(o, d.setOnce)
		describe(o, "$initial_")
		d.person.place.describe(o, "$initial_geoip_")
	})
}

var screens = []string{"Library", "Player", "Mixer", "Chords", "Paywall", "Settings", "SetlistDetail", "Onboarding/Instrument", "Metronome"}

func screen(d *draft) {
	if chance(d.rng, 40) {
		d.props.str("source", pick(d.rng, []string{"tab_bar", "deep_link", "push"}))
	}
}

func opened(d *draft) {
	d.props.str("version", d.person.version).str("build", d.person.build).flag("from_background", chance(d.rng, 70))
	if chance(d.rng, 10) {
		d.props.str("url", "tidepool://track/7f3e21?utm_source=push").str("referring_application", "com.example.mail")
	}
}

func installed(d *draft) {
	d.props.str("version", d.person.version).str("build", d.person.build)
}

func updated(d *draft) {
	d.props.str("version", d.person.version).str("build", d.person.build).
		str("previous_version", "4.30.2").str("previous_build", "1027")
}
