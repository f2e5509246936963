package sample

import "math/rand/v2"

// Shape names an SDK and the call an event is modelled on, for example "web $pageview".
type Shape string

// platform is the SDK an event comes from.
type platform int

const (
	web platform = iota
	ios
	android
	reactNative
	node
	python
	importer
)

// shape is a kind of event.
type shape struct {
	name     Shape
	platform platform
	event    string // the event's name; "" where write draws one
	weight   int    // how often, in thousandths of about all events
	write    func(*draft)
	minimal  bool // sent with an allow-list of properties only: no device, no flags
}

// sdk is what the events of a platform have in common.
type sdk struct {
	late   lateness
	id     func(*draft) string
	begin  func(*draft) // settles session, page or phone
	base   func(*draft) // properties that every event carries
	lean   func(*draft) // those that a minimal event keeps
	enrich func(*draft) // what ingestion adds at the end
	flags  bool         // the client knows its feature flags
}

var sdks = map[platform]*sdk{
	web:         {late: browserLateness, id: clientID, begin: beginPage, base: webBase, lean: webLean, enrich: webEnrich, flags: true},
	ios:         {late: phoneLateness, id: clientID, begin: beginApple, base: iosBase, lean: phoneLean, enrich: phoneEnrich, flags: true},
	android:     {late: phoneLateness, id: clientID, begin: beginAndroid, base: androidBase, lean: phoneLean, enrich: phoneEnrich, flags: true},
	reactNative: {late: phoneLateness, id: clientID, begin: beginReactNative, base: reactNativeBase, lean: phoneLean, enrich: phoneEnrich, flags: true},
	node:        {late: serverLateness, id: clientID, begin: beginServer, base: nodeBase, enrich: serverEnrich},
	python:      {late: serverLateness, id: pythonID, begin: beginServer, base: pythonBase, enrich: serverEnrich},
	importer:    {late: phoneLateness, id: importID, begin: beginServer, base: importBase, enrich: serverEnrich},
}

// shapes is the mix of a consumer product on phones and the web: about 40 % custom
// events, 18 % screens, 14 % application life cycle, 10 % page views and leaves,
// 6 % autocapture, 9 % flag calls, 3 % identification.
var shapes = []shape{
	{name: "web $pageview", platform: web, event: "$pageview", weight: 60, write: pageview},
	{name: "web $pageleave", platform: web, event: "$pageleave", weight: 40, write: pageleave},
	{name: "web $autocapture", platform: web, event: "$autocapture", weight: 58, write: autocapture},
	{name: "web $rageclick", platform: web, event: "$rageclick", weight: 2, write: autocapture},
	{name: "web $web_vitals", platform: web, event: "$web_vitals", weight: 6, write: webVitals},
	{name: "web $identify", platform: web, event: "$identify", weight: 6, write: identify},
	{name: "web $set", platform: web, event: "$set", weight: 4, write: setOnly},
	{name: "web $feature_flag_called", platform: web, event: "$feature_flag_called", weight: 18, write: writeFlagCall},
	{name: "web minimal $feature_flag_called", platform: web, event: "$feature_flag_called", weight: 7, write: writeFlagCall, minimal: true},
	{name: "web $exception", platform: web, event: "$exception", weight: 3, write: exception},
	{name: "web custom", platform: web, weight: 70, write: custom},

	{name: "ios $screen", platform: ios, event: "$screen", weight: 100, write: screen},
	{name: "ios Application Opened", platform: ios, event: "Application Opened", weight: 42, write: opened},
	{name: "ios Application Backgrounded", platform: ios, event: "Application Backgrounded", weight: 32, write: nothingMore},
	{name: "ios Application Installed", platform: ios, event: "Application Installed", weight: 3, write: installed},
	{name: "ios Application Updated", platform: ios, event: "Application Updated", weight: 4, write: updated},
	{name: "ios $identify", platform: ios, event: "$identify", weight: 7, write: identify},
	{name: "ios $set", platform: ios, event: "$set", weight: 4, write: setOnly},
	{name: "ios $feature_flag_called", platform: ios, event: "$feature_flag_called", weight: 26, write: writeFlagCall},
	{name: "ios minimal $feature_flag_called", platform: ios, event: "$feature_flag_called", weight: 8, write: writeFlagCall, minimal: true},
	{name: "ios $exception", platform: ios, event: "$exception", weight: 2, write: exception},
	{name: "ios custom", platform: ios, weight: 150, write: custom},

	{name: "android $screen", platform: android, event: "$screen", weight: 65, write: screen},
	{name: "android Application Opened", platform: android, event: "Application Opened", weight: 26, write: opened},
	{name: "android Application Backgrounded", platform: android, event: "Application Backgrounded", weight: 20, write: nothingMore},
	{name: "android Application Installed", platform: android, event: "Application Installed", weight: 2, write: installed},
	{name: "android Application Updated", platform: android, event: "Application Updated", weight: 3, write: updated},
	{name: "android $identify", platform: android, event: "$identify", weight: 5, write: identify},
	{name: "android $groupidentify", platform: android, event: "$groupidentify", weight: 2, write: groupIdentify},
	{name: "android $feature_flag_called", platform: android, event: "$feature_flag_called", weight: 22, write: writeFlagCall},
	{name: "android $exception", platform: android, event: "$exception", weight: 2, write: exception},
	{name: "android custom", platform: android, weight: 113, write: custom},

	{name: "react-native $screen", platform: reactNative, event: "$screen", weight: 15, write: screen},
	{name: "react-native Application Opened", platform: reactNative, event: "Application Opened", weight: 11, write: opened},
	{name: "react-native $feature_flag_called", platform: reactNative, event: "$feature_flag_called", weight: 9, write: writeFlagCall},
	{name: "react-native custom", platform: reactNative, weight: 27, write: custom},

	{name: "node custom", platform: node, weight: 9, write: serverCustom},
	{name: "node $groupidentify", platform: node, event: "$groupidentify", weight: 2, write: groupIdentify},
	{name: "python custom", platform: python, weight: 6, write: serverCustom},
	{name: "import", platform: importer, weight: 3, write: serverCustom},
}

// totalWeight is the sum of all weights.
var totalWeight = func() (sum int) {
	for i := range shapes {
		sum += shapes[i].weight
	}
	return sum
}()

// Shapes lists every kind of event the generator makes.
func Shapes() []Shape {
	names := make([]Shape, len(shapes))
	for i := range shapes {
		names[i] = shapes[i].name
	}
	return names
}

// anyShape draws a shape by weight.
func anyShape(rng *rand.Rand) *shape {
	draw := rng.IntN(totalWeight)
	for i := range shapes {
		if draw -= shapes[i].weight; draw < 0 {
			return &shapes[i]
		}
	}
	return &shapes[0]
}

// nothingMore is for events that carry what every event carries.
func nothingMore(*draft) {}
