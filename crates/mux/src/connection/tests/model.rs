//! A connection together with an oracle that knows what may become of each request. `random` and `explore` lead it
//! through interleavings; whatever is done in whatever order, seven things are checked after each step:
//!
//! * every request has exactly one outcome, and says truly how far it got;
//! * no stream id is used twice at a time, and nobody gets another's answer;
//! * a caller that waits has been woken if and only if its outcome is there;
//! * the connection is retiring if and only if too many answers are owed to nobody, or one was for too long;
//! * a server is given up only after it was silent, and its socket full, for as long as the settings say;
//! * it is quiet only after it was silent for twice as long as the settings say, and asked for a sign of life;
//! * a shell that sleeps has nothing to do.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::*;
use crate::requests::{Phase, Reached};

#[derive(Clone, Debug)]
pub(super) enum Step {
    Submit {
        within_ms: u64,
        padding: usize,
    },
    /// The shell takes the next batch, if the socket has taken the last one.
    Take,
    /// The socket takes so many envelopes of it.
    Write(usize),
    /// Answer the n-th of what is owed.
    Answer(usize),
    /// Answer it with more than is taken.
    AnswerOversized(usize),
    /// An answer that is not owed, on the n-th of the ids on which none is.
    Rogue(usize),
    /// The n-th caller comes for its outcome.
    Poll(usize),
    /// The n-th caller goes away.
    Abandon(usize),
    Pass {
        ms: u64,
    },
    Close,
    End,
}

/// What the oracle knows of a caller.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) tag: u32,
    ticket: Option<Ticket>,
    pub(super) deadline: Instant,
    /// Who is woken for it, once it waits.
    pub(super) woken: Option<Arc<Woken>>,
}

pub(super) struct Model {
    pub(super) bench: Bench,
    pub(super) next_tag: u32,
    /// How many requests were taken in.
    accepted: u64,
    pub(super) callers: Vec<Known>,
    /// By stream: what was taken for the wire and has no answer yet; a heartbeat has no tag.
    pub(super) owed: BTreeMap<StreamId, Option<u32>>,
    /// What the shell has taken and the socket has not.
    pub(super) batch: VecDeque<Option<u32>>,
    /// What the shell has ever taken, and what the server has seen of it.
    taken: BTreeSet<u32>,
    seen: BTreeSet<u32>,
    given_up_unsent: Vec<u32>,
    /// What was answered with more than is taken.
    oversized: BTreeSet<u32>,
    /// By stream: since when an answer has been owed to nobody.
    orphans: BTreeMap<StreamId, Instant>,
    /// One of them was too old when the connection was told the time.
    pub(super) outlived: bool,
    /// When the server was heard last, and when the socket last took something.
    heard_at: Instant,
    moved_at: Instant,
    shell: Arc<Woken>,
    /// How often the shell had been woken when it went to sleep; none while it is awake.
    asleep: Option<usize>,
}

impl Model {
    pub(super) fn new(settings: Settings) -> Self {
        let bench = Bench::new(settings);
        let mut model = Self {
            heard_at: bench.now,
            moved_at: bench.now,
            bench,
            next_tag: 0,
            accepted: 0,
            callers: Vec::new(),
            owed: BTreeMap::new(),
            batch: VecDeque::new(),
            taken: BTreeSet::new(),
            seen: BTreeSet::new(),
            given_up_unsent: Vec::new(),
            oversized: BTreeSet::new(),
            orphans: BTreeMap::new(),
            outlived: false,
            shell: Arc::default(),
            asleep: None,
        };
        model.rest();
        model
    }

    /// Is there anything that this step would do?
    pub(super) fn can(&self, step: &Step) -> bool {
        match *step {
            Step::Submit { .. } | Step::Pass { .. } => true,
            Step::Take => self.batch.is_empty() && self.bench.core.outgoing.bytes() > 0,
            Step::Write(count) => count > 0 && !self.batch.is_empty(),
            Step::Answer(n) | Step::AnswerOversized(n) => n < self.owed.len(),
            Step::Rogue(_) | Step::End => self.bench.core.life != Life::Ended,
            Step::Poll(n) | Step::Abandon(n) => n < self.callers.len(),
            Step::Close => self.bench.core.life == Life::Open,
        }
    }

