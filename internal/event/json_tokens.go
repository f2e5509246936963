package event

import (
	"bytes"
	"strconv"
	"strings"
)

// The functions below walk JSON that is known to be valid, but for the first.

// nestsDeeperThan reports whether brackets outside of strings open over limit
// levels. It alone takes text that need not be valid, and never recurses.
func nestsDeeperThan(text []byte, limit int) bool {
	if openBrackets(text) <= limit {
		return false
	}
	depth := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '{', '[':
			if depth++; depth > limit {
				return true
			}
		case '}', ']':
			depth--
		case '"':
			for i++; i < len(text) && text[i] != '"'; i++ {
				if text[i] == '\\' {
					i++
				}
			}
		}
	}
	return false
}

func openBrackets(text []byte) int {
	return bytes.Count(text, []byte{'{'}) + bytes.Count(text, []byte{'['})
}

// stringEnd returns the index behind the string that begins at i.
func stringEnd(text []byte, i int) int {
	for i++; text[i] != '"'; i++ {
		if text[i] == '\\' {
			i++
		}
	}
	return i + 1
}

// numberEnd returns the index behind the number that begins at i.
func numberEnd(text []byte, i int) int {
	for i < len(text) && isNumberByte(text[i]) {
		i++
	}
	return i
}

func isNumberByte(c byte) bool {
	return '0' <= c && c <= '9' || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E'
}

// containerEnd returns the index behind the object or array that begins at i.
func containerEnd(text []byte, i int) int {
	for depth := 0; ; {
		switch text[i] {
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		case '"':
			i = stringEnd(text, i)
			continue
		}
		i++
		if depth == 0 {
			return i
		}
	}
}

// escapeWidth is the length of the escape at token[i]: a surrogate pair counts as one.
func escapeWidth(token []byte, i int) int {
	switch {
	case token[i+1] != 'u':
		return 2
	case isHighSurrogate(token, i) && isLowSurrogate(token, i+6):
		return 12
	default:
		return 6
	}
}

// isLoneSurrogate reports whether the escape at token[i] is half a pair.
func isLoneSurrogate(token []byte, i int) bool {
	return isLowSurrogate(token, i) || isHighSurrogate(token, i) && !isLowSurrogate(token, i+6)
}

func isHighSurrogate(token []byte, i int) bool { return isEscapeBetween(token, i, 0xd800, 0xdbff) }
func isLowSurrogate(token []byte, i int) bool  { return isEscapeBetween(token, i, 0xdc00, 0xdfff) }

func isEscapeBetween(token []byte, i int, low, high uint64) bool {
	if i+6 > len(token) || token[i] != '\\' || token[i+1] != 'u' {
		return false
	}
	unit, err := strconv.ParseUint(viewString(token[i+2:i+6]), 16, 16)
	return err == nil && low <= unit && unit <= high
}

// appendQuoted appends JSON text as a JSON string.
func appendQuoted(to, text []byte) []byte {
	to = append(to, '"')
	for _, c := range text {
		switch c {
		case '"', '\\':
			to = append(to, '\\', c)
		case '\n':
			to = append(to, `\n`...)
		case '\r':
			to = append(to, `\r`...)
		case '\t':
			to = append(to, `\t`...)
		default:
			to = append(to, c)
		}
	}
	return append(to, '"')
}

// longestDouble is more digits than any number within the range of a double has
// before its point.
const longestDouble = 309

// mayHoldHugeNumber reports whether text may hold a number that overflows a
// double: one with an exponent of three digits or more, or with 309 digits.
// Strings can look the same, so true means no more than "look closer".
func mayHoldHugeNumber(text []byte) bool {
	for i := longestDouble - 1; i < len(text); i += longestDouble {
		if isDigit(text[i]) && isDigit(text[i-1]) && digitsAround(text, i) >= longestDouble {
			return true
		}
	}
	return mayHoldHugeExponent(text, 'e') || mayHoldHugeExponent(text, 'E')
}

func mayHoldHugeExponent(text []byte, e byte) bool {
	for i := bytes.IndexByte(text, e); i >= 0; {
		if i > 0 && isDigit(text[i-1]) && exponentDigits(text[i+1:]) >= 3 {
			return true
		}
		next := bytes.IndexByte(text[i+1:], e)
		if next < 0 {
			return false
		}
		i += 1 + next
	}
	return false
}

// exponentDigits counts the digits of an exponent that ends a number; 0 when what
// follows is no such thing, as in most hexadecimal ids.
func exponentDigits(text []byte) int {
	if len(text) > 0 && (text[0] == '+' || text[0] == '-') {
		text = text[1:]
	}
	n := 0
	for n < len(text) && isDigit(text[n]) {
		n++
	}
	if n < len(text) && strings.IndexByte(",}] \t\r\n", text[n]) < 0 {
		return 0
	}
	return n
}

func digitsAround(text []byte, i int) int {
	first, last := i, i
	for first > 0 && isDigit(text[first-1]) {
		first--
	}
	for last < len(text) && isDigit(text[last]) {
		last++
	}
	return last - first
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
