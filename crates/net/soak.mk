# The long rounds of one connection: millions of requests, cancellations and timeouts, every fault at
# every byte, three requests in every interleaving. Minutes in release mode.

.PHONY: soak soak-net

soak: soak-net

soak-net:
	CQLWIRE_SOAK=1 cargo test --release -p cqlwire-mux -p cqlwire-net --lib --tests
