//! How one request is executed: its profile's settings, and what it says itself.

use std::sync::Arc;

use cqlwire_cluster::LoadBalancing;
use cqlwire_codec::{CustomPayload, ProtocolVersion, StatementKind, Token};
use uuid::Uuid;

use crate::error::ErrorKind;
use crate::history::AskedReport;
use crate::keyspace::InKeyspace;
use crate::profile::{ExecutionProfile, Policies, RequestSettings};
use crate::retry::RetryPolicy;
use crate::speculation::SpeculativePolicy;
use crate::timestamps::Timestamps;

/// How one request is executed.
#[derive(Clone, Debug)]
pub(crate) struct Options<'a> {
    pub(crate) settings: RequestSettings,
    /// Those of its profile, if that has any.
    policies: Option<&'a Policies>,
    /// That of its unqualified names.
    pub(crate) keyspace: InKeyspace<'a>,
    /// The write time of all attempts: given, or drawn when it was begun.
    pub(crate) timestamp_micros: Option<i64>,
    /// A text goes as it is, whatever values go with it.
    pub(crate) unprepared: bool,
    /// What hardly any request says.
    pub(crate) rare: Option<Box<RareOptions>>,
}

/// What hardly any request says.
#[derive(Clone, Debug, Default)]
pub(crate) struct RareOptions {
    /// Where its partition is, if it has no bind markers that say so.
    pub(crate) token: Option<Token>,
    pub(crate) keyspace: Option<Box<str>>,
    /// The only host that it is for.
    pub(crate) host: Option<Uuid>,
    /// What the server is to take for now, in seconds since 1970.
    pub(crate) now_in_seconds: Option<i32>,
    /// What is for the server's query handler.
    pub(crate) custom_payload: Option<CustomPayload>,
    /// The same with its trace context, once it has one.
    pub(crate) traced_payload: Option<CustomPayload>,
    /// Those of its own.
    pub(crate) policies: Policies,
    /// Whoever asked for its report.
    pub(crate) asked: Option<Arc<AskedReport>>,
}

impl<'a> Options<'a> {
    /// Those of this profile, in this keyspace.
    #[inline]
    pub(crate) fn of(profile: &'a ExecutionProfile, keyspace: InKeyspace<'a>) -> Self {
        let (settings, policies) = (*profile.settings(), profile.policies());
        Self { settings, policies, keyspace, timestamp_micros: None, unprepared: false, rare: None }
    }

    /// All that is in a profile is as in this one.
    pub(crate) fn set_profile(&mut self, profile: &'a ExecutionProfile) {
        (self.settings, self.policies) = (*profile.settings(), profile.policies());
        if let Some(rare) = &mut self.rare {
            rare.policies = Policies::default();
        }
    }

    /// The same, of what outlives its profile and the handle that it is asked through.
    pub(crate) fn into_owned(mut self) -> Options<'static> {
        if let Some(policies) = self.policies {
            let rare = self.rare.get_or_insert_default();
            rare.policies = std::mem::take(&mut rare.policies).or(policies);
        }
        let keyspace = self.keyspace.into_owned();
        let Self { settings, timestamp_micros, unprepared, rare, .. } = self;
        Options { settings, policies: None, keyspace, timestamp_micros, unprepared, rare }
    }

    /// Has it to draw its write time when it begins?
    #[inline]
    pub(crate) fn lacks_time(
        &self,
        timestamps: &Timestamps,
        kind: impl FnOnce() -> StatementKind,
    ) -> bool {
        let RequestSettings { client_timestamps, idempotent, .. } = self.settings;
        self.timestamp_micros.is_none() && timestamps.are_for(client_timestamps, idempotent, kind)
    }

    /// Draws its write time.
    ///
    /// # Errors
    ///
    /// A generator of the user's panicked.
    #[inline]
    pub(crate) fn draw_time(&self, timestamps: &Timestamps) -> Result<Option<i64>, ErrorKind> {
        timestamps.draw(self.policy(|policies| policies.timestamps.as_deref()))
    }

    #[inline]
    pub(crate) fn now_in_seconds(&self) -> Option<i32> {
        self.rare.as_ref()?.now_in_seconds
    }

    /// What goes along with it on this version: its trace context where there is room for that.
    #[inline]
    pub(crate) fn custom_payload(&self, version: ProtocolVersion) -> Option<&CustomPayload> {
        let rare = self.rare.as_ref()?;
        let traced = rare.traced_payload.as_ref().filter(|_| has_payloads(version));
        traced.or(rare.custom_payload.as_ref())
    }

    /// What its user sends along with it.
    pub(crate) fn own_payload(&self) -> Option<&CustomPayload> {
        self.rare.as_ref()?.custom_payload.as_ref()
    }

    /// It has a trace context from now on, if there is one: this is what it takes along.
    #[cold]
    pub(crate) fn set_traced_payload(&mut self, payload: Option<CustomPayload>) {
        if let Some(payload) = payload {
            self.rare.get_or_insert_default().traced_payload = Some(payload);
        }
    }

    /// Whoever asked for its report.
    #[inline]
    pub(crate) fn asked(&self) -> Option<Arc<AskedReport>> {
        self.rare.as_ref()?.asked.clone()
    }

    pub(crate) fn retry_policy(&self) -> Option<&dyn RetryPolicy> {
        self.policy(|policies| policies.retry.as_deref())
    }

    #[inline]
    pub(crate) fn speculative_policy(&self) -> Option<&dyn SpeculativePolicy> {
        self.policy(|policies| policies.speculative.as_deref())
    }

    #[inline]
    pub(crate) fn load_balancing(&self) -> Option<&dyn LoadBalancing> {
        self.shared_load_balancing().map(|policy| &**policy)
    }

    #[inline]
    pub(crate) fn shared_load_balancing(&self) -> Option<&Arc<dyn LoadBalancing>> {
        self.policy(|policies| policies.load_balancing.as_ref())
    }

    /// The only host that it is for.
    pub(crate) fn host(&self) -> Option<Uuid> {
        self.rare.as_ref()?.host
    }

    /// Its own, or that of its profile.
    #[inline]
    fn policy<P: ?Sized>(&self, which: impl Fn(&Policies) -> Option<&P>) -> Option<&P> {
        let own = self.rare.as_ref().and_then(|rare| which(&rare.policies));
        own.or_else(|| which(self.policies?))
    }
}

/// Does a request have room for a custom payload? On v3 none goes without the trace context: it does not
/// fail for that.
#[inline]
pub(super) fn has_payloads(version: ProtocolVersion) -> bool {
    version >= ProtocolVersion::V4
}
