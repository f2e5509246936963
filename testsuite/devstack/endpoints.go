package devstack

// Endpoints say how to reach a stack, from any process on this machine.
type Endpoints struct {
	// TemporalAddress is host and port of the gRPC frontend.
	TemporalAddress string `json:"temporalAddress"`
	// TemporalNamespace is the one to work in.
	TemporalNamespace string `json:"temporalNamespace"`
	// UIURL is the web UI's first page. Empty means that there is none.
	UIURL string `json:"uiUrl,omitempty"`
	// StorageURL is the base URL of the storage API.
	StorageURL string `json:"storageUrl"`
}

// Env is what the product's processes need in their environment, as NAME=value in the form of os.Environ.
func (e Endpoints) Env() []string {
	return []string{
		"TEMPORAL_ADDRESS=" + e.TemporalAddress,
		"TEMPORAL_NAMESPACE=" + e.TemporalNamespace,
		"STORAGE_EMULATOR_HOST=" + e.StorageURL,
	}
}
