//! A Cassandra driver that never leaks, never hangs, and says exactly what went wrong.
