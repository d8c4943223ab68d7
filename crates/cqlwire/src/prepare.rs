//! From a text to its prepared statement: out of the cache, or by one PREPARE for all who ask.
//!
//! The PREPARE has the time that the first who asks has, whoever waits for it by then. Who has more
//! time than that asks again when it has passed; who has less waits no longer than that.

use std::future::poll_fn;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cqlwire_codec::StatementKind;
use cqlwire_net::{Deadline, RequestKind};

use crate::cql::Outline;
use crate::error::{Error, ErrorKind, Result, TimeoutPhase};
use crate::history::{Beginning, Watched};
use crate::keyspace::Keyspace;
use crate::operation::{Operation, PrepareOperation};
use crate::prepared::{Asked, Preparation, PreparedStatement, StatementKey};
use crate::shared::Shared;
use crate::speculation::Executions;

/// The prepared statement of this text, for somebody who is not inside yet: in its turn, within this
/// time.
///
/// # Cancel safety
///
/// As of [`prepare`].
pub(crate) async fn prepare_in_turn(
    shared: &Arc<Shared>,
    keyspace: Arc<Keyspace>,
    text: &str,
    timeout: Duration,
    attempt_timeout: Option<Duration>,
) -> Result<PreparedStatement> {
    let mut call = shared.admit(timeout)?;
    if let Some(statement) = shared.statements.find(keyspace.other().map(|name| &**name), text) {
        call.end(None);
        return Ok(statement);
    }
    if shared.is_watched() {
        call.watch(watched(shared, &keyspace, text));
    }
    let deadline = Deadline::after(timeout);
    let prepared = prepare_within(shared, keyspace, text, deadline, attempt_timeout).await;
    call.tell(prepared.as_ref().err());
    if call.end(prepared.as_ref().err().map(Error::kind)) {
        shared.took(RequestKind::Prepare, deadline);
    }
    prepared
}

/// What happens to others who wait for the same PREPARE is theirs: of its attempts nothing is written
/// down here.
#[cold]
fn watched(shared: &Shared, keyspace: &Keyspace, text: &str) -> Box<Watched> {
    shared.watch(&Beginning {
        kind: RequestKind::Prepare,
        statement: Arc::new(Outline::of_prepare(text)),
        keyspace: keyspace.origin().keyspace.clone(),
        consistency: None,
        page_size: None,
        idempotent: true,
        batch_size: None,
        asked: None,
    })
}

async fn prepare_within(
    shared: &Arc<Shared>,
    keyspace: Arc<Keyspace>,
    text: &str,
    deadline: Deadline,
    attempt_timeout: Option<Duration>,
) -> Result<PreparedStatement> {
    let turn = shared.limit.admitted(deadline, &shared.runtime).await;
    let _turn = turn.map_err(|kind| not_begun(kind, deadline))?;
    prepare(Arc::clone(shared), keyspace, text.into(), deadline, attempt_timeout).await
}

#[cold]
pub(crate) fn not_begun(kind: ErrorKind, deadline: Deadline) -> Error {
    Error::after(kind, StatementKind::Read, Vec::new(), Some(deadline.elapsed()))
}

/// The prepared statement of this text in this keyspace.
///
/// # Cancel safety
///
/// Dropped, it takes the PREPARE from nobody else who waits for it.
pub(crate) async fn prepare(
    shared: Arc<Shared>,
    keyspace: Arc<Keyspace>,
    text: Arc<str>,
    deadline: Deadline,
    attempt_timeout: Option<Duration>,
) -> Result<PreparedStatement> {
    let key = keyspace.key(text);
    loop {
        let asked = shared
            .statements
            .ask(&key, |number| begin(&shared, &keyspace, &key, number, deadline, attempt_timeout));
        let preparation = match asked {
            Asked::Kept(statement) => return Ok(statement),
            Asked::InPreparation(preparation) => preparation,
        };
        let ends_before = preparation.ends_before(deadline);
        let waited = preparation.within(deadline, &shared.runtime).await;
        match waited.unwrap_or_else(|| Err(timed_out(deadline))) {
            Err(error) if error.is_timeout() && ends_before => {}
            outcome => return outcome,
        }
    }
}

#[cold]
fn timed_out(deadline: Deadline) -> Error {
    let kind = ErrorKind::Timeout { phase: TimeoutPhase::Prepare, host: None, of_attempt: false };
    Error::after(kind, StatementKind::Read, Vec::new(), Some(deadline.elapsed()))
}

/// Begins to have the text prepared by the first host that will.
fn begin(
    shared: &Arc<Shared>,
    keyspace: &Arc<Keyspace>,
    key: &StatementKey,
    number: u64,
    deadline: Deadline,
    attempt_timeout: Option<Duration>,
) -> Preparation {
    let (session, keyspace, own_key) = (Arc::clone(shared), Arc::clone(keyspace), key.clone());
    let preparing = async move {
        // Who asked for it counts its time: each of them has waited for another part of it.
        let mut run = Executions::later(deadline, None);
        let prepare =
            PrepareOperation { text: &own_key.text, keyspace: Some(&keyspace), attempt_timeout };
        let response = poll_fn(|context| run.poll(&session, &prepare, true, context)).await?;
        let said = response.into_prepared().map_err(|kind| run.end(prepare.kind(), kind))?;
        let (schema, text) = (session.cluster().schema(), Arc::clone(&own_key.text));
        let statement = PreparedStatement::new(text, keyspace.origin(), said, &schema);
        if let Some(gone) = session.statements.keep(own_key, &statement, Instant::now()) {
            session.log.turns_over(session.statements.capacity(), gone.text());
        }
        Ok(statement)
    };
    let (session, key) = (Arc::clone(shared), key.clone());
    Preparation::new(preparing, deadline, move || session.statements.ended(&key, number))
}
