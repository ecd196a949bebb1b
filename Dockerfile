# syntax=docker/dockerfile:1
FROM rust:1.95-slim-bookworm AS build
WORKDIR /src
COPY Cargo.toml Cargo.lock README.md ./
COPY src ./src
COPY benches ./benches
RUN cargo build --release --locked --bin idform

# No shell and no package manager: the program, glibc and the public roots.
FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /src/target/release/idform /usr/local/bin/idform
# nonroot, as a number so that Kubernetes can tell.
USER 65532
WORKDIR /work
ENTRYPOINT ["/usr/local/bin/idform"]
CMD ["--help"]
