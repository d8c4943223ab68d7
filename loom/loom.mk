# Interleavings of a few threads. For the Makefile at the root to include; paths are from there.

CARGO ?= cargo

.PHONY: loom

loom: ## Go through the interleavings of the atomics that are written by hand
	RUSTFLAGS="--cfg loom" $(CARGO) test --release --locked --manifest-path loom/Cargo.toml --target-dir loom/target
