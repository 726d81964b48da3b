# The service without a database of its own: give it one by FOLKMOOT_DATABASE_URL (see docker-compose.yml).

FROM rust:1-slim-bookworm AS build
WORKDIR /src
# The dependencies first, with a program that does nothing: they are built anew only when the lock file changes.
COPY Cargo.toml Cargo.lock ./
RUN mkdir -p src tests/api tests/crash \
    && echo 'fn main() {}' > src/main.rs && touch src/lib.rs tests/api/main.rs tests/crash/main.rs \
    && cargo build --release --locked \
    && rm -r src tests
COPY migrations migrations
COPY src src
RUN mkdir -p tests/api tests/crash && touch tests/api/main.rs tests/crash/main.rs src/main.rs src/lib.rs \
    && cargo build --release --locked

FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /src/target/release/folkmoot /usr/local/bin/folkmoot
ENV FOLKMOOT_LISTEN=0.0.0.0:8080
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
    CMD ["/usr/local/bin/folkmoot", "health", "--address", "127.0.0.1:8080"]
ENTRYPOINT ["/usr/local/bin/folkmoot"]
CMD ["serve"]
