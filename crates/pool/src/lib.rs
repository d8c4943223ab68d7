//! The connections to one Cassandra host: fill, pick, reconnect with back-off, drain.
