# Fuzzing. For the Makefile at the root to include; paths are from there.
#
#   make fuzz-smoke                            every target, 10 seconds each
#   make fuzz TARGET=segments SECONDS=600      one target for as long as you like
#   make fuzz-seeds                            makes the seeds anew from the byte vectors
#   make fuzz-test                             runs every target over its seeds, without a fuzzer

CARGO ?= cargo
FUZZ_TARGETS := segments envelopes responses requests types type_strings values messages \
	conversation scylla cassandra events ring schema session batches config positions words
FUZZ_LIMITS := -malloc_limit_mb=64 -rss_limit_mb=1536 -timeout=20 -print_final_stats=1
TARGET ?= segments
SECONDS ?= 60

.PHONY: fuzz fuzz-smoke fuzz-tools fuzz-seeds fuzz-test

fuzz-tools:
	@$(CARGO) +nightly --version > /dev/null 2>&1 || rustup toolchain install nightly --profile minimal
	@$(CARGO) fuzz --version > /dev/null 2>&1 || $(CARGO) install cargo-fuzz --locked

fuzz: fuzz-tools ## Fuzz one TARGET for SECONDS seconds
	@mkdir -p fuzz/corpus/$(TARGET)
	$(CARGO) +nightly fuzz run --fuzz-dir fuzz $(TARGET) fuzz/corpus/$(TARGET) fuzz/seeds/$(TARGET) \
		-- -max_total_time=$(SECONDS) $(FUZZ_LIMITS)

fuzz-smoke: fuzz-tools ## Fuzz every target for 10 seconds
	$(CARGO) +nightly fuzz build --fuzz-dir fuzz
	@set -e; for target in $(FUZZ_TARGETS); do \
		echo "== $$target"; mkdir -p fuzz/corpus/$$target; \
		$(CARGO) +nightly fuzz run --fuzz-dir fuzz $$target fuzz/corpus/$$target fuzz/seeds/$$target \
			-- -max_total_time=10 -verbosity=0 $(FUZZ_LIMITS); \
	done

fuzz-seeds: ## Make the seeds of the fuzz targets anew from the byte vectors
	$(CARGO) run --manifest-path fuzz/Cargo.toml --bin seeds

fuzz-test: ## Run every fuzz target over its seeds, without a fuzzer
	$(CARGO) test --manifest-path fuzz/Cargo.toml
