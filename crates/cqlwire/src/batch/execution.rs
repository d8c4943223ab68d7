//! How a batch is executed.

use std::sync::Arc;
use std::time::Duration;

use cqlwire_codec::{BatchType, Consistency, SerialConsistency, Token};
use uuid::Uuid;

use super::Contents;
use super::sending::Sending;
use crate::operation::{Options, RareOptions};
use crate::profile::ExecutionProfile;
use crate::retry::RetryPolicy;
use crate::shared::Shared;

/// A [`Batch`](super::Batch) about to be sent: the future of its result. Nothing is sent until it is
/// polled.
///
/// # Cancel safety
///
/// Dropped before its bytes were taken for writing, it is never sent. Dropped later, the servers
/// may execute it; the response is thrown away when it comes, and nothing else is left behind. The
/// batch itself is as it was in any case.
#[must_use = "nothing is sent until this is awaited"]
pub struct BatchExecution<'a> {
    pub(super) contents: &'a Contents,
    pub(super) sending: Sending<'a>,
}

impl<'a> BatchExecution<'a> {
    pub(super) fn new(
        shared: &'a Arc<Shared>,
        batch_type: BatchType,
        contents: &'a Contents,
    ) -> Self {
        let sending = Sending::new(shared, batch_type, Options::of(&shared.profile));
        Self { contents, sending }
    }

    /// With all settings of this profile; those set before are replaced.
    pub fn profile(mut self, profile: &ExecutionProfile) -> Self {
        self.sending.options.profile.clone_from(profile);
        self
    }

    /// How many replicas must agree, of each partition.
    pub fn consistency(mut self, consistency: Consistency) -> Self {
        self.sending.options.profile.consistency = consistency;
        self
    }

    /// The consistency of the Paxos phase, if statements are conditional.
    pub fn serial_consistency(mut self, serial: SerialConsistency) -> Self {
        self.sending.options.profile.serial_consistency = Some(serial);
        self
    }

    /// How long the whole may take, all its attempts included. With zero, nothing is sent.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.sending.options.profile.timeout = timeout;
        self
    }

    /// How long one attempt may take, within the timeout of the whole
    /// ([`attempt_timeout`](ExecutionProfile::attempt_timeout)).
    pub fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.sending.options.profile.attempt_timeout = Some(timeout);
        self
    }

    /// What decides whether it is sent again once it has failed, and where, instead of the session's
    /// [`retry_policy`](crate::SessionBuilder::retry_policy).
    pub fn retry_policy(mut self, policy: Arc<dyn RetryPolicy>) -> Self {
        self.rare().retry_policy = Some(policy);
        self
    }

    /// Whether it is idempotent: may be sent again although it may have been done already. Updates
    /// of counters, and of lists by `+`, are not.
    #[doc(alias = "is_idempotent")]
    pub fn idempotent(mut self, idempotent: bool) -> Self {
        self.sending.options.profile.idempotent = Some(idempotent);
        self
    }

    /// Whether the server is to trace it, in `system_traces` under the id that comes with the
    /// result.
    pub fn tracing(mut self, tracing: bool) -> Self {
        self.sending.options.profile.tracing = tracing;
        self
    }

    /// The write time of all statements, in microseconds since 1970, instead of the server's clock;
    /// anything but `i64::MIN`. Conditional statements and counters have times of their own,
    /// whatever is said here.
    #[doc(alias = "USING TIMESTAMP")]
    pub fn timestamp_micros(mut self, micros: i64) -> Self {
        self.sending.options.timestamp_micros = Some(micros);
        self
    }

    /// The key of the partition that it is about, so that it goes to a replica: see
    /// [`Execution::routing_key`](crate::Execution::routing_key).
    pub fn routing_key(self, key: &[u8]) -> Self {
        self.routing_token(Token::of_key(key))
    }

    /// The token of the partition that it is about, so that it goes to a replica. Default that of
    /// the first statement that is prepared and has a whole partition key.
    pub fn routing_token(mut self, token: Token) -> Self {
        self.rare().token = Some(token);
        self
    }

    /// The keyspace by whose replication the replicas of its token are found, spelled as in the
    /// schema. Default that of the table of the statement that says the token, else that of the
    /// session.
    pub fn routing_keyspace(mut self, keyspace: &str) -> Self {
        self.rare().keyspace = Some(keyspace.into());
        self
    }

    /// The only host that it is for, by its id. While that is not connected, it goes nowhere else.
    pub fn host(mut self, host_id: Uuid) -> Self {
        self.rare().host = Some(host_id);
        self
    }

    fn rare(&mut self) -> &mut RareOptions {
        let keyspace = self.sending.shared.origin.keyspace.as_deref();
        let keyspace = keyspace.filter(|_| !self.contents.has_route()).map(Box::from);
        let rare = || Box::new(RareOptions { keyspace, ..RareOptions::default() });
        self.sending.options.rare.get_or_insert_with(rare)
    }
}
