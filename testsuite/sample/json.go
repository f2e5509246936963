package sample

import "strconv"

// object writes one JSON object straight into bytes, keys in the order they are
// given: PostHog keeps the order in which an SDK wrote them. Keys are constants
// of this package and need no escaping. Methods return the object, so that a
// group of properties reads as one table.
type object struct {
	buf []byte
}

// begin starts a new object in the same memory.
func (o *object) begin() *object {
	o.buf = append(o.buf[:0], '{')
	return o
}

// end closes the outermost object and returns its text.
func (o *object) end() string {
	o.buf = append(o.buf, '}')
	return string(o.buf)
}

// key writes the separator and a key.
func (o *object) key(key string) {
	o.comma()
	o.buf = append(o.buf, '"')
	o.buf = append(o.buf, key...)
	o.buf = append(o.buf, '"', ':')
}

// comma separates a value from the one before it, if there is one.
func (o *object) comma() {
	if last := o.buf[len(o.buf)-1]; last != '{' && last != '[' {
		o.buf = append(o.buf, ',')
	}
}

func (o *object) str(key, value string) *object {
	o.key(key)
	o.buf = appendQuoted(o.buf, value)
	return o
}

func (o *object) integer(key string, value int64) *object {
	o.key(key)
	o.buf = strconv.AppendInt(o.buf, value, 10)
	return o
}

func (o *object) number(key string, value float64) *object {
	o.key(key)
	o.buf = strconv.AppendFloat(o.buf, value, 'f', -1, 64)
	return o
}

func (o *object) flag(key string, value bool) *object {
	o.key(key)
	o.buf = strconv.AppendBool(o.buf, value)
	return o
}

func (o *object) null(keys ...string) *object {
	for _, key := range keys {
		o.key(key)
		o.buf = append(o.buf, "null"...)
	}
	return o
}

// raw writes a value that is JSON already.
func (o *object) raw(key, json string) *object {
	o.key(key)
	o.buf = append(o.buf, json...)
	return o
}

// strs writes an array of strings.
func (o *object) strs(key string, values ...string) *object {
	o.key(key)
	o.buf = append(o.buf, '[')
	for _, value := range values {
		o.comma()
		o.buf = appendQuoted(o.buf, value)
	}
	o.buf = append(o.buf, ']')
	return o
}

// object writes a nested object with the properties that fill adds.
func (o *object) object(key string, fill func(*object)) *object {
	o.key(key)
	o.buf = append(o.buf, '{')
	fill(o)
	o.buf = append(o.buf, '}')
	return o
}

// objects writes an array of count nested objects.
func (o *object) objects(key string, count int, fill func(o *object, i int)) *object {
	o.key(key)
	o.buf = append(o.buf, '[')
	for i := range count {
		o.comma()
		o.buf = append(o.buf, '{')
		fill(o, i)
		o.buf = append(o.buf, '}')
	}
	o.buf = append(o.buf, ']')
	return o
}

// appendQuoted writes a JSON string as JavaScript does: only what must be escaped
// is, so "&", "<" and non-ASCII text stay as they are.
func appendQuoted(buf []byte, value string) []byte {
	const hex = "0123456789abcdef"
	buf = append(buf, '"')
	for i := range len(value) {
		switch c := value[i]; {
		case c == '"' || c == '\\':
			buf = append(buf, '\\', c)
		case c == '\n':
			buf = append(buf, '\\', 'n')
		case c < ' ':
			buf = append(buf, '\\', 'u', '0', '0', hex[c>>4], hex[c&0xf])
		default:
			buf = append(buf, c)
		}
	}
	return append(buf, '"')
}
