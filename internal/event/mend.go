package event

import (
	"bytes"
	"strconv"
)

// MaxNesting is how deep a payload may nest: BigQuery's limit for JSON.
const MaxNesting = 500

// Mends counts the places of a payload that had to be changed because no
// warehouse can store them. Everything else is kept as sent, byte for byte.
type Mends struct {
	// LoneSurrogates are \uD800 to \uDFFF escapes without their other half, which
	// are no characters; each became \ufffd.
	LoneSurrogates int `json:"loneSurrogates,omitempty"`
	// HugeNumbers overflow a double, such as 1e999; each became a string of the
	// same digits.
	HugeNumbers int `json:"hugeNumbers,omitempty"`
	// DeepValues lay deeper than MaxNesting; each became a string of its JSON text.
	DeepValues int `json:"deepValues,omitempty"`
}

// Add sums up counts.
func (m Mends) Add(other Mends) Mends {
	m.LoneSurrogates += other.LoneSurrogates
	m.HugeNumbers += other.HugeNumbers
	m.DeepValues += other.DeepValues
	return m
}

// Total is the number of changed places.
func (m Mends) Total() int { return m.LoneSurrogates + m.HugeNumbers + m.DeepValues }

// mender rewrites payloads into its own buffer, and only those that need it.
type mender struct {
	out   []byte
	mends Mends
}

// mend returns text itself when every warehouse can store it, else a mended copy
// that is good until the next call. text must be valid JSON.
func (m *mender) mend(text []byte) ([]byte, Mends) {
	if !mayNeedMending(text) {
		return text, Mends{}
	}
	m.out, m.mends = m.out[:0], Mends{}
	depth := 0
	for i := 0; i < len(text); {
		switch c := text[i]; c {
		case '{', '[':
			end := i + 1
			if depth == MaxNesting {
				end = containerEnd(text, i)
				m.out = appendQuoted(m.out, text[i:end])
				m.mends.DeepValues++
			} else {
				depth++
				m.out = append(m.out, c)
			}
			i = end
		case '}', ']':
			depth--
			m.out = append(m.out, c)
			i++
		case '"':
			end := stringEnd(text, i)
			m.appendString(text[i:end])
			i = end
		case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
			end := numberEnd(text, i)
			m.appendNumber(text[i:end])
			i = end
		default:
			m.out = append(m.out, c)
			i++
		}
	}
	if m.mends.Total() == 0 {
		return text, Mends{}
	}
	return m.out, m.mends
}

// appendString copies a string token and replaces lone surrogates in it.
func (m *mender) appendString(token []byte) {
	for i := 0; i < len(token); {
		if token[i] != '\\' {
			m.out = append(m.out, token[i])
			i++
			continue
		}
		width := escapeWidth(token, i)
		if isLoneSurrogate(token, i) {
			m.out = append(m.out, `\ufffd`...)
			m.mends.LoneSurrogates++
		} else {
			m.out = append(m.out, token[i:i+width]...)
		}
		i += width
	}
}

func (m *mender) appendNumber(token []byte) {
	if !overflowsDouble(token) {
		m.out = append(m.out, token...)
		return
	}
	m.out = append(m.out, '"')
	m.out = append(m.out, token...)
	m.out = append(m.out, '"')
	m.mends.HugeNumbers++
}

// mayNeedMending is a cheap test that nearly every payload fails: it looks for
// bytes without which there is nothing to mend.
func mayNeedMending(text []byte) bool {
	return bytes.Contains(text, []byte(`\ud`)) || bytes.Contains(text, []byte(`\uD`)) ||
		openBrackets(text) > MaxNesting ||
		mayHoldHugeNumber(text)
}

func overflowsDouble(token []byte) bool {
	if len(token) < 4 {
		return false
	}
	_, err := strconv.ParseFloat(viewString(token), 64)
	return err != nil // the token is a valid number, so out of range is all it can be
}
