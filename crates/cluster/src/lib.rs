//! A Cassandra cluster as a client sees it: contact points, hosts, the control connection, routing.
