# syntax=docker/dockerfile:1
# The worker and the starter in one small image. The same source gives the same
# binaries: dependencies are pinned by go.sum, paths and build ids are left out.
# Pin both base images by digest where you need the same image, too.
FROM golang:1.26.8-bookworm AS build
WORKDIR /src
ENV CGO_ENABLED=1 GOTOOLCHAIN=local GOFLAGS="-trimpath -buildvcs=false -mod=readonly"
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download && go mod verify
COPY . .
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    mkdir -p /out/data && go build -ldflags="-s -w -buildid=" -o /out/ ./worker ./starter

# DuckDB is C++: glibc and libstdc++ are all that it needs, and there is no shell.
FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /out/worker /out/starter /usr/local/bin/
COPY --from=build --chown=65532:65532 /out/data /var/lib/tracks
ENV TRACKS_CONFIG=/etc/tracks/tracks.yaml
USER 65532:65532
EXPOSE 9464
ENTRYPOINT ["/usr/local/bin/worker"]
