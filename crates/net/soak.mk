# The long rounds, which `make test` runs short: a million wake-ups and as many cancellations, a hundred
# thousand timeouts and races of close, every interleaving of three requests, every bit of a conversation;
# and the simulation, with seeds of its own. Optimised, with the assertions of a debug build. For the
# Makefile at the root to include.
#
#   make soak                      every part, with how long each takes
#   make soak SOAK="g6_4 g8_4"     these parts
#   make soak MINUTES=60           the simulation alone, as many seeds as there is time for

CARGO ?= cargo
SOAK ?= $(if $(MINUTES),simulation,g1_1 g1_2 g1_3 g6_4 g8_4 g10_1 g11_4 simulation)
SOAK_CARGO := CARGO_PROFILE_RELEASE_DEBUG_ASSERTIONS=true $(CARGO) test --release --locked
SOAK_TEST := CQLWIRE_SOAK=1 $(SOAK_CARGO) -p cqlwire-mux -p cqlwire-net -p cqlwire --lib
SOAK_SIMULATION := CQLWIRE_MINUTES=$(or $(MINUTES),5) $(SOAK_CARGO) -p cqlwire-tests --test simulation

.PHONY: soak

soak: ## Run the long rounds of the guarantees that are about races, and the simulation: SOAK="g6_4" one of them, MINUTES=60 the simulation
	@set -e; \
	for part in $(SOAK); do \
		case $$part in \
			simulation) $(SOAK_SIMULATION) --no-run;; \
			*) $(SOAK_TEST) --no-run;; \
		esac; \
		echo "== $$part"; begun=$$(date +%s); \
		case $$part in \
			simulation) $(SOAK_SIMULATION) -- --nocapture whatever_;; \
			*) $(SOAK_TEST) --quiet -- $${part}_;; \
		esac; \
		echo "== $$part took $$(($$(date +%s) - begun)) s"; \
	done
