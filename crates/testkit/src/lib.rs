//! What the tests of cqlwire stand on: a scripted node, probes for leaks and cancellation, a launcher for real Cassandra.
