//! The request multiplexer: one Cassandra connection as a state machine without I/O and without a clock.
