//! What the handle of a node and its connections share.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use cqlwire_codec::{Compression, Opcode, ProtocolVersion, StreamId};
use tokio::sync::Notify;
use tokio::task::JoinSet;

use crate::schema::Schema;

use super::authentication::Authentication;
use super::command::{Command, Outgoing};
use super::prime::{Prime, Script};
use super::system::{Member, Peers};
use super::{Received, Violation, ViolationKind};

/// How many requests, and how many violations, are remembered; counters go on.
const MOST_REMEMBERED: usize = 100_000;

/// How many commands may wait for one connection.
const MOST_COMMANDS: usize = 100_000;

/// What a node is, fixed before it starts.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    /// In ascending order, at least one.
    pub(super) versions: Vec<ProtocolVersion>,
    pub(super) beta_refusal: bool,
    /// What it asks of clients, if anything.
    pub(super) authentication: Option<Authentication>,
    pub(super) buffer: usize,
    pub(super) graceful_disconnect: bool,
}

impl Settings {
    pub(super) fn newest(&self) -> ProtocolVersion {
        self.versions.last().copied().unwrap_or(ProtocolVersion::LATEST)
    }
}

/// A node without its handle.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) settings: Settings,
    /// `None` once the node has been dropped.
    tasks: Mutex<Option<JoinSet<()>>>,
    state: Mutex<State>,
}

/// Everything that changes.
#[derive(Debug)]
pub(super) struct State {
    pub(super) local: Member,
    /// Whether new connections are not read for now.
    pub(super) paused: bool,
    /// Whether nothing is read or written for now, on old and new connections.
    pub(super) stopped: bool,
    pub(super) peers: Peers,
    pub(super) schema: Arc<Schema>,
    pub(super) primes: Vec<Prime>,
    /// Goes before all primes.
    pub(super) script: Option<Script>,
    pub(super) prepared: HashMap<Bytes, PreparedText>,
    /// Those that there are; `None`: any.
    pub(super) keyspaces: Option<HashSet<String>>,
    pub(super) connections: Vec<Link>,
    pub(super) received: VecDeque<Received>,
    pub(super) counts: HashMap<Opcode, u64>,
    pub(super) violations: Vec<Violation>,
    pub(super) holds: Vec<Hold>,
}

/// A statement that was prepared.
#[derive(Clone, Debug)]
pub(super) struct PreparedText {
    pub(super) text: String,
    /// The keyspace that its unqualified names mean.
    pub(super) keyspace: Option<String>,
}

/// One connection, as the handle sees it.
#[derive(Debug, Default)]
pub(super) struct Link {
    pub(super) open: bool,
    pub(super) version: Option<ProtocolVersion>,
    pub(super) compression: Option<Compression>,
    pub(super) keyspace: Option<String>,
    pub(super) events: Vec<String>,
    /// The streams whose last request has not been answered.
    pub(super) owed: HashSet<StreamId>,
    pub(super) inbox: Arc<Inbox>,
}

/// Commands of the handle to one connection.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    commands: Mutex<VecDeque<Command>>,
    pub(super) arrived: Notify,
}

/// Answers that wait for the test.
#[derive(Debug, Default)]
pub(super) struct Hold {
    pub(super) released: bool,
    /// With the connection that each is for.
    pub(super) answers: Vec<(usize, Outgoing)>,
}

/// Locks; a panic elsewhere is reported where it happened, not here.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Inbox {
    pub(super) fn push(&self, command: Command) {
        let mut commands = lock(&self.commands);
        assert!(commands.len() < MOST_COMMANDS, "the connection takes no more commands");
        commands.push_back(command);
        drop(commands);
        self.arrived.notify_one();
    }

    pub(super) fn pop(&self) -> Option<Command> {
        lock(&self.commands).pop_front()
    }
}

impl Shared {
    pub(super) fn new(settings: Settings, local: Member) -> Self {
        let state = State {
            local,
            paused: false,
            stopped: false,
            peers: Peers::default(),
            schema: Arc::default(),
            primes: Vec::new(),
            script: None,
            prepared: HashMap::new(),
            keyspaces: None,
            connections: Vec::new(),
            received: VecDeque::new(),
            counts: HashMap::new(),
            violations: Vec::new(),
            holds: Vec::new(),
        };
        Self { settings, tasks: Mutex::new(Some(JoinSet::new())), state: Mutex::new(state) }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// Ends every task, and with it every socket, at its next turn; none begins any more.
    pub(super) fn end_tasks(&self) {
        lock(&self.tasks).take();
    }

    /// Runs `task` until it ends or the node is dropped.
    pub(super) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        if let Some(tasks) = lock(&self.tasks).as_mut() {
            while tasks.try_join_next().is_some() {}
            tasks.spawn(task);
        }
    }

    /// A new connection: its number and its inbox.
    pub(super) fn open(&self) -> (usize, Arc<Inbox>) {
        let mut state = self.state();
        let link = Link { open: true, ..Link::default() };
        let inbox = link.inbox.clone();
        if state.paused {
            inbox.push(Command::Pause(true));
        }
        if state.stopped {
            inbox.push(Command::Stop(true));
        }
        state.connections.push(link);
        (state.connections.len() - 1, inbox)
    }

    pub(super) fn closed(&self, connection: usize) {
        self.state().link(connection, |link| {
            link.open = false;
            link.owed.clear();
            link.events.clear();
        });
    }
}

impl State {
    pub(super) fn link(&mut self, connection: usize, change: impl FnOnce(&mut Link)) {
        if let Some(link) = self.connections.get_mut(connection) {
            change(link);
        }
    }

    pub(super) fn violate(&mut self, connection: usize, kind: ViolationKind) {
        if self.violations.len() < MOST_REMEMBERED {
            self.violations.push(Violation { connection, kind });
        }
    }

    /// Remembers a request and that it is owed an answer.
    pub(super) fn receive(&mut self, received: &Received) {
        let Received { connection, stream, opcode, .. } = *received;
        *self.counts.entry(opcode).or_default() += 1;
        if self.received.len() == MOST_REMEMBERED {
            self.received.pop_front();
        }
        self.received.push_back(received.clone());
        let mut in_use = false;
        self.link(connection, |link| in_use = !link.owed.insert(stream));
        if in_use {
            self.violate(connection, ViolationKind::StreamInUse { stream, opcode });
        }
    }

    /// The prime that reacts to this request, if one does.
    pub(super) fn prime_for(&mut self, received: &Received) -> Option<Prime> {
        let unanswered = self.connections.iter().map(|link| link.owed.len()).sum();
        let mut primes = self.primes.iter_mut().rev();
        primes.find_map(|prime| prime.takes(received, unanswered).then(|| prime.clone()))
    }
}
