# Benchmarks. docs/benchmarks.md says what is measured and how to read it.

BENCH_BUILD = cargo build --profile bench --package cqlwire-bench
BENCH_BIN = $${CARGO_TARGET_DIR:-target}/release
BENCH_SERVER ?= 127.0.0.1:9042

.PHONY: bench bench-cassandra bench-faults bench-instructions check-instructions bench-ring soak-cassandra

bench: ## Compare with the peers and the floor; QUICK=1 in under two minutes
	$(BENCH_BUILD) --features peers
	$(BENCH_BIN)/cqlwire-bench compare $(if $(QUICK),--quick) $(BENCH_ARGS)

bench-cassandra: ## The same against the server at BENCH_SERVER
	$(BENCH_BUILD) --features peers
	$(BENCH_BIN)/cqlwire-bench compare --server $(BENCH_SERVER) --rate 10000 \
		--out target/bench/cassandra $(if $(QUICK),--quick) $(BENCH_ARGS)

# TUNED=1: with speculative execution, after the same without. BENCH_FAULTS_ARGS goes along:
# `--fault pause --driver cqlwire` is one driver at one fault.
bench-faults: ## Kill, pause, restart, move and badly link three real nodes, have a fourth come and go, beside the peers; QUICK=1 in a quarter of an hour
	$(BENCH_BUILD) --features peers --bin cqlwire-bench-faults
	$(BENCH_BIN)/cqlwire-bench-faults run $(if $(QUICK),--quick) $(if $(TUNED),--tuned --tuned) $(BENCH_FAULTS_ARGS)

bench-instructions: ## Count instructions under callgrind, and renew crates/bench/instructions.md
	$(BENCH_BUILD) --bin cqlwire-bench-instructions --bin canned-node
	$(BENCH_BIN)/cqlwire-bench-instructions count

check-instructions: ## Count them, and fail where a path costs 3 % more than crates/bench/instructions.md says
	@if ! valgrind --version >/dev/null 2>&1; then \
		echo "check-instructions: was not run: valgrind is not installed"; \
	else \
		set -ex; $(BENCH_BUILD) --bin cqlwire-bench-instructions --bin canned-node; \
		$(BENCH_BIN)/cqlwire-bench-instructions check; \
	fi

bench-ring: ## Measure the ring of 1,000 hosts: CPU and memory; fails if it takes more than it may
	$(BENCH_BUILD) --bin cqlwire-bench-ring
	$(BENCH_BIN)/cqlwire-bench-ring

#   make soak-cassandra HOURS=8                     on one server, restarted every ten minutes, and then
#                                                   a hundred million calls on the canned node
#   make soak-cassandra MINUTES=10 RESTART_EVERY=3  a short one
#   make soak-cassandra HOURS=8 NODES=3             of which two always answer
#   make soak-cassandra REQUESTS=1000000            that many calls on the canned node; 0 for none
HOURS ?= 0

soak-cassandra: ## Mixed work for HOURS or MINUTES on real servers that are restarted, then REQUESTS calls on the canned node; fails if anything grows
	$(BENCH_BUILD) --bin cqlwire-soak --bin canned-node
	$(BENCH_BIN)/cqlwire-soak --hours $(HOURS) $(if $(MINUTES),--minutes $(MINUTES)) --nodes $(NODES) \
		$(if $(RESTART_EVERY),--restart-every $(RESTART_EVERY)) $(if $(REQUESTS),--requests $(REQUESTS)) $(SOAK_ARGS)
