package config

import "time"

// Worker says how much a worker does at a time and how it stops.
type Worker struct {
	// Activities is how many activities of the task queue run at a time.
	Activities int `yaml:"activities" env:"ACTIVITIES"`
	// StopTimeout is how long activities in flight may go on after a stop signal.
	StopTimeout time.Duration `yaml:"stop_timeout" env:"STOP_TIMEOUT"`
}

// Telemetry says where a worker can be looked at.
type Telemetry struct {
	// Listen is the address of the endpoint for metrics and health. Empty: none.
	Listen string `yaml:"listen" env:"LISTEN"`
}

// Encryption is of payloads in Temporal's histories.
type Encryption struct {
	// Keys are references, file:<path> or env:<variable>; the first encrypts. None:
	// payloads are stored as they are.
	Keys []string `yaml:"keys" env:"KEYS"`
}
