//! From a text to its prepared statement: out of the cache, or by one PREPARE for all who ask.
//!
//! The PREPARE has the time that the first who asks has, whoever waits for it by then. Who has more
//! time than that asks again when it has passed; who has less waits no longer than that. Those wait
//! for one PREPARE who would have it done by the same hosts.

use std::future::poll_fn;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cqlwire_cluster::LoadBalancing;
use cqlwire_codec::StatementKind;
use cqlwire_net::{Deadline, RequestKind};
use uuid::Uuid;

use crate::cql::Outline;
use crate::error::{Error, ErrorKind, Result, TimeoutPhase};
use crate::history::{Beginning, Watched};
use crate::keyspace::Keyspace;
use crate::operation::{Operation, Options, PrepareOperation};
use crate::prepared::{Asked, Preparation, PreparedBy, PreparedStatement, StatementKey};
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
    text: &str,
    options: Options<'_>,
) -> Result<PreparedStatement> {
    let (timeout, keyspace) = (options.settings.timeout, &options.keyspace);
    let mut call = shared.admit(timeout)?;
    if let Some(statement) = shared.statements.find(keyspace.other().map(|name| &**name), text) {
        call.end(None);
        return Ok(statement);
    }
    if shared.is_watched() {
        call.watch(watched(shared, keyspace, text));
    }
    let deadline = Deadline::after(timeout);
    let prepared = prepare_within(shared, text, Asker::of(&options, deadline)).await;
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
        custom_payload: None,
        is_joint: true,
        asked: None,
    })
}

async fn prepare_within(
    shared: &Arc<Shared>,
    text: &str,
    asker: Asker,
) -> Result<PreparedStatement> {
    let turn = shared.limit.admitted(asker.deadline, &shared.runtime).await;
    let _turn = turn.map_err(|kind| not_begun(kind, asker.deadline))?;
    prepare(Arc::clone(shared), text.into(), asker).await
}

#[cold]
pub(crate) fn not_begun(kind: ErrorKind, deadline: Deadline) -> Error {
    Error::after(kind, StatementKind::Read, Vec::new(), Some(deadline.elapsed()))
}

/// What whoever asks for a statement has for it.
#[derive(Clone)]
pub(crate) struct Asker {
    keyspace: Arc<Keyspace>,
    deadline: Deadline,
    /// How long one host has for it, if not all of the time.
    attempt_timeout: Option<Duration>,
    /// The only host that is to prepare it.
    host: Option<Uuid>,
    /// What chooses the hosts, if not what the session has.
    load_balancing: Option<Arc<dyn LoadBalancing>>,
}

impl Asker {
    /// One who executes it with these options, and has until then.
    pub(crate) fn of(options: &Options<'_>, deadline: Deadline) -> Self {
        let keyspace = options.keyspace.to_shared();
        let attempt_timeout = options.settings.attempt_timeout;
        let load_balancing = options.shared_load_balancing().cloned();
        Self { keyspace, deadline, attempt_timeout, host: options.host(), load_balancing }
    }

    /// By which hosts it is to be prepared: a policy is told by where it is, as it is held meanwhile.
    fn by(&self) -> PreparedBy {
        let policy = self.load_balancing.as_ref().map(|policy| Arc::as_ptr(policy).addr());
        PreparedBy { host: self.host, policy }
    }

    fn operation<'a>(&'a self, text: &'a str) -> PrepareOperation<'a> {
        PrepareOperation {
            text,
            keyspace: Some(&self.keyspace),
            attempt_timeout: self.attempt_timeout,
            host: self.host,
            load_balancing: self.load_balancing.as_deref(),
        }
    }
}

/// The prepared statement of this text in the keyspace of whoever asks.
///
/// # Cancel safety
///
/// Dropped, it takes the PREPARE from nobody else who waits for it.
pub(crate) async fn prepare(
    shared: Arc<Shared>,
    text: Arc<str>,
    asker: Asker,
) -> Result<PreparedStatement> {
    let (key, deadline) = (asker.keyspace.key(text), asker.deadline);
    loop {
        let begin = |number| begin(&shared, &key, number, asker.clone());
        let preparation = match shared.statements.ask(&key, asker.by(), begin) {
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
fn begin(shared: &Arc<Shared>, key: &StatementKey, number: u64, asker: Asker) -> Preparation {
    let (session, own_key) = (Arc::clone(shared), key.clone());
    let (deadline, by) = (asker.deadline, asker.by());
    let preparing = async move {
        // Who asked for it counts its time: each of them has waited for another part of it.
        let mut run = Executions::later(deadline, None);
        let prepare = asker.operation(&own_key.text);
        let response = poll_fn(|context| run.poll(&session, &prepare, true, context)).await?;
        let said = response.into_prepared().map_err(|kind| run.end(prepare.kind(), kind))?;
        let (schema, text) = (session.cluster().schema(), Arc::clone(&own_key.text));
        let statement = PreparedStatement::new(text, asker.keyspace.origin(), said, &schema);
        if let Some(gone) = session.statements.keep(own_key, &statement, Instant::now()) {
            session.log.turns_over(session.statements.capacity(), gone.text());
        }
        Ok(statement)
    };
    let (session, key) = (Arc::clone(shared), key.clone());
    Preparation::new(preparing, deadline, move || session.statements.ended(&key, by, number))
}
