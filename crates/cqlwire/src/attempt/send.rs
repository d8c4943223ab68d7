//! One request to one host.

use std::sync::Arc;
use std::task::Context;

use bytes::BytesMut;
use cqlwire_cluster::Host;
use cqlwire_codec::Token;
use cqlwire_net::{Connection, Deadline, Measure, RefusedBecause, Request, Timeline};
use cqlwire_pool::{NotConnected, Offer};

use crate::error::AttemptFailure;
use crate::operation::{Encoded, Failure, Form, NotEncoded, Operation};
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

/// What there is of a request when its host has been chosen.
#[derive(Default)]
pub(super) struct HeadStart {
    /// A connection on which it is in its keyspace, found when the host was chosen.
    pub(super) offer: Option<Offer>,
    pub(super) draft: Option<Draft>,
}

/// A request that was encoded before its host was chosen, since its values say which hosts to
/// choose from: in the form that most connections have, by what all hosts are known to say.
pub(super) struct Draft {
    form: Form,
    encoded: Encoded,
    /// Is what it was encoded by known of all hosts?
    is_common: bool,
}

impl Draft {
    /// Encodes an operation whose prepared statement has bind markers for the whole partition key.
    /// `None` of any other, and of values that do not fit: that is a matter between them and the
    /// host.
    #[inline]
    pub(super) fn of<O: Operation>(operation: &O, shared: &Shared) -> Option<Self> {
        let prepared = operation.prepared()?;
        let (metadata, is_common) = prepared.latest();
        if prepared.metadata(&metadata).partition_key.is_empty() {
            return None;
        }
        let form = shared.usual_form.load()?;
        let encoded = operation.encode(form, Some(metadata), scratch::take()).ok()?;
        Some(Self { form, encoded, is_common })
    }

    /// Is it what this host has to be sent?
    #[inline]
    fn is_for<O: Operation>(&self, host: &Host, operation: &O) -> bool {
        self.is_common || self.says_what_it_said(host, operation)
    }

    #[cold]
    fn says_what_it_said<O: Operation>(&self, host: &Host, operation: &O) -> bool {
        operation.prepared().zip(self.encoded.metadata.as_ref()).is_some_and(|(prepared, by)| {
            let said = prepared.metadata_on(host.id());
            said.is_some_and(|said| Arc::ptr_eq(prepared.metadata(&said), prepared.metadata(by)))
        })
    }

    pub(super) const fn token(&self) -> Option<Token> {
        self.encoded.token
    }

    /// Its buffer, to be encoded into anew.
    #[cold]
    fn into_buffer(self) -> BytesMut {
        self.encoded.envelope.into_buffer()
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
    Measure { kind: operation.request_kind(), allowed: request.length(), is_whole: true }
}

/// The same of one that others came before, or that is made beside others.
#[cold]
pub(super) fn measure_part<O: Operation>(operation: &O, attempt: Deadline) -> Measure {
    let allowed = attempt.remaining();
    Measure { kind: operation.request_kind(), allowed, is_whole: false }
}

/// Encodes the operation for a connection of the host, unless the draft is for it, and hands it
/// over; `watcher`, if there is one, is woken for its response. The request goes to `sent`, which puts
/// it where it stays: it is too large to be moved often.
#[inline]
pub(super) fn send_to<O: Operation, T>(
    host: &Arc<Host>,
    operation: &O,
    mut head_start: HeadStart,
    shared: &Shared,
    timing: &Timing<'_>,
    mut watcher: Option<&mut Context<'_>>,
    sent: impl FnOnce(Sent) -> T,
) -> Result<T, NotSent> {
    let mut refused = RefusedBecause::Ended;
    for _ in 0..MAX_PICKS {
        let (offered, picked);
        let connection = if let Some(offer) = head_start.offer.take() {
            offered = offer;
            offered.connection()
        } else {
            picked = connection_to(host, operation).map_err(not_connected)?;
            &picked
        };
        let form = Form::of(connection);
        let encoded = match head_start.draft.take() {
            Some(draft) if draft.form == form && draft.is_for(host, operation) => draft.encoded,
            Some(draft) => encode(host, operation, form, draft.into_buffer(), shared)?,
            None => encode(host, operation, form, scratch::take(), shared)?,
        };
        let Encoded { envelope, metadata, .. } = encoded;
        let (deadline, measure) = (timing.deadline, &timing.measure);
        let taken = match (timing.timeline, &mut watcher) {
            (Some(timeline), watcher) => {
                let (context, timeline) = (watcher.as_deref_mut(), Arc::clone(timeline));
                connection.send_timed(envelope, deadline, measure, context, timeline)
            }
            (None, Some(context)) => connection.send_watched(envelope, deadline, measure, context),
            (None, None) => connection.send_measured(envelope, deadline, measure),
        };
        match taken {
            Ok(taken) => {
                let sent = sent(Sent { request: taken.request, metadata });
                taken.buffer.into_iter().for_each(scratch::give_back);
                return Ok(sent);
            }
            Err(error) => {
                refused = error.because;
                scratch::give_back(error.envelope.into_buffer());
            }
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

/// Encodes it for this host, by what that host said of its statement.
fn encode<O: Operation>(
    host: &Host,
    operation: &O,
    form: Form,
    buffer: BytesMut,
    shared: &Shared,
) -> Result<Encoded, NotSent> {
    if shared.usual_form.load() != Some(form) {
        shared.usual_form.store(form);
    }
    Ok(operation.encode_for(host.id(), form, buffer)?)
}

#[cold]
fn not_connected(error: NotConnected) -> NotSent {
    NotSent::Failed(Failure::Attempt(AttemptFailure::NotConnected(error)))
}
