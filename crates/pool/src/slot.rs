//! One slot of a pool: the task that sees to it that a connection is in it.
//!
//! ```text
//!                 failed: back off
//!              +-------------------+
//!              v                   |
//!   start --> connecting ----------+
//!              ^     |
//!              |     v opened
//!              |    open --over--+
//!              |     |           |
//!              |     | retiring  |       The one that is retiring stays listed until the next
//!              +-----+-----------+       one is open, or cannot be opened; then it finishes what
//!                                        it has and closes. One whose server says that it is
//!                                        about to go is over for new requests, too.
//!
//!   stopped, in any state: the task ends; an open connection drains by itself.
//! ```

use std::sync::Arc;

use cqlwire_net::{Connection, Deadline};
use tokio::sync::watch;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use crate::open::Listed;
use crate::shared::Shared;
use crate::{Unconnected, farewell, proof};

/// Keeps one slot filled until it is stopped.
pub(crate) async fn keep(shared: Arc<Shared>, stopped: CancellationToken) {
    let _attended = Attended(&shared, &stopped);
    stopped.run_until_cancelled(refill(&shared)).await;
}

/// A slot whose task is there. A task that is dropped though nobody stopped it went with its runtime.
struct Attended<'a>(&'a Shared, &'a CancellationToken);

impl Drop for Attended<'_> {
    fn drop(&mut self) {
        self.0.unattended(self.1);
    }
}

async fn refill(shared: &Shared) {
    let (mut failures, mut refused) = (0, false);
    let mut hopes = shared.hopes.subscribe();
    let mut retiring: Option<Listed> = None;
    loop {
        back_off(shared, failures, refused, &mut hopes).await;
        let opened = open(shared).await;
        refused = opened.as_ref().is_err_and(Unconnected::is_permanent);
        let connection = match opened {
            Ok(connection) => connection,
            Err(reason) => {
                failures += 1;
                // A server that opens no other is not well: requests go elsewhere meanwhile.
                retiring.take();
                shared.failed(reason);
                continue;
            }
        };
        let since = Instant::now();
        let Some(listed) = shared.opened(connection.clone()) else { return };
        // The one before it, if it was only retiring, drains once nobody can pick it any more.
        retiring.take();
        retiring = watch(shared, connection, listed).await;
        // One that a server closes right away counts as a failure.
        let lived_well = since.elapsed() >= shared.settings.backoff.longest;
        failures = if lived_well || retiring.is_some() { 0 } else { failures + 1 };
    }
}

/// Waits before the next attempt, unless since the last one began somebody has had reason to think
/// that it will succeed now, or requests find no connection. Those hasten none where the last one was
/// refused for good: servers lock accounts whose password is wrong too often, and each try costs them
/// more than a request.
async fn back_off(shared: &Shared, failures: u32, refused: bool, hopes: &mut watch::Receiver<u64>) {
    tokio::select! {
        biased;
        () = sleep(shared.settings.backoff.after(failures)) => {}
        Ok(()) = hopes.changed() => {}
        () = shared.demand.hastened(shared.settings.backoff_under_demand), if !refused => {}
    }
    // What is hoped from now on comes after the attempt that begins.
    hopes.mark_unchanged();
}

/// A connection that reaches the server which it is for.
async fn open(shared: &Shared) -> Result<Connection, Unconnected> {
    // Nobody closes it: there is always another turn.
    let _turn = shared.turns.acquire().await;
    let deadline = Deadline::after(shared.settings.connect_timeout);
    let (target, settings) = (&shared.target, shared.connection_settings());
    let connection = Connection::open_at(&target.address, &settings, deadline).await?;
    let proven = async {
        match &target.identity {
            Some(identity) => proof::reaches(&connection, identity, deadline).await,
            None => Ok(()),
        }
    };
    let (proven, ()) = tokio::join!(proven, farewell::ask_for(&connection, deadline));
    proven.map(|()| connection)
}

/// Waits until the connection is over, and takes it off the list, or until it is retiring, and
/// gives its listing back.
async fn watch(shared: &Shared, connection: Connection, listed: Listed) -> Option<Listed> {
    tokio::select! {
        biased;
        end = connection.ended() => {
            shared.lost(end);
            None
        }
        () = connection.retiring() => {
            let (session, host) = (shared.log().id(), &shared.target.address);
            tracing::warn!(
                %session,
                %host,
                "too many responses are owed, or one for too long: replacing a connection"
            );
            shared.open.connections.retired();
            Some(listed)
        }
        () = farewell::said(&connection) => {
            shared.leaving();
            None
        }
    }
}