    pub(super) fn apply(&mut self, step: &Step) {
        self.act(step);
        self.check_invariants();
    }

    /// A step that has been checked before.
    pub(super) fn act(&mut self, step: &Step) {
        match *step {
            Step::Submit { within_ms, padding } => self.submit(within_ms, padding),
            Step::Take => self.take(),
            Step::Write(count) => self.write(count),
            Step::Answer(n) => self.answer(n),
            Step::AnswerOversized(n) => self.answer_oversized(n),
            Step::Rogue(n) => self.rogue(n),
            Step::Poll(n) => self.poll(n),
            Step::Abandon(n) => self.abandon(n),
            Step::Pass { ms } => self.pass(ms),
            Step::Close => self.bench.core.close().into_iter().for_each(Waker::wake),
            Step::End => self.end(),
        }
        self.note_orphans();
    }

    /// What is owed to a caller that has gone, or that was told that its deadline passed.
    fn note_orphans(&mut self) {
        let waiting = self.callers.iter().filter(|known| !self.is_resolved(known));
        let waiting: BTreeSet<_> = waiting.map(|known| known.tag).collect();
        let nobodys = |tag: &Option<u32>| tag.is_some_and(|tag| !waiting.contains(&tag));
        self.orphans.retain(|stream, _| self.owed.get(stream).is_some_and(nobodys));
        for (stream, _) in self.owed.iter().filter(|(_, tag)| nobodys(tag)) {
            self.orphans.entry(*stream).or_insert(self.bench.now);
        }
    }

    /// When the oldest orphan will be too old.
    fn orphan_due(&self) -> Option<Instant> {
        let oldest = self.orphans.values().min()?;
        Some(*oldest + self.bench.core.settings.max_orphan_age)
    }

    fn submit(&mut self, within_ms: u64, padding: usize) {
        let (tag, deadline) = (self.next_tag, self.bench.now + Duration::from_millis(within_ms));
        self.next_tag += 1;
        match self.bench.core.submit(
            &request_of(tag, padding),
            deadline,
            Some(&a_read(Duration::from_millis(within_ms))),
        ) {
            Ok(submitted) => {
                submitted.wake.into_iter().for_each(Waker::wake);
                self.accepted += 1;
                let ticket = Some(submitted.ticket);
                self.callers.push(Known { tag, ticket, deadline, woken: None });
            }
            Err(refused) => {
                let full = self.bench.core.usage().waiting == self.max_waiting();
                assert!(full || self.bench.core.life != Life::Open, "{refused:?}");
            }
        }
    }

    fn max_waiting(&self) -> usize {
        self.bench.core.settings.max_waiting as usize
    }

    fn take(&mut self) {
        if !self.batch.is_empty() {
            return;
        }
        let taken = read_requests(&self.bench.take());
        for (stream, tag) in taken {
            assert_eq!(self.owed.insert(stream, tag), None, "stream {stream} is used twice");
            assert!(tag.is_none_or(|tag| self.taken.insert(tag)), "{tag:?} is sent twice");
            let mut callers = self.callers.iter().filter(|known| Some(known.tag) == tag);
            assert!(callers.all(|known| known.deadline > self.bench.now), "{tag:?} is sent late");
            self.batch.push_back(tag);
        }
        self.rest();
    }

    fn write(&mut self, count: usize) {
        let count = count.min(self.batch.len());
        self.seen.extend(self.batch.drain(..count).flatten());
        if count > 0 {
            self.moved_at = self.bench.now;
            self.bench.core.handle_written(self.bench.now, Written::Part);
        }
        self.rest();
    }

    fn answer(&mut self, n: usize) {
        if self.owed.is_empty() {
            return;
        }
        let stream = *self.owed.keys().nth(n % self.owed.len()).unwrap();
        let (opcode, tag) = match self.owed.remove(&stream).unwrap() {
            Some(tag) => (if tag % 2 == 0 { Opcode::Result } else { Opcode::Error }, tag),
            None => (Opcode::Supported, 0),
        };
        self.heard_at = self.bench.now;
        self.bench.deliver(answer(stream, opcode, tag)).unwrap();
        self.rest();
    }

