# What one can do here; `make` alone lists it.
.PHONY: help run test check hostile kill seeds sweep bits bench audit release package screenshots
CYCLES ?= 1000
SEEDS ?= 100000
SECONDS ?= 2
ROUNDS ?= 3

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' Makefile

run: ## build and start the server in development: jobs on 7419, dashboard on 7420 (more flags: make run ARGS='-l debug')
	@cargo run --profile fast --locked -p bessemer-server --bin bessemer -- $(ARGS)

test: ## install what the tests need, then run every test
	@tools/steps setup lint tests clients browser packages

check: ## formatting, lints and unit tests: the quick ones
	@tools/steps lint unit

kill: ## kill servers and workers with SIGKILL at random moments and compare the ledger: make kill CYCLES=1000
	@BESSEMER_CYCLES=$(CYCLES) cargo test --locked -p bessemer-server --test e2e -- --nocapture ledger kills

seeds: ## simulate crashes and power losses from more seeds: make seeds SEEDS=100000
	@BESSEMER_SEEDS=$(SEEDS) cargo test --locked -p bessemer-store -p bessemer-server -- --nocapture seeds promises

sweep: ## kill the server, or have the disk fail, at every single call of a script to the disk (needs strace)
	@BESSEMER_SWEEP=all cargo test --locked -p bessemer-server --test e2e -- --nocapture no_call

hostile: ## measure what hostile clients change for honest ones: make hostile SECONDS=2 ROUNDS=5
	@cargo build --release --locked -p bessemer-server --bin bessemer
	@BESSEMER_MEASURED=$(CURDIR)/target/release/bessemer BESSEMER_HOSTILE_SECONDS=$(SECONDS) BESSEMER_HOSTILE_ROUNDS=$(ROUNDS) cargo test --locked -p bessemer-server --test e2e -- --nocapture hostile

bits: ## flip every single bit of a directory of 64 KiB
	@BESSEMER_BITS=all cargo test --locked -p bessemer-store --test store -- --nocapture bit

bench: ## measure the server beside one that only answers OK (more flags: make bench ARGS='--loads push --rounds 1')
	@cargo run --release --locked -p bessemer-server --bin bessemer -- bench --directory target $(ARGS)

screenshots: ## take the pictures of docs/images anew, of a demo in a real browser
	@tools/steps screenshots

audit: ## licences, sources and duplicates of all dependencies, with cargo-deny
	@tools/steps audit

release: ## one static binary into target/dist, with its checksums: make release TARGET=aarch64-unknown-linux-gnu
	@packaging/release $(TARGET)

package: release ## the deb, the rpm and the source archive of a release, into target/dist
	@packaging/package $(TARGET)
