package fakegcs

import (
	"net/http"
	"strings"
	"sync"
)

// Fault spoils the next requests that it matches.
type Fault struct {
	// On is the operation to spoil, and Any is every one.
	On Operation
	// Object is a part of the object's name. Empty matches every request, also those that name no object.
	Object string
	// Times is how many requests are spoilt. Zero means one, a negative number means all until Clear.
	Times int
	// Effect is what happens to a matching request.
	Effect Effect
}

// Faults is the list of faults of one server. Its methods may be called while requests are served.
type Faults struct {
	mu     sync.Mutex
	active []*Injection
}

// Injection is a fault in force.
type Injection struct {
	fault     Fault
	remaining int
	hits      int
	faults    *Faults
}

// Inject puts a fault in force. A request that matches several is spoilt by the oldest one that is not used up.
func (f *Faults) Inject(fault Fault) *Injection {
	f.mu.Lock()
	defer f.mu.Unlock()
	injection := &Injection{fault: fault, remaining: max(fault.Times, 1), faults: f}
	f.active = append(f.active, injection)
	return injection
}

// Clear ends all faults.
func (f *Faults) Clear() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.active = nil
}

// Hits is the number of requests that the fault has spoilt so far.
func (i *Injection) Hits() int {
	i.faults.mu.Lock()
	defer i.faults.mu.Unlock()
	return i.hits
}

func (f *Faults) before(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if effect := f.take(parseCall(r)); effect != nil {
			effect(w, r, next)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// take returns the effect of the first fault that matches, or nil, and counts it.
func (f *Faults) take(c call) Effect {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, injection := range f.active {
		if injection.remaining == 0 || !injection.fault.matches(c) {
			continue
		}
		if injection.fault.Times >= 0 {
			injection.remaining--
		}
		injection.hits++
		return injection.fault.Effect
	}
	return nil
}

func (f Fault) matches(c call) bool {
	return (f.On == Any || f.On == c.operation) && strings.Contains(c.object, f.Object)
}
