# The server in a container. Quick start, in development and without a password:
#
#   docker build -t bessemer .
#   docker run --rm -it -p 127.0.0.1:7419:7419 -p 127.0.0.1:7420:7420 bessemer
#
# In production give your own flags instead, a password and a volume that stays:
#
#   docker run -e FAKTORY_PASSWORD=... -v bessemer:/var/lib/bessemer -p 7419:7419 -p 127.0.0.1:7420:7420 \
#     bessemer -e production -b 0.0.0.0:7419 -w 0.0.0.0:7420

FROM rust:1.95-slim-bookworm AS build
WORKDIR /src
COPY . .
RUN cargo build --release --locked -p bessemer-server --bin bessemer \
 && strip target/release/bessemer \
 && mkdir -m 0700 /data

# Nothing but the C library: no shell, no package manager.
FROM gcr.io/distroless/cc-debian12
COPY --from=build /src/target/release/bessemer /usr/local/bin/bessemer
COPY --from=build --chown=65532:65532 /data /var/lib/bessemer
USER 65532:65532
VOLUME /var/lib/bessemer
EXPOSE 7419 7420
ENTRYPOINT ["/usr/local/bin/bessemer"]
CMD ["-b", "0.0.0.0:7419", "-w", "0.0.0.0:7420", "-d", "/var/lib/bessemer", "--insecure-no-password"]
