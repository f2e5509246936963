package sample

import "fmt"

func beginServer(*draft) {}

func nodeBase(d *draft) {
	d.props.str("$lib", "posthog-node").str("$lib_version", "5.50.0").flag("$geoip_disable", true).flag("$is_server", true)
}

func pythonBase(d *draft) {
	d.props.str("$lib", "posthog-python").str("$lib_version", "7.4.2").flag("$geoip_disable", true).flag("$is_server", true).
		str("$python_runtime", "CPython").str("$python_version", "3.13.5").str("$os", "Linux").str("$os_distro", "debian").
		str("$os_version", "13")
}

// importBase is a record of an older system, copied in.
func importBase(d *draft) {
	d.props.str("$lib", "posthog-python").str("$lib_version", "3.6.0").flag("historical_migration", true).flag("$geoip_disable", true).
		str("import_batch", fmt.Sprintf("legacy-%03d", d.rng.IntN(40)))
}

// serverEnrich has only the server's own address; nothing is looked up for it.
func serverEnrich(d *draft) {
	d.props.str("$ip", "192.0.2.10")
}

// serverCustom is a business event of the backend.
func serverCustom(d *draft) {
	d.name = pick(d.rng, []string{"subscription renewed", "separation finished", "invoice paid", "export delivered"})
	d.props.str("job_id", uuidV4(d.rng)).number("duration_seconds", float64(d.rng.IntN(90_000))/1000).
		integer("attempt", 1+d.rng.Int64N(3)).str("plan", d.person.plan).
		object("cost", func(o *object) {
			o.number("amount", float64(d.rng.IntN(5000))/100).str("currency", "USD")
		}).
		strs("models", "vocals-v4", "drums-v2")
	if chance(d.rng, 40) { // what the client passed on, under a name of its own
		d.props.str("session_id", d.session)
	}
}
