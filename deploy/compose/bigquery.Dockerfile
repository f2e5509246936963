# syntax=docker/dockerfile:1
# The stand-in for BigQuery: bqemulator behind the proxy that the tests use.
FROM golang:1.26.8-bookworm AS build
WORKDIR /src
ENV CGO_ENABLED=0 GOTOOLCHAIN=local GOFLAGS="-trimpath -buildvcs=false -mod=readonly"
COPY . .
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    cd testsuite && go build -o /out/ ./cmd/bigquery

FROM python:3.12-slim-bookworm
COPY testsuite/bigquerystack/requirements.txt /tmp/requirements.txt
# DuckDB looks for its extension below the home directory.
RUN python -m venv /opt/bqemulator \
    && /opt/bqemulator/bin/pip install --no-cache-dir --requirement /tmp/requirements.txt \
    && HOME=/opt/bqemulator /opt/bqemulator/bin/python -c 'from duckdb_extensions import import_extension; import_extension("spatial")'
COPY --from=build /out/bigquery /usr/local/bin/
USER 65532:65532
EXPOSE 9050
ENTRYPOINT ["/usr/local/bin/bigquery", "-listen=0.0.0.0:9050", "-venv=/opt/bqemulator", "-storage=/data"]
