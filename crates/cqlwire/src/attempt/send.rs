//! One request to one host.

use std::sync::Arc;
use std::task::Context;

use cqlwire_cluster::Host;
use cqlwire_codec::{RequestEnvelope, Token};
use cqlwire_net::{Connection, Deadline, Measure, RefusedBecause, Request, Timeline};
use cqlwire_pool::{NotConnected, Offer};

use crate::error::AttemptFailure;
use crate::operation::{Failure, Form, NotEncoded, Operation};
use crate::prepared::{MetadataHandle, PreparedStatement};
use crate::scratch;
use crate::shared::Shared;

/// How often a connection of one host is picked before another host has its turn: those that were
/// lost a moment ago may still be offered.
const MAX_PICKS: u32 = 3;

/// A request that a host has taken: the one of the plan that has its turn.
pub(super) struct Sent {
    pub(super) request: Request,
    /// By what it was encoded.
    pub(super) metadata: Option<MetadataHandle>,
}

/// What a host is to be sent. Of requests whose values say which hosts to choose from, it is there
/// before the host is: in the form that most connections have, by what all hosts are known to say.
pub(super) struct Draft {
    envelope: RequestEnvelope,
    /// By what it was encoded.
    metadata: Option<MetadataHandle>,
    /// What it was encoded for, as long as no host was chosen.
    early: Option<Early>,
}

#[derive(Copy, Clone)]
struct Early {
    form: Form,
    /// Is what it was encoded by known of all hosts?
    is_common: bool,
}

impl Draft {
    /// Nothing yet.
    #[inline]
    pub(super) fn blank() -> Self {
        Self { envelope: scratch::take(), metadata: None, early: None }
    }

    /// Encodes an operation whose prepared statement has bind markers for the whole partition key, and
    /// says where that is on the ring. `None` of any other, and of values that do not fit: that is a
    /// matter between them and the host.
    #[inline]
    pub(super) fn encode_early<O: Operation>(
        &mut self,
        operation: &O,
        shared: &Shared,
    ) -> Option<Token> {
        let prepared = operation.prepared()?;
        let (metadata, is_common) = prepared.latest();
        if prepared.metadata(&metadata).partition_key.is_empty() {
            return None;
        }
        let form = shared.usual_form.load()?;
        let token = operation.encode(form, Some(&metadata), &mut self.envelope).ok()?;
        (self.metadata, self.early) = (Some(metadata), Some(Early { form, is_common }));
        token
    }

    /// It is what this host has to be sent, encoded anew if it was not.
    #[inline]
    fn make_for<O: Operation>(
        &mut self,
        host: &Host,
        operation: &O,
        form: Form,
        shared: &Shared,
    ) -> Result<(), NotSent> {
        match self.early.take() {
            Some(early)
                if early.form == form
                    && (early.is_common || self.says_what_it_said(host, operation)) =>
            {
                Ok(())
            }
            _ => self.encode(host, operation, form, shared),
        }
    }

    #[cold]
    fn says_what_it_said<O: Operation>(&self, host: &Host, operation: &O) -> bool {
        operation.prepared().zip(self.metadata.as_ref()).is_some_and(|(prepared, by)| {
            let said = prepared.metadata_on(host.id());
            said.is_some_and(|said| Arc::ptr_eq(prepared.metadata(&said), prepared.metadata(by)))
        })
    }

    /// Encodes it for this host, by what that host said of its statement.
    fn encode<O: Operation>(
        &mut self,
        host: &Host,
        operation: &O,
        form: Form,
        shared: &Shared,
    ) -> Result<(), NotSent> {
        if shared.usual_form.load() != Some(form) {
            shared.usual_form.store(form);
        }
        self.metadata = operation.encode_for(host.id(), form, &mut self.envelope)?;
        Ok(())
    }

    /// The next request of this thread is encoded in its place.
    #[inline]
    pub(super) fn give_back(self) {
        scratch::give_back(self.envelope);
    }
}

