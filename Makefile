# `make help` lists what there is. Each target installs what it needs and is missing.

# Where rustup puts cargo, and systems put HAProxy, for shells that do not have it yet.
export PATH := $(PATH):$(HOME)/.cargo/bin:/usr/sbin

ARGS ?=
BASE ?=

.PHONY: help run release test lint lint-openapi fmt openapi fuzz test-mail test-clients test-browser crash-test crash-self-test rolling-restart \
	test-pgbouncer overload overload-short bench bench-quick bench-compare bench-growth bench-nodes bench-programs screenshot rust postgres

help: ## List the targets.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' Makefile

run: rust postgres ## Run the service on http://127.0.0.1:8080, with a database of its own in ./data (ARGS="--listen ..." for more).
	cargo build --profile quick --locked
	exec target/quick/folkmoot serve $(ARGS)

release: rust postgres ## Build target/release/folkmoot, to deploy it.
	cargo build --release --locked

test: rust postgres ## Run all tests but those with a mail server or in a browser.
	cargo test --locked

lint: rust postgres ## Hold code, document, scripts and deployment files against the rules.
	cargo fmt --check
	cargo fmt --check --manifest-path benches/yardstick/Cargo.toml
	cargo clippy --locked --all-targets -- -D warnings
	cargo test --locked --test api -- openapi:: house_rules::
	for script in scripts/*.sh benches/*.sh benches/*/*.sh tests/*/*.sh; do sh -n "$$script" || exit 1; done
	bash -n .ci/run
	scripts/lint-compose.sh

lint-openapi: ## Hold openapi/openapi.json against Spectral's rules and our own.
	scripts/need-node.sh tests/lint-openapi
	cd tests/lint-openapi && node_modules/.bin/spectral lint --fail-severity hint -r spectral.yaml ../../openapi/openapi.json

fmt: rust ## Format the code.
	cargo fmt
	cargo fmt --manifest-path benches/yardstick/Cargo.toml

openapi: rust ## Write openapi/openapi.json anew.
	cargo run --quiet --locked -- openapi > openapi/openapi.json.new
	mv openapi/openapi.json.new openapi/openapi.json

test-mail: rust postgres ## Send mails to a mail server.
	scripts/need-mail.sh
	SSL_CERT_FILE=target/mail/client.pem cargo test --locked --test api -- --ignored mails::smtp

test-browser: rust postgres ## Try the docs page in Chromium.
	scripts/need-browser.sh
	cargo build --locked
	CHROMIUM="$$(scripts/chromium.sh)" node tests/browser/docs_page.mjs

fuzz: rust postgres ## Let Schemathesis try the whole document as guest, member, moderator and admin (ARGS="--max-time 600 -n 200").
	scripts/need-schemathesis.sh
	cargo build --locked
	tests/schemathesis/run.sh $(ARGS)

test-clients: rust postgres ## Run one story with generated clients in TypeScript, Python and Rust; send pipelined requests with undici.
	scripts/need-client-tools.sh
	cargo build --locked
	scripts/with-service.sh tests/clients/run.sh

crash-test: rust postgres ## Break a running service 100 times, then prove that nothing was lost (ARGS="--faults N --seed N").
	cargo test --quiet --locked --test crash -- faults $(ARGS)

# It falsifies by SQL: nodes that keep answers would not hear of it.
crash-self-test: rust postgres ## Falsify a run in every way that crash-test looks for, and see it refused.
	FOLKMOOT_CACHE_SIZE=0 cargo test --quiet --locked --test crash -- self-test $(ARGS)

test-pgbouncer: rust postgres ## Run two nodes through PgBouncer in transaction mode (ARGS="SECONDS"; PGBOUNCER=... names one).
	cargo build --release --locked
	tests/pgbouncer/run.sh $(ARGS)

overload: rust postgres ## Time ordinary clients beside ones that are slow, idle or many.
	cargo build --release --locked
	cargo test --quiet --locked --test crash -- overload --program target/release/folkmoot $(ARGS)

overload-short: rust postgres ## The same with fewer clients and a debug build, in half a minute.
	cargo test --quiet --locked --test crash -- overload --short $(ARGS)

rolling-restart: rust postgres ## Restart two nodes behind HAProxy under load: no request may fail (ARGS="--rounds N").
	scripts/need-balancer.sh
	cargo test --quiet --locked --test crash -- rolling-restart $(ARGS)

bench: bench-programs ## Measure what docs/performance.md promises, and write its table (ARGS="thread_page like" for some rows, ROUNDS, ROUND_SECONDS).
	cargo build --release --locked
	benches/run.sh $(ARGS)

bench-quick: bench-programs ## The same in two minutes; fails where a ratio fell below half of its promise.
	cargo build --release --locked
	benches/run.sh --quick $(ARGS)

bench-compare: rust postgres ## Measure two versions in turn, BASE=<commit> and the work tree; fails where a row is slower (ARGS="reply like", ROUNDS, ROUND_SECONDS).
	scripts/need-bench.sh
	benches/compare.sh "$(BASE)" $(ARGS)

bench-programs: rust postgres
	scripts/need-bench.sh
	cargo build --release --locked --manifest-path benches/yardstick/Cargo.toml

bench-nodes: rust postgres ## Measure two and four nodes against one, on one database (ARGS="ROUNDS SECONDS PERCENT_OF_A_CORE").
	scripts/need-bench.sh nodes
	cargo build --release --locked
	benches/nodes.sh $(ARGS)

bench-growth: rust postgres ## Measure what 100 times the posts cost (ARGS="10000 1000000 10000000").
	scripts/need-bench.sh
	cargo build --release --locked
	benches/growth/run.sh $(ARGS)

screenshot: rust postgres ## Take the picture of the docs page that README.md shows.
	scripts/need-browser.sh
	cargo build --locked
	CHROMIUM="$$(scripts/chromium.sh)" SCREENSHOT=docs/openapi-page.png node tests/browser/docs_page.mjs

rust:
	@scripts/need-rust.sh

postgres:
	@scripts/need-postgres.sh
