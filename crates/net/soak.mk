# The long rounds, which `make test` runs short: a million wake-ups and as many cancellations, a hundred
# thousand timeouts and races of close, every interleaving of three requests, every bit of a conversation.
# Optimised, with the assertions of a debug build. For the Makefile at the root to include.
#
#   make soak                    every part, with how long each takes
#   make soak SOAK="g6_4 g8_4"   these parts

CARGO ?= cargo
SOAK ?= g1_1 g1_2 g1_3 g6_4 g8_4 g10_1 g11_4
SOAK_TEST := CQLWIRE_SOAK=1 CARGO_PROFILE_RELEASE_DEBUG_ASSERTIONS=true $(CARGO) test --release --locked \
	-p cqlwire-mux -p cqlwire-net -p cqlwire --lib

.PHONY: soak

soak: ## Run the long rounds of the guarantees that are about races: SOAK="g6_4" one of them
	$(SOAK_TEST) --no-run
	@set -e; for part in $(SOAK); do \
		echo "== $$part"; begun=$$(date +%s); \
		$(SOAK_TEST) --quiet -- $${part}_; \
		echo "== $$part took $$(($$(date +%s) - begun)) s"; \
	done
