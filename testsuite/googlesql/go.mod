module github.com/posthog-tracks/posthog-tracks/testsuite/googlesql

go 1.26.0

require (
	github.com/goccy/go-googlesql v0.4.0
	github.com/posthog-tracks/posthog-tracks v0.0.0
	github.com/stretchr/testify v1.12.1
)

require (
	github.com/goccy/googlesqlwasm2go v0.2.0 // indirect
	go.yaml.in/yaml/v3 v3.0.5 // indirect
)

replace github.com/posthog-tracks/posthog-tracks => ../..
