package sample

// place is what a GeoIP database knows of an address.
type place struct {
	city, region, regionCode string
	country, countryCode     string
	continent, continentCode string
	postal, zone, language   string
	latitude, longitude      float64
	accuracy                 int64
	zoneOffset               int64 // minutes west of UTC, as JavaScript counts
}

// places are all equally likely. One without a city is an address that the GeoIP
// database knows no more than the country of.
var places = []place{
	{"Cleveland", "Ohio", "OH", "United States", "US", "North America", "NA", "44114", "America/New_York", "en-US", 41.5074, -81.6864, 20, 240},
	{"New York", "New York", "NY", "United States", "US", "North America", "NA", "10118", "America/New_York", "en-US", 40.7126, -74.0066, 20, 240},
	{"Austin", "Texas", "TX", "United States", "US", "North America", "NA", "78701", "America/Chicago", "en-US", 30.2711, -97.7437, 20, 300},
	{"Los Angeles", "California", "CA", "United States", "US", "North America", "NA", "90009", "America/Los_Angeles", "en-US", 34.0544, -118.2441, 20, 420},
	{"Toronto", "Ontario", "ON", "Canada", "CA", "North America", "NA", "M5A", "America/Toronto", "en-CA", 43.6532, -79.3832, 10, 240},
	{"Mexico City", "Mexico City", "CMX", "Mexico", "MX", "North America", "NA", "06000", "America/Mexico_City", "es-MX", 19.4285, -99.1277, 50, 360},
	{"São Paulo", "São Paulo", "SP", "Brazil", "BR", "South America", "SA", "01323", "America/Sao_Paulo", "pt-BR", -23.5475, -46.6361, 20, 180},
	{"João Pessoa", "Paraíba", "PB", "Brazil", "BR", "South America", "SA", "58000", "America/Fortaleza", "pt-BR", -7.115, -34.8631, 50, 180},
	{"Rio de Janeiro", "Rio de Janeiro", "RJ", "Brazil", "BR", "South America", "SA", "20000", "America/Sao_Paulo", "pt-BR", -22.9064, -43.1822, 20, 180},
	{"Bogotá", "Bogota D.C.", "DC", "Colombia", "CO", "South America", "SA", "110111", "America/Bogota", "es-CO", 4.6115, -74.0833, 20, 300},
	{"Buenos Aires", "Buenos Aires F.D.", "C", "Argentina", "AR", "South America", "SA", "1871", "America/Argentina/Buenos_Aires", "es-AR", -34.6142, -58.3811, 50, 180},
	{"London", "England", "ENG", "United Kingdom", "GB", "Europe", "EU", "EC1A", "Europe/London", "en-GB", 51.5088, -0.093, 20, -60},
	{"Berlin", "State of Berlin", "BE", "Germany", "DE", "Europe", "EU", "10178", "Europe/Berlin", "de-DE", 52.5196, 13.4069, 20, -120},
	{"Köln", "North Rhine-Westphalia", "NW", "Germany", "DE", "Europe", "EU", "50667", "Europe/Berlin", "de-DE", 50.9333, 6.95, 20, -120},
	{"Paris", "Île-de-France", "IDF", "France", "FR", "Europe", "EU", "75001", "Europe/Paris", "fr-FR", 48.8558, 2.3494, 20, -120},
	{"Madrid", "Madrid", "M", "Spain", "ES", "Europe", "EU", "28001", "Europe/Madrid", "es-ES", 40.4163, -3.6934, 20, -120},
	{"Lisbon", "Lisbon", "11", "Portugal", "PT", "Europe", "EU", "1000-001", "Europe/Lisbon", "pt-PT", 38.7219, -9.1398, 50, -60},
	{"Warsaw", "Mazovia", "14", "Poland", "PL", "Europe", "EU", "00-110", "Europe/Warsaw", "pl-PL", 52.2296, 21.0067, 20, -120},
	{"Mumbai", "Maharashtra", "MH", "India", "IN", "Asia", "AS", "400017", "Asia/Kolkata", "en-IN", 19.0748, 72.8856, 50, -330},
	{"Jakarta", "Jakarta", "JK", "Indonesia", "ID", "Asia", "AS", "", "Asia/Jakarta", "id-ID", -6.2114, 106.8446, 20, -420},
	{"Tokyo", "Tokyo", "13", "Japan", "JP", "Asia", "AS", "151-0053", "Asia/Tokyo", "ja-JP", 35.6893, 139.6899, 20, -540},
	{"Seoul", "Seoul", "11", "South Korea", "KR", "Asia", "AS", "04524", "Asia/Seoul", "ko-KR", 37.5658, 126.978, 20, -540},
	{"Sydney", "New South Wales", "NSW", "Australia", "AU", "Oceania", "OC", "2000", "Australia/Sydney", "en-AU", -33.8715, 151.2006, 20, -600},
	{"Lagos", "Lagos", "LA", "Nigeria", "NG", "Africa", "AF", "", "Africa/Lagos", "en-NG", 6.4474, 3.3903, 100, -60},
	{"", "", "", "United States", "US", "North America", "NA", "", "America/Chicago", "en-US", 37.751, -97.822, 1000, 300},
	{"", "", "", "Brazil", "BR", "South America", "SA", "", "America/Sao_Paulo", "pt-BR", -22.8305, -43.2192, 1000, 180},
	{"", "", "", "Germany", "DE", "Europe", "EU", "", "Europe/Berlin", "de-DE", 51.2993, 9.491, 200, -120},
	{"", "", "", "India", "IN", "Asia", "AS", "", "Asia/Kolkata", "hi-IN", 21.9974, 79.0011, 1000, -330},
}

// locate writes the keys that the GeoIP transformation sets on an event itself:
// only those that are known.
func (p *place) locate(o *object) {
	if p.city != "" {
		o.str("$geoip_city_name", p.city)
		o.str("$geoip_subdivision_1_name", p.region).str("$geoip_subdivision_1_code", p.regionCode)
	}
	if p.postal != "" {
		o.str("$geoip_postal_code", p.postal)
	}
	o.str("$geoip_country_name", p.country).str("$geoip_country_code", p.countryCode).
		str("$geoip_continent_name", p.continent).str("$geoip_continent_code", p.continentCode).
		number("$geoip_latitude", p.latitude).number("$geoip_longitude", p.longitude).
		integer("$geoip_accuracy_radius", p.accuracy).str("$geoip_time_zone", p.zone)
}

// describe writes the fifteen keys of a person's place, null where unknown, with
// the given prefix: "$geoip_" in $set, "$initial_geoip_" in $set_once.
func (p *place) describe(o *object, prefix string) {
	known := func(name, value string) {
		if value == "" {
			o.null(prefix + name)
			return
		}
		o.str(prefix+name, value)
	}
	known("city_name", p.city)
	o.null(prefix+"city_confidence", prefix+"subdivision_2_name", prefix+"subdivision_2_code")
	known("subdivision_1_name", p.region)
	known("subdivision_1_code", p.regionCode)
	known("country_name", p.country)
	known("country_code", p.countryCode)
	known("continent_name", p.continent)
	known("continent_code", p.continentCode)
	known("postal_code", p.postal)
	o.number(prefix+"latitude", p.latitude).number(prefix+"longitude", p.longitude).
		integer(prefix+"accuracy_radius", p.accuracy)
	known("time_zone", p.zone)
}