/// Why a host did not get the request.
pub(super) enum NotSent {
    /// It has to prepare this statement first.
    Unprepared(PreparedStatement),
    Failed(Failure),
}

impl From<NotEncoded> for NotSent {
    #[cold]
    fn from(error: NotEncoded) -> Self {
        match error {
            NotEncoded::Unprepared(statement) => Self::Unprepared(statement),
            NotEncoded::Values(error) => Self::Failed(Failure::Values(error)),
            NotEncoded::NotInVersion(kind) => {
                Self::Failed(Failure::Attempt(AttemptFailure::NotInVersion(Box::new(kind))))
            }
            NotEncoded::Refused(kind) => Self::Failed(Failure::Final(kind)),
        }
    }
}

/// Until when a host has a request, and who would like to know how long it took.
pub(super) struct Timing<'a> {
    pub(super) deadline: Deadline,
    pub(super) measure: Measure,
    /// When what happens to it is noted there, if anybody asked.
    pub(super) timeline: Option<&'a Arc<Timeline>>,
}

/// How the time of an attempt is counted that is all of its request, as far as is known.
#[inline]
pub(super) fn measure_whole<O: Operation>(operation: &O, request: Deadline) -> Measure {
    let allowed_micros = request.length_micros();
    Measure { kind: operation.request_kind(), allowed_micros, is_whole: true }
}

/// The same of one that others came before, or that is made beside others.
#[cold]
pub(super) fn measure_part<O: Operation>(operation: &O, attempt: Deadline) -> Measure {
    let allowed_micros = attempt.remaining_micros();
    Measure { kind: operation.request_kind(), allowed_micros, is_whole: false }
}

/// Hands the operation to a connection of the host, the one that was `offered` first; `watcher`, if
/// there is one, is woken for its response. The request goes to `sent`, which puts it where it stays: it
/// is too large to be moved often.
#[inline]
pub(super) fn send_to<O: Operation, T>(
    host: &Arc<Host>,
    operation: &O,
    (draft, mut offered): (&mut Draft, Option<&Offer>),
    shared: &Shared,
    timing: &Timing<'_>,
    mut watcher: Option<&mut Context<'_>>,
    sent: impl FnOnce(Sent) -> T,
) -> Result<T, NotSent> {
    let mut refused = RefusedBecause::Ended;
    for _ in 0..MAX_PICKS {
        let picked;
        let connection = match offered.take() {
            Some(offer) => offer.connection(),
            None => {
                picked = connection_to(host, operation).map_err(not_connected)?;
                &picked
            }
        };
        draft.make_for(host, operation, Form::of(connection), shared)?;
        let (envelope, deadline, measure) = (&draft.envelope, timing.deadline, &timing.measure);
        let taken = match (timing.timeline, &mut watcher) {
            (Some(timeline), watcher) => {
                let (context, timeline) = (watcher.as_deref_mut(), Arc::clone(timeline));
                connection.send_timed(envelope, deadline, measure, context, timeline)
            }
            (None, Some(context)) => connection.send_watched(envelope, deadline, measure, context),
            (None, None) => connection.send_measured(envelope, deadline, measure),
        };
        match taken {
            Ok(request) => return Ok(sent(Sent { request, metadata: draft.metadata.take() })),
            Err(because) => refused = because,
        }
    }
    Err(NotSent::Failed(Failure::Attempt(AttemptFailure::Refused(refused))))
}

/// One on which the operation is in its keyspace. Whoever asks for it may wait until the host is back.
#[inline]
pub(super) fn connection_to<O: Operation>(
    host: &Host,
    operation: &O,
) -> Result<Connection, NotConnected> {
    match operation.connections() {
        None => host.pool().pick().inspect_err(|_| host.pool().hasten()),
        Some(own) => own.pick(host),
    }
}

#[cold]
fn not_connected(error: NotConnected) -> NotSent {
    NotSent::Failed(Failure::Attempt(AttemptFailure::NotConnected(error)))
}
