//! How a batch is executed.

use std::sync::Arc;

use cqlwire_codec::{BatchType, Token};
use uuid::Uuid;

use super::Contents;
use super::sending::Sending;
use crate::keyspace::{InKeyspace, Keyspace};
use crate::operation::{Options, RareOptions};
use crate::profile::{
    ExecutionProfile, Policies, RequestSettings, request_setters, single_request_setters,
};
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
        keyspace: &'a Arc<Keyspace>,
        batch_type: BatchType,
        contents: &'a Contents,
    ) -> Self {
        let keyspace = InKeyspace::Borrowed(keyspace);
        let options = Options::of(shared.profiles.current(), keyspace);
        Self { contents, sending: Sending::new(shared, batch_type, options) }
    }

    #[cfg(feature = "blocking")]
    pub(crate) const fn shared(&self) -> &'a Arc<Shared> {
        self.sending.shared
    }

    /// How long it may take in all.
    #[cfg(feature = "blocking")]
    pub(crate) const fn timeout_of_whole(&self) -> std::time::Duration {
        self.sending.options.settings.timeout
    }

    /// With all settings of this profile; those set before are replaced.
    pub fn profile(mut self, profile: &'a ExecutionProfile) -> Self {
        self.sending.options.set_profile(profile);
        self
    }

    request_setters!();
    single_request_setters!();

    /// The write time of all statements, in microseconds since 1970, instead of that of any clock
    /// ([`client_timestamps`](Self::client_timestamps)); anything but `i64::MIN`. `USING TIMESTAMP` of a
    /// statement comes before it; conditional statements and counters have times of their own, whatever
    /// is said here.
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
    /// batch.
    pub fn routing_keyspace(mut self, keyspace: &str) -> Self {
        self.rare().keyspace = Some(keyspace.into());
        self
    }

    /// The only host that it is for, by its id. While that is not connected, it goes nowhere else.
    pub fn host(mut self, host_id: Uuid) -> Self {
        self.rare().host = Some(host_id);
        self
    }

    const fn settings_mut(&mut self) -> &mut RequestSettings {
        &mut self.sending.options.settings
    }

    fn policies_mut(&mut self) -> &mut Policies {
        &mut self.rare().policies
    }

    fn rare(&mut self) -> &mut RareOptions {
        self.sending.options.rare.get_or_insert_default()
    }
}
