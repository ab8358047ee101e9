# The gateway as an image: one binary, no shell, no package manager, a user who is not root, and nothing that is written to.
# `make image` builds it with docker, podman or buildah.
FROM rust:1.95-slim-bookworm AS build
WORKDIR /src
COPY . .
# The caches outlive a build and are no part of the image, so the binary is taken out of them in the same step.
RUN --mount=type=cache,target=/usr/local/cargo/registry,sharing=locked \
    --mount=type=cache,target=/src/target,sharing=locked \
    cargo build --locked --release --bin settlement-gateway \
    && install -D -m 0555 target/release/settlement-gateway /out/settlement-gateway \
    && install -d -m 0700 /out/data/settlement-gateway

# glibc and not musl: a signer's PKCS#11 module is loaded at run time, and those are built against glibc.
FROM gcr.io/distroless/cc-debian12:nonroot
ARG VERSION=unknown
ARG REVISION=unknown
ARG CREATED=unknown
LABEL org.opencontainers.image.title="settlement-gateway" \
      org.opencontainers.image.description="Settlement as an internal platform API: gRPC in front of a key-custody signer, BitGo Go Network and Bitlipa" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}" \
      org.opencontainers.image.base.name="gcr.io/distroless/cc-debian12:nonroot"
COPY --from=build /out/settlement-gateway /usr/local/bin/settlement-gateway
# An empty folder, since a volume that is made for it has its owner: without one it would be root's, and SQLite could not write.
COPY --from=build --chown=65532:65532 /out/data /var/lib/
# By number, so that Kubernetes can tell that it is not root.
USER 65532:65532
WORKDIR /
# gRPC, the operators' listener, and the venues' callbacks.
EXPOSE 50051 9464 9465
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["/usr/local/bin/settlement-gateway", "healthcheck"]
ENTRYPOINT ["/usr/local/bin/settlement-gateway"]
CMD ["serve", "--config", "/etc/settlement-gateway/gateway.toml"]
