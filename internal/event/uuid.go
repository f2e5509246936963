package event

// uuidLength is the length of a UUID's text form, 8-4-4-4-12.
const uuidLength = 36

// canonicalUUID writes the lower-case form of text into to, which holds 36 bytes,
// and reports whether text is a UUID at all. PostHog writes lower case; upper case
// is folded because two spellings of one id would be two rows.
//
// Any version and variant is accepted: SDKs write v7, posthog-python v4, imports
// v5, and old servers wrote ids with no version at all.
func canonicalUUID(to, text []byte) bool {
	if len(text) != uuidLength {
		return false
	}
	for i, c := range text {
		switch {
		case i == 8 || i == 13 || i == 18 || i == 23:
			if c != '-' {
				return false
			}
		case '0' <= c && c <= '9', 'a' <= c && c <= 'f':
		case 'A' <= c && c <= 'F':
			c |= 0x20
		default:
			return false
		}
		to[i] = c
	}
	return true
}
