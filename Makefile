# What one does here, each as one target. `make` alone lists them.
#
# Needed: Rust by rustup, a C compiler (for the cryptography of rustls), Java 17 with Maven or Docker
# (for the real Cassandra of demo and test). Everything else is set up by the targets themselves.

CARGO ?= cargo

# Everything but the benchmarks, whose features would build two other drivers.
WORKSPACE := --workspace --exclude cqlwire-bench --all-features --locked

# Those that are published.
PUBLISHED := $(addprefix -p cqlwire-,codec testkit mux derive stream net pool cluster cli) -p cqlwire

# The oldest compiler, as Cargo.toml states it: 1.89 is the toolchain 1.89.0.
MSRV := $(shell sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
MSRV_TOOLCHAIN := $(MSRV)$(if $(filter 3,$(words $(subst ., ,$(MSRV)))),,.0)

.DEFAULT_GOAL := help
# The steps of a target come one after the other, and one cargo runs at a time.
.NOTPARALLEL:

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z][a-z0-9-]*:.*## / { printf "make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: ## Write 100,000 rows to a real Cassandra (started if none answers) and stream them back, checked
	@$(CASSANDRA) up --unless-answered
	$(CARGO) run --release --locked -p cqlwire --example demo

# One node for all test binaries. They are all run though one of them fails; cargo says in the end
# which ones did.
.PHONY: test
test: ## Run every test but those of the benchmarks; starts the Cassandra that it needs, and stops it
	$(CASSANDRA) run -- $(CARGO) test $(WORKSPACE) --no-fail-fast

.PHONY: ci
ci: lint test msrv check-instructions $(if $(wildcard fuzz/fuzz.mk),fuzz-smoke,no-fuzz-smoke) ## Everything that has to pass: lint, test, msrv, check-instructions, and fuzz-smoke where there is fuzz/
	@echo "ci: all passed"

.PHONY: no-fuzz-smoke
no-fuzz-smoke:
	@echo "ci: fuzz-smoke was not run: there is no fuzz/fuzz.mk"

.PHONY: lint
lint: fmt-check clippy doc deny ## All of fmt-check, clippy, doc, deny

.PHONY: fmt
fmt: components ## Format the sources
	$(CARGO) fmt --all
	$(if $(wildcard fuzz/Cargo.toml),$(CARGO) fmt --manifest-path fuzz/Cargo.toml)
	$(if $(wildcard loom/Cargo.toml),$(CARGO) fmt --manifest-path loom/Cargo.toml)

.PHONY: fmt-check
fmt-check: components ## Check that the sources are formatted
	$(CARGO) fmt --all --check
	$(if $(wildcard fuzz/Cargo.toml),$(CARGO) fmt --manifest-path fuzz/Cargo.toml --check)
	$(if $(wildcard loom/Cargo.toml),$(CARGO) fmt --manifest-path loom/Cargo.toml --check)

# Once with all features, and once with none: what a feature leaves out must not be missed.
.PHONY: clippy
clippy: components ## Run clippy; a warning is an error
	$(CARGO) clippy $(WORKSPACE) --all-targets -- -D warnings
	$(CARGO) clippy -p cqlwire-bench --all-targets --locked -- -D warnings
	$(CARGO) clippy -p cqlwire --no-default-features --locked -- -D warnings
	$(CARGO) clippy -p cqlwire-codec --no-default-features --locked -- -D warnings

.PHONY: doc
doc: ## Build the documentation; a broken link is an error
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc $(WORKSPACE) --no-deps

# The advisories are left out: their database has to be fetched, and `deny.toml` is to give the same
# answer on every machine and every day.
.PHONY: deny
deny: ## Check licences, sources and versions of the dependencies
	@if $(CARGO) deny --version >/dev/null 2>&1; then \
		$(CARGO) deny --all-features check licenses bans sources; \
	else \
		echo "deny: cargo-deny was not run: it is not installed (cargo install --locked cargo-deny takes minutes)."; \
		echo "deny: tests/tests/dependencies.rs checks what this machine builds; other platforms are left out."; \
		$(CARGO) test -p cqlwire-tests --all-features --locked --test dependencies && \
		echo "deny: in more than one version:" && \
		$(CARGO) tree --workspace --all-features --locked --duplicates --depth 0; \
	fi

# What users embed. The command takes a newer compiler, as its manifest says, and so may tests.
.PHONY: msrv
msrv: ## Build the driver and its testkit with the oldest compiler that Cargo.toml states
	@if $(CARGO) --version | grep -qF 'cargo $(MSRV_TOOLCHAIN) '; then \
		echo "msrv: $(MSRV_TOOLCHAIN) is the compiler in use, and everything is built with it"; \
	else \
		set -ex; \
		rustup run $(MSRV_TOOLCHAIN) cargo --version >/dev/null 2>&1 || rustup toolchain install $(MSRV_TOOLCHAIN) --profile minimal; \
		rustup run $(MSRV_TOOLCHAIN) cargo check -p cqlwire -p cqlwire-testkit --all-features --locked \
			--target-dir target/msrv; \
	fi

