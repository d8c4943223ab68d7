//! Teaching a host a statement that it does not know: one PREPARE for all who wait for it.
//!
//! A host that was restarted, or holds fewer statements than are used, says so to each request that
//! is on its way there. One PREPARE of a statement is enough for all of them.

use std::sync::{Arc, Weak};
use std::time::Duration;

use cqlwire_cluster::Host;
use cqlwire_net::Deadline;
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::send::{Draft, NotSent, Timing, measure_part, send_to};
use super::teachings::Teaching;
use crate::cql;
use crate::error::{AttemptFailure, ErrorKind, TimeoutPhase};
use crate::joint::Joint;
use crate::keyspace::Keyspace;
use crate::operation::{Failure, PrepareOperation, read};
use crate::prepared::PreparedStatement;
use crate::shared::Shared;
use crate::timed::timed_at_home;

/// How long to wait at most before a host that forgot a statement just after it was taught is taught
/// it again, for the first time; twice as long for the next one.
const LONGEST_PAUSE: Duration = Duration::from_millis(20);

/// Has the host prepare the statement, once for all who wait for it at the same time. `again` is how
/// often it has forgotten it since whoever asks for it began.
pub(crate) fn teach(
    shared: &Arc<Shared>,
    host: &Arc<Host>,
    statement: &PreparedStatement,
    again: u8,
    deadline: Deadline,
) -> Teaching {
    // Whoever executes it is in its keyspace, and warm_up asks only about those that are open.
    let keyspace = shared.keyspaces.of(statement.origin(), shared.cluster());
    let lesson = (host.id(), keyspace.key(Arc::clone(statement.shared_text())));
    shared.teachings.join(lesson.clone(), |number| {
        let (runtime, turns) = (shared.runtime.clone(), shared.teachings.turns(host.id()));
        let (session, host, statement) =
            (Arc::downgrade(shared), Arc::clone(host), statement.clone());
        let work = async move {
            pause(&runtime, again).await;
            let _turn = turn(&runtime, turns, &host, deadline).await?;
            prepare_on(&session, &host, &statement, &keyspace, deadline).await
        };
        let session = Arc::downgrade(shared);
        Joint::new(work, deadline, move || {
            if let Some(session) = session.upgrade() {
                session.teachings.ended(&lesson, number);
            }
        })
    })
}

/// A host that forgets what it was just taught has more to hold than it can: whoever waits does not
/// ask again at once, and not all of them at the same time.
async fn pause(runtime: &Handle, again: u8) {
    if again > 0 {
        let longest = LONGEST_PAUSE * 2_u32.pow(u32::from(again - 1).min(8));
        let pause = longest.mul_f64(fastrand::f64());
        // Without its runtime, the request after it says so.
        let pausing = async move { tokio::time::sleep(pause).await };
        timed_at_home(runtime, pausing).await.unwrap_or_default();
    }
}

/// Waits for its turn at this host.
async fn turn(
    runtime: &Handle,
    turns: Arc<Semaphore>,
    host: &Host,
    deadline: Deadline,
) -> Result<OwnedSemaphorePermit, Failure> {
    if let Ok(turn) = Arc::clone(&turns).try_acquire_owned() {
        return Ok(turn);
    }
    let waiting = async move { deadline.bound(turns.acquire_owned()).await };
    match timed_at_home(runtime, waiting).await {
        Some(Ok(Ok(turn))) => Ok(turn),
        _ => {
            let host = Some(host.address().to_string().into());
            Err(ErrorKind::Timeout { phase: TimeoutPhase::Prepare, host, of_attempt: false }.into())
        }
    }
}

/// The PREPARE itself. While it is under way it keeps no session: whoever waits for it does, or
/// nobody needs it.
async fn prepare_on(
    session: &Weak<Shared>,
    host: &Arc<Host>,
    statement: &PreparedStatement,
    keyspace: &Keyspace,
    deadline: Deadline,
) -> Result<(), Failure> {
    let prepare = PrepareOperation {
        text: statement.text(),
        keyspace: Some(keyspace),
        ..PrepareOperation::default()
    };
    let request = {
        let shared = session.upgrade().ok_or(ErrorKind::SessionClosed)?;
        let (session, address) = (shared.log.session(), host.address());
        tracing::debug!(%session, host = %address, "preparing a statement again");
        let (mut draft, measure) = (Draft::blank(), measure_part(&prepare, deadline));
        let timing = Timing { deadline, measure, timeline: None };
        let draft_and_offer = (&mut draft, None);
        let taken =
            send_to(host, &prepare, draft_and_offer, &shared, &timing, None, |sent| sent.request);
        draft.give_back();
        taken.map_err(not_asked)?
    };
    let outcome = request.await;
    let shared = session.upgrade().ok_or(ErrorKind::SessionClosed)?;
    let said = read(&shared, host, outcome, None, None);
    let said = said.map_err(|failure| failure.without_secrets_of(|| [statement.text()]))?;
    let has_changed = statement.learn(host.id(), said.into_prepared()?, &shared.cluster().schema());
    let log = &shared.log;
    if has_changed && log.log().is_news("bind markers", statement.text()) {
        let (session, statement) = (log.session(), cql::without_values(statement.text()));
        let host = host.address();
        tracing::info!(%session, %host, statement, "the bind markers of a statement have changed");
    }
    shared.statements.taught();
    Ok(())
}

#[cold]
fn not_asked(why: NotSent) -> Failure {
    match why {
        NotSent::Failed(failure) => failure,
        // It is not a prepared statement itself.
        NotSent::Unprepared(_) => Failure::Attempt(AttemptFailure::Forgotten { times: 1 }),
    }
}
