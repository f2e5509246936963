package event

import "bytes"

// alternatives are the second choices for columns that different SDKs send under
// different keys.
type alternatives struct {
	sessionID       []byte // session_id: custom events and the V1 wire format
	device          []byte // $device: web
	deviceName      []byte // $device_name: all that React Native sends
	osName          []byte // $os_name: mobile
	browserLanguage []byte // $browser_language: web has no $locale
	lib             []byte // $lib, for the client
}

// settle fills the columns whose first choice was not sent.
func (a *alternatives) settle(row *Row) {
	row.SessionID = first(row.SessionID, a.sessionID)
	row.DeviceModel = first(row.DeviceModel, a.device, a.deviceName)
	row.DeviceOS = first(row.DeviceOS, a.osName)
	row.Locale = first(row.Locale, a.browserLanguage)
	row.Client = first(row.Client, clientOf(a.lib, row.DeviceOS))
}

func first(choices ...[]byte) []byte {
	for _, c := range choices {
		if c != nil {
			return c
		}
	}
	return nil
}

var (
	web     = []byte("web")
	ios     = []byte("ios")
	android = []byte("android")
)

// clientOf is where an event came from, by its library; cross-platform libraries
// are told apart by the operating system. Nil for servers and imports.
func clientOf(lib, os []byte) []byte {
	switch string(lib) {
	case "web", "posthog-js":
		return web
	case "posthog-ios":
		return ios
	case "posthog-android":
		return android
	case "posthog-react-native", "posthog-flutter":
		return clientOfSystem(os)
	default:
		return nil
	}
}

func clientOfSystem(os []byte) []byte {
	switch {
	case bytes.EqualFold(os, []byte("iOS")), bytes.EqualFold(os, []byte("iPadOS")):
		return ios
	case bytes.EqualFold(os, []byte("Android")):
		return android
	case bytes.EqualFold(os, web):
		return web
	default:
		return nil
	}
}
