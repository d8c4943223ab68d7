//! Against a list of everything that ever came.

use std::net::SocketAddr;
use std::time::Instant;

use cqlwire_codec::{SchemaChangeKind, SchemaTarget, TopologyChange};

use super::said::{WINDOW, address, down, hints, millis, pending, schema, table, topology, up};
use super::{Hint, PendingEvents, Refresh, StaleKeyspace, StaleSchema};

/// What happens.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Topology,
    Up(u32),
    Down(u32),
    Table(u8, u8),
    Keyspace(u8, SchemaChangeKind),
    Lost,
    Pass(u64),
    /// Whatever refresh comes next fails after so many milliseconds.
    FailNext(u64),
}

/// Something that a refresh has to see to.
#[derive(Clone, Debug, PartialEq)]
enum Need {
    Hosts,
    Target(String, SchemaTarget),
    Keyspace(String),
    Schema,
}

impl Need {
    fn is_met_by(&self, refresh: &Refresh) -> bool {
        let keyspaces = match &refresh.schema {
            StaleSchema::Whole => None,
            StaleSchema::Keyspaces(keyspaces) => Some(keyspaces),
        };
        let stale = |name: &String| keyspaces.map(|keyspaces| keyspaces.get(name));
        match self {
            Self::Hosts => refresh.hosts,
            Self::Schema => keyspaces.is_none(),
            Self::Keyspace(name) => matches!(stale(name), None | Some(Some(StaleKeyspace::Whole))),
            Self::Target(name, target) => match stale(name) {
                None | Some(Some(StaleKeyspace::Whole)) => true,
                Some(Some(StaleKeyspace::Targets(targets))) => targets.contains(target),
                Some(None) => false,
            },
        }
    }
}

/// The machine, the one who drives it, and what the latter remembers of all that it said.
struct Bench {
    now: Instant,
    pending: PendingEvents,
    needs: Vec<(Instant, Need)>,
    taken_at: Option<Instant>,
    /// UPs that nothing was handed out for yet; `None` is any host.
    ups: Vec<(Instant, Option<SocketAddr>)>,
    tried: Vec<(Instant, Option<SocketAddr>)>,
    fail_next: Option<u64>,
    failing: Option<(Instant, Refresh)>,
}

impl Bench {
    fn new() -> Self {
        Self {
            now: Instant::now(),
            pending: pending(),
            needs: Vec::new(),
            taken_at: None,
            ups: Vec::new(),
            tried: Vec::new(),
            fail_next: None,
            failing: None,
        }
    }

    fn need(&mut self, need: Need) {
        self.needs.push((self.now, need));
    }

    fn note(&mut self, step: Step) {
        let now = self.now;
        match step {
            Step::Topology => {
                self.need(Need::Hosts);
                self.pending.note(topology(TopologyChange::RemovedNode), now);
            }
            Step::Up(number) => {
                self.ups.push((now, Some(address(number))));
                self.pending.note(up(number), now);
            }
            Step::Down(number) => {
                self.pending.note(down(number), now);
                assert_eq!(self.pending.next_hint(now), Some(Hint::Down(address(number))));
            }
            Step::Table(keyspace, name) => {
                let (keyspace, name) = (format!("k{keyspace}"), format!("t{name}"));
                self.pending.note(table(&keyspace, &name), now);
                self.need(Need::Target(keyspace, SchemaTarget::Table(name)));
            }
            Step::Keyspace(keyspace, kind) => {
                let name = format!("k{keyspace}");
                self.need(match kind {
                    SchemaChangeKind::Updated => Need::Target(name.clone(), SchemaTarget::Keyspace),
                    _ => Need::Keyspace(name.clone()),
                });
                self.pending.note(schema(kind, &name, SchemaTarget::Keyspace), now);
            }
            Step::Lost => {
                self.pending.note_lost(now);
                self.need(Need::Hosts);
                self.need(Need::Schema);
                self.ups.push((now, None));
            }
            Step::FailNext(after) => self.fail_next = Some(after),
            Step::Pass(pass) => return self.pass(now + millis(pass)),
        }
        self.act();
    }

