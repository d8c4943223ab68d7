# A real Cassandra on this machine. The Makefile at the root includes this.
#
#   NODES=3               so many nodes, on 127.0.0.1, 127.0.0.2 and so on
#   PASSWORD=1 TLS=1      what clients are asked for
#   CLIENT_CERTIFICATES=1 TLS, with a certificate of the client
#   SETTING=key=value     a line of cassandra.yaml beside the usual ones: SETTING='accord={enabled: true}'
#   CASSANDRA_PORT=9142   another port for clients than 9042

CARGO ?= cargo
NODES ?= 1
CASSANDRA = $(CARGO) run --locked -p cqlwire-testkit --bin cassandra --
CASSANDRA_UP = --nodes $(NODES) $(if $(PASSWORD),--password) $(if $(TLS),--tls) \
	$(if $(CLIENT_CERTIFICATES),--client-certificates) $(if $(SETTING),--setting '$(SETTING)') \
	$(if $(CASSANDRA_PORT),--port $(CASSANDRA_PORT))

.PHONY: cassandra-up
cassandra-up: ## Start a local Cassandra, unless it is up (NODES=3, PASSWORD=1, TLS=1, ...)
	@$(CASSANDRA) up $(strip $(CASSANDRA_UP))

.PHONY: cassandra-down
cassandra-down: ## Shut the local Cassandra down; its data stays in target/cassandra
	@$(CASSANDRA) down

.PHONY: cassandra-status
cassandra-status: ## Say which local Cassandra is up, and whether its nodes answer
	@$(CASSANDRA) status

.PHONY: cassandra-logs
cassandra-logs: ## Show the last lines of the local Cassandra's logs
	@$(CASSANDRA) logs

#   make test-matrix                                  every leg, hours
#   make test-matrix MATRIX_ARGS='--server 5.0 --protocol v4 --suite plain'
.PHONY: test-matrix
test-matrix: ## The tests with real servers on 5.0, 4.1, 4.0 and 6.0-alpha2, by v5, v4 and v3, and a table of them (MATRIX_ARGS='--server 4.1')
	$(CARGO) run --locked -p cqlwire-testkit --bin test-matrix -- $(MATRIX_ARGS)
