//! Whose turn it is: a lease in the database, taken and kept by lightweight transactions.
//!
//! ```text
//!   free --take--> held by this run --release--> free
//!    ^              |  ^        |
//!    |              +--+ renew  +-- time passes, the run is killed, paused or cut off
//!    +---------------------------------- the servers forget the holder
//! ```
//!
//! The servers count the time, by the time to live of the cell. A holder counts too, from before it sent
//! the request: by its own count the lease is over before it is by theirs, as long as no clock runs
//! faster than another one by a tenth.

use std::time::Duration;

use cqlwire::{PreparedStatement, Session};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use crate::Outcome;

/// How long to wait before it is asked for again.
const AGAIN: Duration = Duration::from_secs(1);

/// A turn. It ends with its time, whatever becomes of this process.
pub(crate) struct Lease<'a> {
    session: &'a Session,
    renew: PreparedStatement,
    holder: Uuid,
    seconds: u16,
    until: Instant,
}

impl<'a> Lease<'a> {
    /// Takes the lease, once nobody has it.
    pub(crate) async fn take(session: &'a Session, seconds: u16, wait: Duration) -> Outcome<Self> {
        let take = "UPDATE migrations USING TTL ? SET holder = ? \
                    WHERE journal = 'schema' IF holder = null";
        let renew = "UPDATE migrations USING TTL ? SET holder = ? \
                     WHERE journal = 'schema' IF holder = ?";
        let (take, renew) = (session.prepare(take).await?, session.prepare(renew).await?);
        let holder = Uuid::new_v4();
        let lease = |until| Self { session, renew: renew.clone(), holder, seconds, until };
        let began = Instant::now();
        loop {
            let until = end(seconds);
            let held_by = match session.execute(&take, (i32::from(seconds), holder)).await {
                Ok(result) if result.was_applied()? => return Ok(lease(until)),
                Ok(result) => result.present_row::<(Option<Uuid>,)>()?.and_then(|(holder,)| holder),
                // It may be taken all the same: the next attempt finds out.
                Err(error) if error.is_retryable() => None,
                Err(error) => return Err(error.into()),
            };
            if held_by == Some(holder) {
                // By the attempt before, whose answer went lost, and who knows when.
                let mut lease = lease(until);
                lease.renew().await?;
                return Ok(lease);
            }
            if began.elapsed() > wait {
                return Err(format!("another run has the lease: {held_by:?}").into());
            }
            sleep(AGAIN).await;
        }
    }

    /// A whole lease from now on.
    pub(crate) async fn renew(&mut self) -> Outcome {
        let until = end(self.seconds);
        let values = (i32::from(self.seconds), self.holder, self.holder);
        if !self.session.execute(&self.renew, values).await?.was_applied()? {
            return Err("the lease ran out, and another run may have it".into());
        }
        self.until = until;
        Ok(())
    }

    /// Gives it back, unless it has run out.
    pub(crate) async fn release(self) -> Outcome {
        let release = "DELETE holder FROM migrations WHERE journal = 'schema' IF holder = ?";
        self.session.query(release, (self.holder,)).await?;
        Ok(())
    }

    /// Until when nobody else has it.
    pub(crate) const fn until(&self) -> Instant {
        self.until
    }

    pub(crate) const fn holder(&self) -> Uuid {
        self.holder
    }
}

/// When a lease ends that is asked for now, and a tenth sooner: for clocks that are not alike.
fn end(seconds: u16) -> Instant {
    Instant::now() + Duration::from_secs(seconds.into()) * 9 / 10
}
