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
	"slices"
	"strings"
	"sync"
	"time"
)

// Proxy gives jobs the life they have on BigQuery. Everything that is no job goes
// to the emulator as it is.
type Proxy struct {
	upstream *url.URL
	through  *httputil.ReverseProxy
	dry      *httputil.ReverseProxy // takes dry runs through

	mu   sync.Mutex
	jobs map[name]*job
	json map[string]bool // columns declared as JSON, as project.dataset.table.column
	hold func(id string) time.Duration
}

// name is a job's: ids are unique within a project.
type name struct{ project, id string }

func (n name) String() string { return n.project + ":" + n.id }

// job is a job by its name.
type job struct {
	resource  map[string]any
	submitted int
	executed  int
	cancelled bool
}

func newProxy(upstream *url.URL) *Proxy {
	p := &Proxy{
		upstream: upstream, jobs: make(map[name]*job), json: make(map[string]bool),
		through: httputil.NewSingleHostReverseProxy(upstream),
		dry:     httputil.NewSingleHostReverseProxy(upstream),
		hold:    func(string) time.Duration { return 0 },
	}
	p.through.ModifyResponse = p.mendTypes
	p.dry.ModifyResponse = mendDryRun
	return p
}

// Hold makes jobs run for a while before the emulator executes them.
func (p *Proxy) Hold(hold func(id string) time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hold = hold
}

// Executed says how often the emulator executed each job, by id, in all projects.
func (p *Proxy) Executed() map[string]int { return p.count(func(j *job) int { return j.executed }) }

// Submitted says how often clients asked for each job, by id.
func (p *Proxy) Submitted() map[string]int { return p.count(func(j *job) int { return j.submitted }) }

// Done says which jobs have ended, by id, in all projects.
func (p *Proxy) Done() map[string]int {
	return p.count(func(j *job) int {
		if state(j.resource) == "DONE" {
			return 1
		}
		return 0
	})
}

// Errors are what the emulator said of a project's failed jobs, in full: the product
// leaves out of its errors what may quote data.
func (p *Proxy) Errors(project string) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var errors []string
	for named, j := range p.jobs {
		status, _ := j.resource["status"].(map[string]any)
		fault, bad := status["errorResult"].(map[string]any)
		if bad && named.project == project {
			errors = append(errors, fmt.Sprintf("%s: %v: %v", named.id, fault["reason"], fault["message"]))
		}
	}
	slices.Sort(errors)
	return errors
}

func (p *Proxy) count(of func(*job) int) map[string]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	counts := make(map[string]int, len(p.jobs))
	for named, j := range p.jobs {
		counts[named.id] += of(j)
	}
	return counts
}

var jobPath = regexp.MustCompile(`^(?:/bigquery/v2)?/projects/([^/]+)/jobs(?:/([^/]+))?(/cancel)?$`)

// ServeHTTP answers for jobs and passes everything else on.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	match := jobPath.FindStringSubmatch(r.URL.Path)
	if !strings.HasPrefix(r.URL.Path, "/bigquery/v2") { // clients with an endpoint of their own leave it out
		r.URL.Path = "/bigquery/v2" + r.URL.Path
	}
	switch {
	case match == nil:
		p.through.ServeHTTP(w, r)
	case match[3] != "":
		p.cancel(w, name{match[1], match[2]})
	case match[2] != "":
		p.get(w, name{match[1], match[2]})
	case r.Method == http.MethodPost:
		p.insert(w, r, match[1])
	default:
		p.list(w, r, match[1])
	}
}

func (p *Proxy) insert(w http.ResponseWriter, r *http.Request, project string) {
	var resource map[string]any
	if err := json.NewDecoder(r.Body).Decode(&resource); err != nil {
		refuse(w, http.StatusBadRequest, "invalid", err.Error())
		return
	}
	reference, _ := resource["jobReference"].(map[string]any)
	id, _ := reference["jobId"].(string)
	named := name{project, id}
	configuration, _ := resource["configuration"].(map[string]any)
	if dry, _ := configuration["dryRun"].(bool); dry || id == "" {
		through := p.through
		if dry {
			through = p.dry
		}
		body, err := json.Marshal(resource)
		if err != nil {
			refuse(w, http.StatusBadRequest, "invalid", err.Error())
			return
		}
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		through.ServeHTTP(w, r)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if known := p.jobs[named]; known != nil {
		known.submitted++
		refuse(w, http.StatusConflict, "duplicate", fmt.Sprintf("Already Exists: Job %s:%v.%s", project, reference["location"], id))
		return
	}
	p.noteTypes(configuration)
	resource["id"] = named.String()
	resource["status"] = map[string]any{"state": "RUNNING"}
	resource["statistics"] = map[string]any{"creationTime": millis(), "startTime": millis()}
	j := &job{resource: resource, submitted: 1}
	p.jobs[named] = j
	answer(w, resource)
	go p.execute(named, j, p.hold(id), reference, configuration)
}

// execute lets the emulator run the job and keeps what it says of it.
func (p *Proxy) execute(named name, j *job, hold time.Duration, reference, configuration map[string]any) {
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
	body, err := json.Marshal(map[string]any{"jobReference": reference, "configuration": plainSnapshot(configuration)})
	if err != nil {
		p.finish(j, failed("internalError", err.Error()))
		return
	}
	done, err := p.ask(http.MethodPost, named.project, "jobs", body)
	for err == nil && state(done) != "DONE" {
		time.Sleep(20 * time.Millisecond)
		done, err = p.ask(http.MethodGet, named.project, "jobs/"+url.PathEscape(named.id), nil)
	}
	if err != nil {
		done = failed("internalError", err.Error())
	}
	p.finish(j, inTheWordsOfBigQuery(done, configuration))
}

func (p *Proxy) ask(method, project, path string, body []byte) (map[string]any, error) {
	target := p.upstream.JoinPath("bigquery/v2/projects", project, path)
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

func (p *Proxy) get(w http.ResponseWriter, named name) {
	p.mu.Lock()
	defer p.mu.Unlock()
	j := p.jobs[named]
	if j == nil {
		refuse(w, http.StatusNotFound, "notFound", fmt.Sprintf("Not found: Job %s", named))
		return
	}
	answer(w, j.resource)
}

func (p *Proxy) cancel(w http.ResponseWriter, named name) {
	p.mu.Lock()
	defer p.mu.Unlock()
	j := p.jobs[named]
	if j == nil {
		refuse(w, http.StatusNotFound, "notFound", fmt.Sprintf("Not found: Job %s", named))
		return
	}
	j.cancelled = true
	answer(w, map[string]any{"kind": "bigquery#jobCancelResponse", "job": j.resource})
}

// list answers with the jobs of the states that are asked for.
func (p *Proxy) list(w http.ResponseWriter, r *http.Request, project string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	wanted := r.URL.Query()["stateFilter"]
	jobs := []any{}
	for named, j := range p.jobs {
		if named.project != project {
			continue
		}
		now := strings.ToLower(state(j.resource))
		if len(wanted) == 0 || strings.Contains(strings.ToLower(strings.Join(wanted, ",")), now) {
			entry := maps.Clone(j.resource)
			entry["state"] = state(j.resource)
			jobs = append(jobs, entry)
		}
	}
	answer(w, map[string]any{"kind": "bigquery#jobList", "jobs": jobs})
}
