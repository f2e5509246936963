package sample

import "github.com/posthog-tracks/posthog-tracks/internal/window"

// staleOrphans are other versions of events that the export holds, stored later
// than those: loading them would spoil what the export says.
func (s *source) staleOrphans() []Row {
	const count = 6
	var rows []Row
	for slot := range min(count, s.options.Events) {
		row, ok := s.ordinary(slot)
		if !ok {
			continue
		}
		finals := []Final{finalOf(row, row)}
		if row.Timestamp.V < s.cutover {
			finals = nil
		}
		row = marked(row, "orphan")
		row.InsertedAt.V += hour
		rows = append(rows, s.orphan(row, "another version of an event of the export", finals))
	}
	return rows
}

// ownOrphans are events that the export does not hold: loading them would add rows.
func (s *source) ownOrphans() []Row {
	const count = 3
	var rows []Row
	for i := range uint64(count) {
		noise := key(s.g.seed, topicTrap, nameKey(OrphanPart), windowKey(s.window), i)
		row := marked(s.g.promptEvent(s.window, noise), "orphan")
		rows = append(rows, s.orphan(row, "an event that the export does not hold", nil))
	}
	return rows
}

func (s *source) orphan(row Row, name string, finals []Final) Row {
	row.Trap = OrphanPart
	row.truth = &Truth{
		Trap: OrphanPart, Case: name, Window: s.window, UUID: row.UUID, EventID: row.UUID.V, Marker: row.Marker,
		Outcome: NotLoaded, Finals: finals, Deliveries: []window.Window{s.window},
	}
	return row
}