    /// Goes on to `end`, and does on the way what is due, when it is due.
    fn pass(&mut self, end: Instant) {
        loop {
            let fails = self.failing.as_ref().map(|(at, _)| *at);
            let next = [self.pending.due(), fails].into_iter().flatten().min();
            let Some(next) = next.filter(|next| *next <= end) else { break };
            self.now = self.now.max(next);
            self.act();
        }
        self.now = end;
    }

    fn act(&mut self) {
        let now = self.now;
        if let Some((_, refresh)) = self.failing.take_if(|(at, _)| *at <= now) {
            self.pending.restore(refresh, now);
        }
        for hint in hints(&mut self.pending, now) {
            self.on_hint(hint);
        }
        if let Some(refresh) = self.pending.take(now) {
            self.on_refresh(refresh);
        }
        assert!(self.pending.due().is_none_or(|due| due > now), "it is seen to");
    }

    fn on_hint(&mut self, hint: Hint) {
        let tried = match hint {
            Hint::Up(address) => Some(address),
            Hint::UpAny => None,
            Hint::Down(address) => panic!("DOWN of {address} was taken before"),
        };
        let same = |other: Option<SocketAddr>| tried.is_none() || other.is_none() || tried == other;
        let before = self.tried.iter().rev().find(|(_, other)| same(*other));
        assert!(before.is_none_or(|(at, _)| self.now - *at >= WINDOW), "{hint:?} too soon");
        self.tried.push((self.now, tried));
        let asked = self.ups.len();
        self.ups.retain(|(_, up)| tried.is_some() && *up != tried);
        assert!(self.ups.len() < asked, "{hint:?} out of nothing");
    }

    fn on_refresh(&mut self, refresh: Refresh) {
        let now = self.now;
        assert!(self.taken_at.is_none_or(|before| now - before >= WINDOW), "one a window");
        self.taken_at = Some(now);
        if let Some(after) = self.fail_next.take() {
            // It stays needed, from when it is known to have failed.
            self.needs.iter_mut().for_each(|(at, _)| *at = now + millis(after));
            self.failing = Some((now + millis(after), refresh));
            return;
        }
        let running = self.failing.as_ref().map(|(at, _)| *at);
        let (kept, met) = std::mem::take(&mut self.needs)
            .into_iter()
            .partition(|(at, _)| running.is_some_and(|fails| *at == fails));
        self.needs = kept;
        self.check(&refresh, &met);
    }

    fn check(&self, refresh: &Refresh, met: &[(Instant, Need)]) {
        assert!(!met.is_empty(), "{refresh:?} out of nothing");
        for (at, need) in met {
            assert!(need.is_met_by(refresh), "{need:?} was lost: {refresh:?}");
            assert!(self.now - *at <= WINDOW, "{need:?} waited for {:?}", self.now - *at);
        }
        let needs = |wanted: &Need| met.iter().any(|(_, need)| need == wanted);
        assert_eq!(refresh.hosts, needs(&Need::Hosts));
        // Few things are read one by one.
        if met.len() <= 32 && !needs(&Need::Schema) {
            let StaleSchema::Keyspaces(keyspaces) = &refresh.schema else { panic!("all") };
            for (name, stale) in keyspaces {
                let one_by_one = matches!(stale, StaleKeyspace::Targets(_));
                assert!(one_by_one != needs(&Need::Keyspace(name.clone())), "{refresh:?}");
            }
        }
    }

    fn check_waiting(&self) {
        for (at, up) in &self.ups {
            // An UP that is overtaken by a loss of events waits for the window of that.
            assert!(self.now - *at <= 2 * WINDOW, "{up:?} waits for {:?}", self.now - *at);
        }
    }
}

/// Whatever happens, nothing is lost, late or too often.
pub(crate) fn run(steps: impl IntoIterator<Item = Step>) {
    let mut bench = Bench::new();
    for step in steps {
        bench.note(step);
        bench.check_waiting();
    }
    bench.fail_next = None;
    bench.pass(bench.now + 10 * WINDOW);
    assert!(bench.needs.is_empty() && bench.ups.is_empty());
}
