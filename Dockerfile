# The server in a container. Quick start, in development and without a password:
#
#   docker build -t bessemer .
#   docker run --rm -it -p 127.0.0.1:7419:7419 -p 127.0.0.1:7420:7420 bessemer
#
# In production give your own flags instead, a password and a volume that stays; the root may be read-only:
#
#   docker run --read-only --stop-timeout 30 -e FAKTORY_ENV=production -e FAKTORY_PASSWORD=... \
#     -v bessemer:/var/lib/bessemer -p 7419:7419 -p 127.0.0.1:7420:7420 bessemer -b :7419 -w :7420

FROM rust:1.95-slim-bookworm AS build
WORKDIR /build
# The sources come without git; --build-arg COMMIT=$(git rev-parse HEAD) lets `bessemer -v` say what they are.
ARG COMMIT
ENV BESSEMER_COMMIT=$COMMIT
COPY . .
RUN packaging/release \
 && mkdir -p /image/usr/local/bin /image/var/lib/bessemer \
 && cp target/dist/bessemer-*-linux-gnu /image/usr/local/bin/bessemer \
 && chmod 0700 /image/var/lib/bessemer

# Nothing but the program: no shell, no libraries, no package manager, nobody's tools.
FROM scratch
COPY --from=build /image/usr /usr
COPY --from=build --chown=65532:65532 /image/var/lib/bessemer /var/lib/bessemer
USER 65532:65532
# Where data goes in development when -d is not given; in production it is the volume itself.
ENV HOME=/var/lib/bessemer
VOLUME /var/lib/bessemer
EXPOSE 7419 7420
HEALTHCHECK --interval=10s --timeout=5s --start-period=15m CMD ["/usr/local/bin/bessemer", "info"]
ENTRYPOINT ["/usr/local/bin/bessemer"]
# Every port open and no password: this is for trying it out, and the log says so.
CMD ["-e", "development", "-b", ":7419", "-w", ":7420", "-d", "/var/lib/bessemer", "--insecure-no-password"]
