//! What a run is: how the session and its servers are set up, and a list of steps. All that is left to
//! chance is in it, so that it can be run again, and with fewer steps.

use std::fmt;

use cqlwire_testkit::cancel::Cut;
use cqlwire_testkit::cluster::EventDelivery;
use cqlwire_testkit::fault::{Fault as Break, Sense};

use super::faults::{Fault, Scope};

/// A run.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) seed: u64,
    pub(crate) setup: Setup,
    pub(crate) steps: Vec<Timed>,
}

/// What does not change in the course of a run.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    /// The newest version of the protocol that is spoken, 3 to 5.
    pub(crate) version: u8,
    pub(crate) compressed: bool,
    /// How many servers there are at first.
    pub(crate) hosts: usize,
    pub(crate) connections_per_host: usize,
    /// How many stream ids a connection has.
    pub(crate) stream_ids: u16,
    /// How many requests the session lets in at once, and how many more may wait.
    pub(crate) max_requests: Option<(usize, usize)>,
    pub(crate) retries: Retries,
    /// After so many milliseconds, what may be done twice is sent to another host as well.
    pub(crate) speculates_after: Option<u64>,
    /// How many statements the session keeps.
    pub(crate) statements: usize,
    /// The longest that a server takes for an answer, in milliseconds.
    pub(crate) slowest: u64,
    /// Nothing is wrong with any server: whatever is not let go of has to succeed, and soon.
    pub(crate) calm: bool,
    /// In the end the handles are dropped, and not closed before.
    pub(crate) dropped: bool,
}

/// Who decides whether a request is sent again.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Retries {
    Default,
    Never,
    Downgrading,
    SameHost,
    NextHost,
}

/// A step, and how many milliseconds after the one before it.
#[derive(Clone)]
pub(crate) struct Timed {
    pub(crate) after: u64,
    pub(crate) step: Step,
}

impl fmt::Debug for Timed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "+{} ms: {:?}", self.after, self.step)
    }
}

/// One thing that happens. What makes no sense at the time, such as the end of a host that is dead,
/// does nothing: steps can be taken away.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Call(Call),
    /// Something happens to a host, by its number, counted round among those of the ring.
    Host(usize, HostStep),
    /// Columns of this table change their order.
    Alter(usize),
    /// How events of what happens to hosts are delivered from now on.
    Events(EventDelivery),
    /// So many events of hosts and changes that are none.
    Rumours(u8),
    /// Close, within so many milliseconds.
    Close(u64),
}

#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum HostStep {
    /// Its process ends.
    Kill,
    /// It shuts down in order.
    ShutDown,
    /// It runs again, if it did not, with nothing prepared.
    Start,
    /// It ends and runs again at once.
    Restart,
    /// It does nothing more, and its connections stay.
    Hang,
    /// It goes on where it was.
    GoOn,
    /// Nothing reaches it, and nobody is refused.
    Isolate,
    /// It runs again with another address.
    Readdress,
    /// Another one joins.
    Join,
    /// It leaves for good; the first one never does.
    Leave,
    /// Another one takes its place at its address.
    Replace,
    /// It knows no prepared statement any more.
    Forget,
    /// It resets its connections, and takes new ones.
    Reset,
    /// It closes its connections, and takes new ones.
    Close,
    /// The next so many of these requests get this.
    Fault(Scope, u8, Fault),
    /// So many bytes at a time come and go, and then none for so many milliseconds.
    Drip(usize, u64),
    /// Bytes come as fast as they can.
    Flow,
    /// Something happens to the next connection to it, after so many bytes of one direction.
    Break(Sense, u64, Break),
}

/// Something that a user asks for, in a task of its own.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// No other call has it; what it writes is this number times a hundred, and more.
    pub(crate) id: i64,
    pub(crate) what: What,
    pub(crate) how: How,
    /// In milliseconds.
    pub(crate) timeout: u64,
    /// Of one attempt, in milliseconds.
    pub(crate) attempt_timeout: Option<u64>,
    pub(crate) idempotent: Option<bool>,
    pub(crate) letting_go: Option<LettingGo>,
}

#[derive(Clone, Debug)]
pub(crate) enum What {
    Read {
        table: usize,
        key: i64,
    },
    Write {
        table: usize,
        key: i64,
    },
    Batch {
        logged: bool,
        writes: Vec<(usize, i64)>,
    },
    /// A text of its own, with this number in it.
    Prepare {
        table: usize,
        number: u8,
    },
    /// Rows, of which only some are read, with a pause of so many milliseconds before each.
    Rows {
        count: i64,
        page_size: u32,
        read: usize,
        prefetch: u8,
        pause: u64,
        by_page: bool,
    },
    Load {
        rows: i64,
        partitions: i64,
        concurrency: usize,
        batch_rows: usize,
    },
}

/// In which form a statement is sent.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum How {
    /// A text with literals.
    Text,
    /// A text with values, which the session prepares.
    Values,
    /// Prepared by the user.
    Prepared,
}

/// When the future is dropped, unless it is done before.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum LettingGo {
    At(Cut),
    /// After so many milliseconds.
    After(u64),
}

impl LettingGo {
    /// Is it dropped before it was ever polled?
    pub(crate) fn unpolled(self) -> bool {
        self == Self::At(Cut::AfterPolls(0))
    }
}