    fn answer_oversized(&mut self, n: usize) {
        if self.owed.is_empty() {
            return;
        }
        let stream = *self.owed.keys().nth(n % self.owed.len()).unwrap();
        self.heard_at = self.bench.now;
        let delivered = self.bench.deliver(Arrival::Oversized(oversized(stream, Opcode::Result)));
        match self.owed.remove(&stream).unwrap() {
            Some(tag) => {
                assert_eq!(delivered, Ok(()));
                self.oversized.insert(tag);
                self.rest();
            }
            None => {
                let refused = matches!(delivered, Err(Violation::TooLargeOnStreamZero(_)));
                assert!(refused, "{delivered:?}");
                self.end();
            }
        }
    }

    /// Ids on which nothing was taken for the wire, used, queued and never issued ones.
    fn rogue(&mut self, n: usize) {
        if self.bench.core.life == Life::Ended {
            return;
        }
        let beyond = i16::try_from(self.bench.core.settings.max_in_flight).unwrap() + 1;
        let ids = (1..=beyond).map(StreamId::new);
        let not_owed: Vec<_> = ids.filter(|id| !self.owed.contains_key(id)).collect();
        let rogue = answer(not_owed[n % not_owed.len()], Opcode::Result, 999);
        let delivered = self.bench.deliver(rogue);
        assert!(matches!(delivered, Err(Violation::NotOwed { .. })), "{delivered:?}");
        self.end();
    }

    fn poll(&mut self, n: usize) {
        if self.callers.is_empty() {
            return;
        }
        let place = n % self.callers.len();
        let woken = Arc::<Woken>::default();
        let waker = Waker::from(Arc::clone(&woken));
        let ticket = self.callers[place].ticket.take().unwrap();
        match self.bench.core.poll_outcome(ticket, &mut Some(waker)) {
            Err(ticket) => {
                self.callers[place].ticket = Some(ticket);
                self.callers[place].woken = Some(woken);
            }
            Ok(outcome) => {
                let known = self.callers.swap_remove(place);
                self.check(&known, &outcome);
            }
        }
    }

    fn check(&self, known: &Known, outcome: &Outcome) {
        let (taken, seen) = (self.taken.contains(&known.tag), self.seen.contains(&known.tag));
        match outcome {
            Outcome::Response(envelope) => {
                assert_eq!(envelope.body, known.tag.to_be_bytes()[..], "another's answer");
                assert!(taken);
            }
            Outcome::ResponseTooLarge(_) => assert!(self.oversized.contains(&known.tag)),
            Outcome::DeadlinePassed(reached) => {
                assert_eq!(taken, *reached == Reached::Written);
                assert!(known.deadline <= self.bench.now, "too early");
            }
            Outcome::ConnectionEnded(reached) => assert_eq!(seen, *reached == Reached::Written),
        }
    }

    fn abandon(&mut self, n: usize) {
        if self.callers.is_empty() {
            return;
        }
        let mut known = self.callers.swap_remove(n % self.callers.len());
        let abandoned = self.bench.abandon(known.ticket.take().unwrap());
        abandoned.wake.into_iter().for_each(Waker::wake);
        if matches!(abandoned.reached, Some(Reached::Waiting | Reached::Queued)) {
            self.given_up_unsent.push(known.tag);
        }
    }

    fn pass(&mut self, ms: u64) {
        let passed = self.bench.pass(Duration::from_millis(ms));
        let due = self.orphan_due().is_some_and(|due| due <= self.bench.now);
        self.outlived |= due && self.bench.core.life != Life::Ended;
        match passed {
            Ok(()) => self.rest(),
            Err(Unresponsive) => {
                let (now, settings) = (self.bench.now, &self.bench.core.settings);
                let silent = settings.heartbeat_after + settings.heartbeat_timeout;
                assert!(now >= self.heard_at + silent, "it was given up too early");
                assert!(now >= self.moved_at + settings.heartbeat_timeout, "its socket moves");
                self.end();
            }
        }
    }

