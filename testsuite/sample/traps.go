package sample

import (
	"fmt"
	"slices"
	"strings"
)

// Trap names something that real exports hold and that loaders stumble over.
type Trap string

// The traps, by what they bend.
// Traps in objects.
const (
	OrphanPart      Trap = "orphan-part"      // parts of an earlier attempt, not named by the manifest
	EmptyLastPart   Trap = "empty-last-part"  // the last part has no rows
	OverwrittenHour Trap = "overwritten-hour" // tells which rows the Retry run drops, changes and adds
)

// Traps in what is delivered again.
const (
	Redelivery          Trap = "redelivery"            // delivered again with newer properties
	MonthsOldRedelivery Trap = "months-old-redelivery" // first seen months after it happened, then again
	ChangedTimestamp    Trap = "changed-timestamp"     // delivered again with another timestamp
	ExactReplay         Trap = "exact-replay"          // the same row in a later window
	OlderContentLater   Trap = "older-content-later"   // a later window holds an older version
	DuplicateRows       Trap = "duplicate-rows"        // one event more than once in one file
)

// Traps in who an event is about.
const (
	EventCollision Trap = "event-collision" // one uuid, two event names
	UserCollision  Trap = "user-collision"  // one uuid, two distinct_ids
	NullUUID       Trap = "null-uuid"
	MalformedUUID  Trap = "malformed-uuid"
	UpperCaseUUID  Trap = "upper-case-uuid"
	NullEvent      Trap = "null-event"
	NullDistinctID Trap = "null-distinct-id"
)

// Traps in when it happened.
const (
	NullTimestamp   Trap = "null-timestamp"
	AbsurdTimestamp Trap = "absurd-timestamp"
	OldEvents       Trap = "before-cutover"
)

// Traps in properties.
const (
	NullProperties      Trap = "null-properties"
	EmptyProperties     Trap = "empty-properties"
	NonObjectProperties Trap = "non-object-properties"
	InvalidJSON         Trap = "invalid-json"
	InvalidUTF8         Trap = "invalid-utf8"
	LoneSurrogates      Trap = "lone-surrogates"
	NulEscape           Trap = "nul-escape" // \u0000
	WideNumbers         Trap = "wide-numbers"
	DuplicateKeys       Trap = "duplicate-keys"
	HugeProperties      Trap = "huge-properties" // about 1 MB
	DeepNesting         Trap = "deep-nesting"
	FlagTypes           Trap = "flag-types"  // one flag as boolean and as text
	WrongTypes          Trap = "wrong-types" // numbers, lists and objects where text is expected
)

// tale is a trap that is told in rows: what it does with events born in a window,
// and for how many windows after that they are delivered again.
type tale struct {
	trap Trap
	span int
	tell func(*teller)
}

// tales are in a fixed order, which decides nothing but keeps output stable.
var tales = []tale{
	{Redelivery, 3, tellRedelivery},
	{MonthsOldRedelivery, 3, tellMonthsOldRedelivery},
	{ChangedTimestamp, 1, tellChangedTimestamp},
	{ExactReplay, 1, tellExactReplay},
	{OlderContentLater, 1, tellOlderContentLater},
	{DuplicateRows, 0, tellDuplicateRows},
	{EventCollision, 1, tellEventCollision},
	{UserCollision, 1, tellUserCollision},
	{NullUUID, 0, tellNullUUID},
	{MalformedUUID, 0, tellMalformedUUID},
	{UpperCaseUUID, 1, tellUpperCaseUUID},
	{NullEvent, 0, tellNullEvent},
	{NullDistinctID, 0, tellNullDistinctID},
	{NullTimestamp, 0, tellNullTimestamp},
	{AbsurdTimestamp, 0, tellAbsurdTimestamp},
	{OldEvents, 0, tellOldEvents},
	{NullProperties, 0, tellNullProperties},
	{EmptyProperties, 0, tellEmptyProperties},
	{NonObjectProperties, 0, tellNonObjectProperties},
	{InvalidJSON, 0, tellInvalidJSON},
	{InvalidUTF8, 0, tellInvalidUTF8},
	{LoneSurrogates, 0, tellLoneSurrogates},
	{NulEscape, 0, tellNulEscape},
	{WideNumbers, 0, tellWideNumbers},
	{DuplicateKeys, 0, tellDuplicateKeys},
	{HugeProperties, 0, tellHugeProperties},
	{DeepNesting, 0, tellDeepNesting},
	{FlagTypes, 0, tellFlagTypes},
	{WrongTypes, 0, tellWrongTypes},
}

// Traps is a set of traps.
type Traps []Trap

// AllTraps returns every trap there is.
func AllTraps() Traps {
	all := Traps{OrphanPart, EmptyLastPart, OverwrittenHour}
	for _, tale := range tales {
		all = append(all, tale.trap)
	}
	return all
}

// Has reports whether the trap is in the set.
func (t Traps) Has(trap Trap) bool { return slices.Contains(t, trap) }

// Without returns the set less some of its traps.
func (t Traps) Without(traps ...Trap) Traps {
	return slices.DeleteFunc(slices.Clone(t), func(trap Trap) bool { return slices.Contains(traps, trap) })
}

// ParseTraps reads "all", "none" or names separated by commas.
func ParseTraps(text string) (Traps, error) {
	switch text {
	case "all":
		return AllTraps(), nil
	case "none", "":
		return nil, nil
	}
	var traps Traps
	for name := range strings.SplitSeq(text, ",") {
		trap := Trap(strings.TrimSpace(name))
		if !AllTraps().Has(trap) {
			return nil, fmt.Errorf("trap %q is none of: all, none, %s", trap, AllTraps())
		}
		traps = append(traps, trap)
	}
	return traps, nil
}

// String lists the traps as ParseTraps reads them.
func (t Traps) String() string {
	names := make([]string, len(t))
	for i, trap := range t {
		names[i] = string(trap)
	}
	return strings.Join(names, ", ")
}
