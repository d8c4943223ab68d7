//! The setters of a request: those of a profile, of a statement and of a batch are the same, said
//! and documented once.
//!
//! Each type that has them gives `settings_mut` and `policies_mut` to what they change.

/// What profiles, statements and batches can be told.
macro_rules! request_setters {
    () => {
        /// How many replicas must agree; of a batch, of each partition.
        pub fn consistency(mut self, consistency: cqlwire_codec::Consistency) -> Self {
            self.settings_mut().consistency = consistency;
            self
        }

        /// The consistency of the Paxos phase, if a statement is conditional.
        pub fn serial_consistency(mut self, serial: cqlwire_codec::SerialConsistency) -> Self {
            self.settings_mut().serial_consistency = serial;
            self
        }

        /// How long the whole may take, all its attempts and the servers' agreement on a changed
        /// schema included; of a stream, each page. With zero, nothing is sent.
        pub fn timeout(mut self, timeout: std::time::Duration) -> Self {
            self.settings_mut().timeout = timeout;
            self
        }

        /// How long one attempt may take, within the timeout of the whole; `None`: as long as that.
        /// What is silent for longer is given up, and the request sent to another host, if it is
        /// idempotent. At least 1 ms, what is less is taken for that. Shorter than what servers take
        /// before they give up (5 s for reads, 2 s for writes, unless configured otherwise), it has
        /// a slow cluster do everything twice.
        pub fn attempt_timeout(mut self, timeout: impl Into<Option<std::time::Duration>>) -> Self {
            self.settings_mut().attempt_timeout = timeout.into();
            self
        }

        /// Whether it is idempotent: may be sent again although it may have been done already. Then
        /// a lost connection, and too few replicas in time, are no reason to fail while there is
        /// another host. Updates of counters, and of lists by `+`, are not. If this is not said
        /// (`None`), a statement that begins with `SELECT` is, and no other, nor a batch; `false`
        /// holds for `SELECT`, too.
        #[doc(alias = "is_idempotent")]
        pub fn idempotent(mut self, idempotent: impl Into<Option<bool>>) -> Self {
            self.settings_mut().idempotent = idempotent.into();
            self
        }

        /// Whether the server is to trace it, in `system_traces` under the id that comes with the
        /// result.
        pub fn tracing(mut self, tracing: bool) -> Self {
            self.settings_mut().tracing = tracing;
            self
        }

        /// Which writes have their time from this client, if they are given none by themselves
        /// ([`timestamp_micros`](crate::Execution::timestamp_micros)). Each choice loses some writes
        /// in silence: see [`ClientTimestamps`](crate::ClientTimestamps).
        #[doc(alias = "USING TIMESTAMP")]
        pub fn client_timestamps(mut self, which: crate::ClientTimestamps) -> Self {
            self.settings_mut().client_timestamps = which;
            self
        }

        /// What draws the times of those writes, instead of the one
        /// [`MonotonicTimestamps`](crate::MonotonicTimestamps) of the session.
        pub fn timestamp_generator(mut self, generator: impl crate::TimestampGenerator) -> Self {
            self.policies_mut().timestamps = Some(std::sync::Arc::new(generator));
            self
        }

        /// What decides whether it is sent again once it has failed, and where, instead of the
        /// session's [`retry_policy`](crate::SessionBuilder::retry_policy). An `Arc` of a policy is
        /// one, too, so that requests can share it.
        pub fn retry_policy(mut self, policy: impl crate::RetryPolicy) -> Self {
            self.policies_mut().retry = Some(std::sync::Arc::new(policy));
            self
        }

        /// What decides when it is sent to another host as well, if it is idempotent, instead of the
        /// session's ([`speculation`](crate::SessionBuilder::speculation)), from whose budget the
        /// executions are taken all the same. [`NeverSpeculate`](crate::NeverSpeculate) begins none.
        #[doc(alias = "speculative_execution_policy")]
        pub fn speculative_policy(mut self, policy: impl crate::SpeculativePolicy) -> Self {
            self.policies_mut().speculative = Some(std::sync::Arc::new(policy));
            self
        }

        /// What chooses its hosts, those that prepare its text included, instead of the session's
        /// [`load_balancing`](crate::SessionBuilder::load_balancing), among those that the session
        /// is connected to.
        #[doc(alias = "load_balancing_policy")]
        pub fn load_balancing(mut self, policy: impl crate::LoadBalancing) -> Self {
            self.policies_mut().load_balancing = Some(std::sync::Arc::new(policy));
            self
        }
    };
}

/// What profiles and statements can be told, and batches not.
macro_rules! statement_setters {
    () => {
        /// How many rows a page is to have, at least 1; 0 is taken for that.
        #[doc(alias = "fetch_size")]
        pub fn page_size(mut self, rows: u32) -> Self {
            self.settings_mut().page_size = rows.max(1);
            self
        }
    };
}

/// What single requests can be told, statements and batches, and profiles not.
macro_rules! single_request_setters {
    () => {
        /// What the server is to take for now, in seconds since 1970, where lifetimes matter: which
        /// cells with a TTL are over, and from when on a new TTL counts. For tests, and for replays
        /// that are to end as they did. It is not the [write time](Self::timestamp_micros). Only v5
        /// can say it: below that, [`Encode`](crate::ErrorKind::Encode) is the error, and nothing is
        /// sent.
        pub fn now_in_seconds(mut self, seconds: i32) -> Self {
            self.rare().now_in_seconds = Some(seconds);
            self
        }

        /// What goes along for a query handler of one's own in the servers (`cassandra.custom_query_handler_class`);
        /// Cassandra's passes it over. On v3, which has none, [`Encode`](crate::ErrorKind::Encode) is
        /// the error, and nothing is sent. What the handler sends along is in the
        /// [page](crate::Page::custom_payload) of the result, or in its
        /// [error](crate::Error::custom_payload).
        pub fn custom_payload(mut self, payload: cqlwire_codec::CustomPayload) -> Self {
            self.rare().custom_payload = Some(payload);
            self
        }
    };
}

pub(crate) use {request_setters, single_request_setters, statement_setters};