    /// The connection is over; what is left of the batch never reached the server.
    fn end(&mut self) {
        self.bench.end(self.batch.len());
        self.batch.clear();
        self.owed.clear();
        self.orphans.clear();
    }

    /// The shell has done a step. It sleeps unless there is something to take.
    fn rest(&mut self) {
        let written = if self.batch.is_empty() { Written::All } else { Written::Nothing };
        self.bench.core.handle_written(self.bench.now, written);
        let waker = Waker::from(Arc::clone(&self.shell));
        let _armed = self.bench.core.poll_timeout();
        self.bench.core.park(&Context::from_waker(&waker), self.batch.is_empty());
        self.asleep = (!self.can(&Step::Take)).then(|| self.shell.count());
    }

    pub(super) fn shell_sleeps(&self) -> bool {
        self.asleep == Some(self.shell.count())
    }

    pub(super) fn is_resolved(&self, known: &Known) -> bool {
        let key = known.ticket.as_ref().unwrap().key();
        matches!(self.bench.core.requests.phase(key), Phase::Resolved(_))
    }

    /// Each request that was taken in is counted as one thing.
    fn check_totals(&self) {
        let (core, totals) = (&self.bench.core, self.bench.core.totals());
        let under_way = self.callers.iter().filter(|known| !self.is_resolved(known)).count();
        let on_the_wire = totals.responses + totals.timed_out + totals.abandoned;
        let unsent = totals.timed_out_unsent + totals.unsent + totals.withdrawn;
        let ended = on_the_wire + unsent + totals.too_large + totals.lost;
        assert_eq!(totals.requests, self.accepted, "{totals}");
        assert_eq!(totals.requests, ended + under_way as u64, "{totals}");
        assert_eq!(core.samples() as u64, on_the_wire, "{totals}");
    }

    fn check_invariants(&self) {
        self.check_totals();
        let (core, usage) = (&self.bench.core, self.bench.core.usage());
        assert_eq!(usage.requests, self.callers.len());
        assert!(usage.in_flight + usage.orphaned <= usize::from(core.settings.max_in_flight));
        assert!(usage.waiting <= self.max_waiting());
        assert_eq!(usage.orphaned, self.orphans.len());
        let too_many = self.orphans.len() > core.settings.max_orphaned;
        assert_eq!(core.is_retiring(), self.outlived || too_many, "{:?}", self.orphans);
        if core.is_quiet() && core.life != Life::Ended {
            let silent = self.bench.now.duration_since(self.heard_at);
            assert!(silent >= 2 * core.settings.quiet_after, "it is quiet after {silent:?}");
            assert!(core.heartbeat.owed, "it is quiet, and nobody asked");
        }
        for known in &self.callers {
            if let Some(woken) = &known.woken {
                assert_eq!(woken.count(), usize::from(self.is_resolved(known)), "{known:?}");
            }
        }
        if self.shell_sleeps() && core.life != Life::Ended {
            let nothing_to_take = !self.batch.is_empty() || core.outgoing.bytes() == 0;
            assert!(nothing_to_take, "the shell sleeps beside what it could write");
            let late = core.deadlines.next().is_some_and(|next| Some(next) < core.shell.armed);
            assert!(!late, "the shell sleeps past a deadline");
            let late = self.orphan_due().is_some_and(|due| Some(due) < core.shell.armed);
            assert!(!late || self.outlived, "the shell sleeps past an orphan");
            let late = Some(core.liveness.next()) < core.shell.armed;
            assert!(!late, "the shell sleeps past a sign of life");
        }
    }

    pub(super) fn finish(mut self) {
        self.end();
        while !self.callers.is_empty() {
            self.poll(0);
        }
        self.bench.assert_at_rest();
        let unsent = self.given_up_unsent.iter().all(|tag| !self.seen.contains(tag));
        assert!(unsent, "what was given up before it was written was sent");
    }
}
