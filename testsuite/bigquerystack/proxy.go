package bigquerystack

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httputil"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"
)

// Proxy gives jobs the life they have on BigQuery. Everything that is no job goes
// to the emulator as it is.
type Proxy struct {
	upstream *url.URL
	project  string
	through  *httputil.ReverseProxy

	mu   sync.Mutex
	jobs map[string]*job
	json map[string]bool // columns declared as JSON, as dataset.table.column
	hold func(id string) time.Duration
}

// job is a job by its id.
type job struct {
	resource  map[string]any
	submitted int
	executed  int
	cancelled bool
}

func newProxy(upstream *url.URL, project string) *Proxy {
	p := &Proxy{
		upstream: upstream, project: project, jobs: make(map[string]*job), json: make(map[string]bool),
		through: httputil.NewSingleHostReverseProxy(upstream),
		hold:    func(string) time.Duration { return 0 },
	}
	p.through.ModifyResponse = p.mendTypes
	return p
}

// Hold makes jobs run for a while before the emulator executes them.
func (p *Proxy) Hold(hold func(id string) time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hold = hold
}

// Executed says how often the emulator executed each job, by id.
func (p *Proxy) Executed() map[string]int { return p.count(func(j *job) int { return j.executed }) }

// Submitted says how often clients asked for each job, by id.
func (p *Proxy) Submitted() map[string]int { return p.count(func(j *job) int { return j.submitted }) }

func (p *Proxy) count(of func(*job) int) map[string]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	counts := make(map[string]int, len(p.jobs))
	for id, j := range p.jobs {
		counts[id] = of(j)
	}
	return counts
}

var jobPath = regexp.MustCompile(`^(?:/bigquery/v2)?/projects/[^/]+/jobs(?:/([^/]+))?(/cancel)?$`)

// ServeHTTP answers for jobs and passes everything else on.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	match := jobPath.FindStringSubmatch(r.URL.Path)
	if !strings.HasPrefix(r.URL.Path, "/bigquery/v2") { // clients with an endpoint of their own leave it out
		r.URL.Path = "/bigquery/v2" + r.URL.Path
	}
	switch {
	case match == nil:
		p.through.ServeHTTP(w, r)
	case match[2] != "":
		p.cancel(w, match[1])
	case match[1] != "":
		p.get(w, match[1])
	case r.Method == http.MethodPost:
		p.insert(w, r)
	default:
		p.list(w, r)
	}
}

func (p *Proxy) insert(w http.ResponseWriter, r *http.Request) {
	var resource map[string]any
	if err := json.NewDecoder(r.Body).Decode(&resource); err != nil {
		refuse(w, http.StatusBadRequest, "invalid", err.Error())
		return
	}
	reference, _ := resource["jobReference"].(map[string]any)
	id, _ := reference["jobId"].(string)
	configuration, _ := resource["configuration"].(map[string]any)
	if dry, _ := configuration["dryRun"].(bool); dry || id == "" {
		body, err := json.Marshal(resource)
		if err != nil {
			refuse(w, http.StatusBadRequest, "invalid", err.Error())
			return
		}
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		p.through.ServeHTTP(w, r)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if known := p.jobs[id]; known != nil {
		known.submitted++
		refuse(w, http.StatusConflict, "duplicate", fmt.Sprintf("Already Exists: Job %s:%v.%s", p.project, reference["location"], id))
		return
	}
	p.noteTypes(configuration)
	resource["id"] = p.project + ":" + id
	resource["status"] = map[string]any{"state": "RUNNING"}
	resource["statistics"] = map[string]any{"creationTime": millis(), "startTime": millis()}
	j := &job{resource: resource, submitted: 1}
	p.jobs[id] = j
	answer(w, resource)
	go p.execute(id, j, p.hold(id), map[string]any{"jobReference": reference, "configuration": configuration})
}

// execute lets the emulator run the job and keeps what it says of it.
func (p *Proxy) execute(id string, j *job, hold time.Duration, request map[string]any) {
	time.Sleep(hold)
	p.mu.Lock()
	cancelled := j.cancelled
	if !cancelled {
		j.executed++
	}
	p.mu.Unlock()
	if cancelled {
		p.finish(j, failed("stopped", "Job execution was cancelled: User requested cancellation"))
		return
	}
	body, err := json.Marshal(request)
	if err != nil {
		p.finish(j, failed("internalError", err.Error()))
		return
	}
	done, err := p.ask(http.MethodPost, "jobs", body)
	for err == nil && state(done) != "DONE" {
		time.Sleep(20 * time.Millisecond)
		done, err = p.ask(http.MethodGet, "jobs/"+url.PathEscape(id), nil)
	}
	if err != nil {
		done = failed("internalError", err.Error())
	}
	p.finish(j, done)
}

func (p *Proxy) ask(method, path string, body []byte) (map[string]any, error) {
	target := p.upstream.JoinPath("bigquery/v2/projects", p.project, path)
	request, err := http.NewRequestWithContext(context.Background(), method, target.String(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	var answer map[string]any
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return nil, fmt.Errorf("emulator answered %s: %w", response.Status, err)
	}
	if fault, ok := answer["error"].(map[string]any); ok {
		return failed(reasonOf(fault), fmt.Sprint(fault["message"])), nil
	}
	return answer, nil
}

// finish makes the job's resource what the emulator said, in our own clothes.
func (p *Proxy) finish(j *job, done map[string]any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	finished := maps.Clone(j.resource)
	finished["status"] = done["status"]
	statistics := map[string]any{"creationTime": millis(), "startTime": millis(), "endTime": millis()}
	if from, ok := done["statistics"].(map[string]any); ok {
		maps.Copy(statistics, from)
	}
	finished["statistics"] = statistics
	j.resource = finished
}

func (p *Proxy) get(w http.ResponseWriter, id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	j := p.jobs[id]
	if j == nil {
		refuse(w, http.StatusNotFound, "notFound", fmt.Sprintf("Not found: Job %s:%s", p.project, id))
		return
	}
	answer(w, j.resource)
}

func (p *Proxy) cancel(w http.ResponseWriter, id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	j := p.jobs[id]
	if j == nil {
		refuse(w, http.StatusNotFound, "notFound", fmt.Sprintf("Not found: Job %s:%s", p.project, id))
		return
	}
	j.cancelled = true
	answer(w, map[string]any{"kind": "bigquery#jobCancelResponse", "job": j.resource})
}

// list answers with the jobs of the states that are asked for.
func (p *Proxy) list(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	wanted := r.URL.Query()["stateFilter"]
	jobs := []any{}
	for _, j := range p.jobs {
		now := strings.ToLower(state(j.resource))
		if len(wanted) == 0 || strings.Contains(strings.ToLower(strings.Join(wanted, ",")), now) {
			entry := maps.Clone(j.resource)
			entry["state"] = state(j.resource)
			jobs = append(jobs, entry)
		}
	}
	answer(w, map[string]any{"kind": "bigquery#jobList", "jobs": jobs})
}
