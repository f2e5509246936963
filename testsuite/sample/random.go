package sample

import (
	"encoding/binary"
	"math/rand/v2"

	"github.com/google/uuid"
)

// topic keeps the random numbers of different things apart.
type topic uint64

const (
	topicEvent topic = iota + 1
	topicPerson
	topicSession
	topicOrder
	topicColumns
	topicTrap
	topicUpload
)

// key folds a seed, a topic and the parts that name one thing into 64 bits.
// Everything random hangs on such a key and on nothing that ran before it, so any
// event of any window can be made again on its own.
func key(seed uint64, t topic, parts ...uint64) uint64 {
	h := mix(seed ^ mix(uint64(t)))
	for _, part := range parts {
		h = mix(h ^ part)
	}
	return h
}

// mix is the finaliser of SplitMix64.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9
	x = (x ^ (x >> 27)) * 0x94d049bb133111eb
	return x ^ (x >> 31)
}

// stream returns the random numbers that belong to a key.
func stream(key uint64) *rand.Rand {
	return rand.New(rand.NewPCG(key, mix(key))) //nolint:gosec // sample data must come out the same every time
}

// pick returns one of the choices, all equally likely.
func pick[T any](rng *rand.Rand, choices []T) T {
	return choices[rng.IntN(len(choices))]
}

// chance reports true in percent of the cases.
func chance(rng *rand.Rand, percent float64) bool {
	return rng.Float64()*100 < percent
}

// uuidV7 is what the client SDKs make: the capture time in milliseconds, then noise.
func uuidV7(micros int64, rng *rand.Rand) string {
	id := timed(micros, rng)
	id[6] = id[6]&0x0f | 0x70
	id[8] = id[8]&0x3f | 0x80
	return id.String()
}

// uuidV4 is what posthog-python makes.
func uuidV4(rng *rand.Rand) string {
	var id uuid.UUID
	binary.BigEndian.PutUint64(id[:8], rng.Uint64())
	binary.BigEndian.PutUint64(id[8:], rng.Uint64())
	id[6] = id[6]&0x0f | 0x40
	id[8] = id[8]&0x3f | 0x80
	return id.String()
}

// uuidT is what PostHog's server made before version 7 existed: time, a counter
// that is nearly always zero, then noise without a version.
func uuidT(micros int64, rng *rand.Rand) string {
	id := timed(micros, rng)
	id[6], id[7] = 0, 0
	return id.String()
}

// uuidV5 is what imports make, from a name that stays the same when run again.
func uuidV5(name string) string {
	return uuid.NewSHA1(uuid.NameSpaceURL, []byte(name)).String()
}

// timed is noise after a time in milliseconds.
func timed(micros int64, rng *rand.Rand) uuid.UUID {
	var id uuid.UUID
	millis := uint64(micros / 1000) //nolint:gosec // event times are after 1970
	binary.BigEndian.PutUint64(id[:8], millis<<16|rng.Uint64()>>48)
	binary.BigEndian.PutUint64(id[8:], rng.Uint64())
	return id
}
