//! One Cassandra connection on tokio: connect, TLS, handshake, the driver task and the request future.
