//! The servers of a run: what they answer, and what happens to them.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use cqlwire::codec::Opcode;
use cqlwire_testkit::cluster::{EventDelivery, ScriptedCluster};
use cqlwire_testkit::fault::{Fault as Break, Pace, Sense};
use cqlwire_testkit::node::{Prime, Received, cell};
use fastrand::Rng;

use super::asked::{self, Asked, NAMES};
use super::faults::{Fault, Scope, is_not_begun};
use super::model::{Model, PREPARES, call_of};
use super::plan::Plan;

/// How many tables, and how many keys of each.
pub(crate) const TABLES: usize = NAMES.len();
pub(crate) const KEYS: i64 = 4;

/// The servers, and what is true.
pub(crate) struct World {
    pub(crate) cluster: ScriptedCluster,
    pub(crate) model: Model,
    version: u8,
    slowest: u64,
    seed: u64,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
pub(super) struct State {
    /// By the number of the node.
    pub(super) hosts: Vec<HostState>,
    /// The connections, each by its number at a node, that cannot go on after what came over them.
    pub(super) doomed: Vec<(usize, usize, Fault)>,
    pub(super) altered: [bool; TABLES],
    pub(super) delivery: Option<EventDelivery>,
    /// How many addresses were given to hosts that had another one.
    pub(super) moved: u8,
}

/// What is true of a node for now.
#[derive(Debug, Default)]
pub(super) struct HostState {
    pub(super) is_dead: bool,
    pub(super) hangs: bool,
    pub(super) has_left: bool,
    pub(super) faults: VecDeque<(Scope, u8, Fault)>,
    pub(super) pace: Pace,
    pub(super) was_slow: bool,
    /// For connections to come.
    pub(super) breaks: VecDeque<(Sense, u64, Break)>,
    /// There was one with a fault that may be still to come.
    pub(super) has_broken: bool,
}

impl World {
    pub(crate) fn of(plan: &Plan, is_traced: bool) -> Arc<Self> {
        let cluster = ScriptedCluster::builder()
            .data_center("near", (0..plan.setup.hosts).map(|_| "rack"))
            .keyspace(asked::keyspace())
            .in_memory();
        let world = Arc::new(Self {
            cluster,
            model: Model::new(is_traced),
            version: plan.setup.version,
            slowest: plan.setup.slowest,
            seed: plan.seed,
            state: Mutex::default(),
        });
        (0..plan.setup.hosts).for_each(|_| world.began());
        world
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The node that was made last is one of this world.
    pub(super) fn began(self: &Arc<Self>) {
        let number = {
            let mut state = self.state();
            state.hosts.push(HostState::default());
            state.hosts.len() - 1
        };
        let (node, world) = (self.cluster.node(number), Arc::downgrade(self));
        node.script(move |received| world.upgrade()?.answer(number, received));
        node.prime(Prime::statement(asked::ROWS).rows(asked::columns_of_many(), Vec::new()));
        (0..TABLES).for_each(|table| self.describe(number, table));
    }

    /// Has a node say what it says of the columns of this table.
    pub(super) fn describe(&self, number: usize, table: usize) {
        let columns = asked::columns_by_key(self.state().altered[table]);
        let prime = Prime::statement(asked::read(table)).rows(columns, Vec::new());
        self.cluster.node(number).prime(prime);
    }

    /// What a node does with what it has received.
    fn answer(&self, number: usize, received: &Received) -> Option<Prime> {
        let asked = Asked::of(received);
        let fault = self.fault(number, received.opcode, &asked);
        self.note(number, received, &asked, fault);
        let call = match &asked {
            Asked::Read { nonce, .. } | Asked::Rows { nonce, .. } => *nonce,
            Asked::Writes(writes) => writes.first().map_or(PREPARES, |write| call_of(write.value)),
            Asked::Prepare | Asked::Other => PREPARES,
        };
        if let Some(fault) = fault.filter(|fault| fault.ends_connection()) {
            self.state().doomed.push((number, received.connection, fault));
        }
        let code = fault.and_then(Fault::code);
        self.model.say(call, code, fault.is_some_and(Fault::is_said));
        let own = self.own_answer(&asked, received.opcode == Opcode::Batch, code);
        if own.is_none() && fault.is_none() {
            return None;
        }
        let mut answer = own.unwrap_or_else(Prime::any);
        if call != PREPARES {
            answer = answer.after(self.time(call));
        }
        Some(match fault {
            Some(fault) => fault.befall(answer, received.stream, self.version),
            None => answer,
        })
    }

    fn note(&self, number: usize, received: &Received, asked: &Asked, fault: Option<Fault>) {
        let Received { connection, stream, opcode, page, .. } = received;
        if *opcode == Opcode::Options && fault.is_none() {
            return;
        }
        self.model.note(|| {
            let page = page.filter(|page| *page > 0);
            let page = page.map(|page| format!(", page {page}")).unwrap_or_default();
            let fault = fault.map(|fault| format!(": {fault:?}")).unwrap_or_default();
            format!("{number}.{connection}.{stream} {opcode} {asked:?}{page}{fault}")
        });
    }

    /// What a node says by itself, which takes note of what it has done.
    fn own_answer(&self, asked: &Asked, in_batch: bool, code: Option<i32>) -> Option<Prime> {
        Some(match asked {
            Asked::Read { table, key, nonce } => {
                let value = self.model.read(*table, *key, *nonce);
                let altered = self.state().altered[*table];
                let bytes = |number: i64| cell(number.to_be_bytes());
                let mut row = vec![bytes(*key), value.and_then(bytes), bytes(*nonce)];
                if altered {
                    row.reverse();
                }
                Prime::any().rows(asked::columns_by_key(altered), vec![row])
            }
            Asked::Rows { nonce, count } => {
                let row = |i: i64| vec![cell(nonce.to_be_bytes()), cell(i.to_be_bytes())];
                let rows =
                    Prime::any().rows(asked::columns_of_many(), (0..*count).map(row).collect());
                // Some with pages that are empty, as tombstones make them.
                if has_empty_pages(*nonce) { rows.in_pages([0, 2, 0, 0, 3, 1_000]) } else { rows }
            }
            Asked::Writes(writes) => {
                let one_write = !in_batch || self.model.are_one_write(writes);
                let is_done = !code.is_some_and(|code| is_not_begun(code, one_write));
                self.model.arrived(writes, is_done);
                Prime::any().void()
            }
            Asked::Prepare | Asked::Other => return None,
        })
    }

    /// The fault that this request gets, if there is one for it.
    fn fault(&self, number: usize, opcode: Opcode, asked: &Asked) -> Option<Fault> {
        let mut state = self.state();
        let HostState { faults, was_slow, .. } = state.hosts.get_mut(number)?;
        // Nobody could tell that a statement which the server does not know was not executed.
        let is_unknown =
            matches!(opcode, Opcode::Execute | Opcode::Batch) && *asked == Asked::Other;
        let at = faults.iter().position(|(scope, _, fault)| match scope {
            Scope::Any => !(is_unknown && fault.is_said()),
            Scope::Prepares => *asked == Asked::Prepare,
            Scope::Data => !matches!(asked, Asked::Prepare | Asked::Other),
        })?;
        let (_, left, fault) = faults.get_mut(at)?;
        let fault = match *fault {
            // The second would come in the place of another answer, once the id is used again: nobody could
            // tell.
            Fault::Twice if *was_slow => Fault::Reset,
            fault => fault,
        };
        *left -= 1;
        if *left == 0 {
            faults.remove(at);
        }
        Some(fault)
    }

    /// How long an answer to this call takes: the same, whatever else goes on.
    fn time(&self, call: i64) -> Duration {
        let arrival = self.model.count_arrival(call);
        let mut rng = Rng::with_seed(self.seed ^ call.unsigned_abs().rotate_left(20) ^ arrival);
        Duration::from_millis(rng.u64(..=self.slowest))
    }
}

/// Does this result come with empty pages in between?
pub(crate) const fn has_empty_pages(nonce: i64) -> bool {
    nonce % 3 == 0
}
