package sample

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
)

// population is how many people use the imaginary product. A few of them are
// behind most of its events.
const population = 60_000

// person is somebody who uses the product, with the devices they use.
type person struct {
	number          int
	id              string // person_id
	distinctID      string
	first, last     string
	email           string
	identified      bool
	plan            string
	instrument      string
	since           int64 // sign-up, microseconds since 1970
	ip              string
	place           *place
	browser         *browser
	apple, android  *phone
	version, build  string
	deviceID        string // $device_id of the browser
	flags           uint64 // decides every feature flag
	campaign        int    // index into campaigns, -1 for those who came by themselves
	sessionsCounted int64
}

var (
	firstNames = []string{
		"Ada", "Bruno", "Carmen", "Dário", "Elif", "Farid", "Greta", "Hugo", "Inês", "Jonas", "Keiko", "Lívia", "Mateus", "Nadia", "Oskar",
		"Priya", "Quentin", "Rosa", "Søren", "Tomás", "Uma", "Viktor", "Wanda", "Ximena", "Yusuf", "Zoë",
	}
	lastNames = []string{
		"Almeida", "Bergström", "Costa", "Dubois", "Eriksen", "Fontaine", "García", "Hoshino", "Ivanova", "Jansen", "Kowalska", "Lindqvist",
		"Moreau", "Nakamura", "Okafor", "Pereira", "Quispe", "Rossi", "Schneider", "Tanaka", "Usman", "Varga", "Weber", "Xavier", "Yılmaz", "Zanetti",
	}
	plans       = []string{"free", "free", "free", "free", "premium", "premium", "pro"}
	instruments = []string{"drums", "vocals", "guitar", "bass", "piano", "none"}
)

// population's first sign-up, 2023-05-01, and the span they are spread over.
const (
	firstSignUp = 1_682_899_200 * second
	signUpSpan  = 1000 * day
)

// someone draws a person; the low numbers are drawn far more often.
func (g *generator) someone(rng *rand.Rand) *person {
	return g.person(int(math.Pow(rng.Float64(), 2.5) * population))
}

// person makes the person of that number, always the same one.
func (g *generator) person(number int) *person {
	rng := stream(key(g.seed, topicPerson, uint64(number))) //nolint:gosec // never negative
	p := &person{
		number:     number,
		id:         uuidV5(fmt.Sprintf("person/%d/%d", g.seed, number)),
		first:      pick(rng, firstNames),
		last:       pick(rng, lastNames),
		identified: chance(rng, 82),
		plan:       pick(rng, plans),
		instrument: pick(rng, instruments),
		since:      firstSignUp + rng.Int64N(signUpSpan/millisecond)*millisecond,
		place:      &places[rng.IntN(len(places))],
		browser:    &browsers[rng.IntN(len(browsers))],
		apple:      &applePhones[rng.IntN(len(applePhones))],
		android:    &androidPhones[rng.IntN(len(androidPhones))],
		ip:         address(rng),
		flags:      rng.Uint64(),
		campaign:   -1,
	}
	release := pick(rng, appVersions)
	p.version, p.build = release[0], release[1]
	p.sessionsCounted = 1 + rng.Int64N(400)
	p.email = strings.ToLower(ascii(p.first)+"."+ascii(p.last)) + strconv.Itoa(number) + "@example.com"
	p.deviceID = uuidV7(p.since, rng)
	p.distinctID = distinctID(p, rng)
	if chance(rng, 12) {
		p.campaign = rng.IntN(len(campaigns))
	}
	return p
}

// distinctID is whatever the application identified the person with: mostly its
// own user id, else the id the SDK made up, an address, or a number.
func distinctID(p *person, rng *rand.Rand) string {
	draw := rng.IntN(100)
	switch {
	case !p.identified:
		return p.deviceID
	case draw < 4:
		return p.email
	case draw < 8:
		return strconv.Itoa(1_000_000 + p.number)
	default:
		return uuidV4(rng)
	}
}

// address is from the ranges reserved for documentation.
func address(rng *rand.Rand) string {
	switch {
	case chance(rng, 15):
		return fmt.Sprintf("2001:db8:%x:%x::%x", rng.IntN(0xffff), rng.IntN(0xffff), 1+rng.IntN(0xfffe))
	case chance(rng, 50):
		return fmt.Sprintf("192.0.2.%d", 1+rng.IntN(254))
	default:
		return fmt.Sprintf("198.51.100.%d", 1+rng.IntN(254))
	}
}

// ascii drops what an address book would not put into a mail address.
func ascii(name string) string {
	return strings.Map(func(r rune) rune {
		if r < 128 {
			return r
		}
		return -1
	}, name)
}

// session returns the id of the session the person is in at that time, and when it
// began: everything within the same half hour belongs together.
func (g *generator) session(p *person, at int64) (id string, began int64) {
	const length = 30 * minute
	slot := at / length
	rng := stream(key(g.seed, topicSession, uint64(p.number), uint64(slot))) //nolint:gosec // times are after 1970
	began = slot*length + rng.Int64N(minute/millisecond)*millisecond
	return uuidV7(began, rng), min(began, at)
}