#   make publish-check DIRTY=--allow-dirty      of what is not committed yet
#
# Not in CI: it packs, unpacks and builds all crates, which takes minutes, and asks the registry.
.PHONY: publish-check
publish-check: ## Pack each crate that is published, and build it from its package (before a release)
	$(CARGO) publish --dry-run $(PUBLISHED) --all-features --locked $(DIRTY)

#   make semver-check SINCE=v0.1.0      a tag, or any other revision
#
# Against a revision, since it needs no published version. Not in CI: it takes minutes.
SINCE ?= HEAD^
.PHONY: semver-check
semver-check: ## Say what breaks users of an earlier revision (SINCE=v0.1.0)
	@$(CARGO) semver-checks --version >/dev/null 2>&1 || { \
		echo "semver-check: cargo-semver-checks is not installed: cargo install --locked cargo-semver-checks takes minutes"; \
		exit 1; }
	$(CARGO) semver-checks --baseline-rev $(SINCE) $(filter-out -p cqlwire-cli cqlwire-cli,$(PUBLISHED))

# Needs a C compiler for each, for the cryptography: of Debian gcc-mingw-w64-x86-64 for Windows; for
# macOS that of a Mac.
#
#   make platforms PLATFORMS=x86_64-pc-windows-gnu
PLATFORMS ?= x86_64-pc-windows-gnu aarch64-apple-darwin
.PHONY: platforms
platforms: ## Check that the driver compiles for other platforms (PLATFORMS=x86_64-pc-windows-gnu)
	rustup target add $(PLATFORMS)
	$(CARGO) check -p cqlwire -p cqlwire-testkit $(addprefix --target ,$(PLATFORMS)) --all-features --locked

# Not in CI: what can be wrong with the book is found without it, by tests/tests/book.rs and the doctests.
.PHONY: book
book: ## Render the book, docs/SUMMARY.md and what it lists, to target/book
	@mdbook --version >/dev/null 2>&1 || { \
		echo "book: mdbook is not installed: cargo install --locked mdbook takes minutes; docs/SUMMARY.md leads to the same pages"; \
		exit 1; }
	mdbook build docs/book

#   make mutants MUTANTS=stream         of one crate alone, or of several: MUTANTS="mux net"
#   make mutants SHARD=0/8              an eighth of them; 7/8 is the last
#   make mutants MUTANT_TIMEOUT=60      so many seconds for the tests of each, and no more
#   make mutants MUTANTS_ARGS=--list    whatever else cargo-mutants knows
#
# Documentation is left out: its examples take longer than all tests together, and catch nothing
# that those do not. Not in CI: it takes hours, and what survives has to be read.
MUTANTS ?= mux net pool cluster stream cqlwire
MUTANT_TIMEOUT ?= 120
MUTATED := $(patsubst cqlwire-cqlwire,cqlwire,$(addprefix cqlwire-,$(MUTANTS)))

.PHONY: mutants
mutants: ## Break the code in many small ways and see which ones no test notices, hours (MUTANTS=stream, SHARD=0/8)
	@$(CARGO) mutants --version >/dev/null 2>&1 || { \
		echo "mutants: cargo-mutants is not installed: cargo install --locked cargo-mutants takes minutes"; exit 1; }
	@mkdir -p target
	$(CARGO) mutants $(addprefix --package ,$(MUTATED)) --all-features --cargo-arg=--locked --no-shuffle \
		--timeout $(MUTANT_TIMEOUT) --output target $(if $(SHARD),--shard $(SHARD)) $(MUTANTS_ARGS) -- --lib --tests

# A minimal profile of rustup has neither.
.PHONY: components
components:
	@$(CARGO) fmt --version >/dev/null 2>&1 || rustup component add rustfmt
	@$(CARGO) clippy --version >/dev/null 2>&1 || rustup component add clippy

.PHONY: clean
clean: ## Stop the local Cassandra, and remove everything that was built
	@if [ -d target/cassandra ]; then $(MAKE) cassandra-down; fi
	$(CARGO) clean

# cassandra-up, cassandra-down
-include crates/testkit/cassandra.mk
# fuzz-smoke, fuzz
-include fuzz/fuzz.mk
# soak
-include crates/net/soak.mk
# loom
-include loom/loom.mk
# bench, bench-cassandra, bench-faults, bench-instructions
-include crates/bench/bench.mk
