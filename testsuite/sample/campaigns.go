package sample

// campaignKeys are the query parameters that posthog-js reports on every event,
// as null where absent.
var campaignKeys = []string{
	"utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term",
	"gclid", "gad_source", "gclsrc", "dclid", "gbraid", "wbraid", "fbclid",
	"msclkid", "twclid", "li_fat_id", "mc_cid", "igshid", "ttclid", "rdt_cid",
	"epik", "qclid", "sccid", "irclid", "_kx",
}

// campaigns are where advertising brought people from.
var campaigns = []map[string]string{
	{"utm_source": "newsletter", "utm_medium": "email", "utm_campaign": "spring-2026", "mc_cid": "5f1d0c9b7a"},
	{"utm_source": "google", "utm_medium": "cpc", "utm_campaign": "brand-br", "utm_term": "separar vocais", "gad_source": "1", "gclid": "EAIaIQobChMI-sample-click"},
	{"utm_source": "instagram", "utm_medium": "social", "utm_content": "story-3", "fbclid": "IwAR0sampleSampleSample"},
	{"utm_source": "partner", "utm_medium": "referral", "utm_campaign": "drummers"},
}

// writeCampaign writes the campaign keys with a prefix, "" or "$initial_".
func writeCampaign(o *object, p *person, prefix string) {
	if p.campaign < 0 {
		for _, name := range campaignKeys {
			o.null(prefix + name)
		}
		return
	}
	known := campaigns[p.campaign]
	for _, name := range campaignKeys {
		if value, ok := known[name]; ok {
			o.str(prefix+name, value)
		} else {
			o.null(prefix + name)
		}
	}
}
