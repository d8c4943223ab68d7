//! The connection against an oracle: whatever is done in whatever order, every request has exactly one outcome, no
//! stream id is used twice at a time, nobody gets another's answer, and nothing is left.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::requests::Reached;

#[derive(Clone, Debug)]
enum Step {
    Submit {
        within_ms: u64,
        padding: usize,
    },
    Transmit,
    /// Answer the n-th of what the server has not answered yet.
    Answer(usize),
    /// The n-th caller comes for its outcome.
    Poll(usize),
    /// The n-th caller goes away.
    Abandon(usize),
    Pass {
        ms: u64,
    },
    Close,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        20 => (1u64..4_000, 0usize..40).prop_map(|(within_ms, padding)| Step::Submit { within_ms, padding }),
        15 => Just(Step::Transmit),
        20 => any::<usize>().prop_map(Step::Answer),
        15 => any::<usize>().prop_map(Step::Poll),
        10 => any::<usize>().prop_map(Step::Abandon),
        10 => (0u64..900).prop_map(|ms| Step::Pass { ms }),
        1 => Just(Step::Close),
    ]
}

/// What the oracle knows of a request.
#[derive(Debug)]
struct Known {
    tag: u32,
    ticket: Option<Ticket>,
    deadline: Instant,
}

struct Model {
    bench: Bench,
    next_tag: u32,
    callers: Vec<Known>,
    /// By stream: what the server was asked and has not answered.
    owed: BTreeMap<StreamId, u32>,
    ever_sent: BTreeMap<u32, usize>,
    abandoned_unsent: Vec<u32>,
}

impl Model {
    fn new() -> Self {
        let settings = Settings {
            max_in_flight: 5,
            max_waiting: 6,
            max_outgoing_bytes: 100,
            max_batch_bytes: 60,
            heartbeat_after: LONG,
            ..Settings::default()
        };
        Self {
            bench: Bench::new(settings),
            next_tag: 0,
            callers: Vec::new(),
            owed: BTreeMap::new(),
            ever_sent: BTreeMap::new(),
            abandoned_unsent: Vec::new(),
        }
    }

    fn apply(&mut self, step: Step) {
        match step {
            Step::Submit { within_ms, padding } => self.submit(within_ms, padding),
            Step::Transmit => self.transmit(),
            Step::Answer(n) => self.answer(n),
            Step::Poll(n) => self.poll(n),
            Step::Abandon(n) => self.abandon(n),
            Step::Pass { ms } => self.bench.pass(Duration::from_millis(ms)).unwrap(),
            Step::Close => drop(self.bench.core.close()),
        }
        let usage = self.bench.core.usage();
        assert_eq!(usage.requests, self.callers.len());
        assert!(usage.in_flight + usage.orphaned <= 5 && usage.waiting <= 6);
    }

    fn submit(&mut self, within_ms: u64, padding: usize) {
        let (tag, deadline) = (self.next_tag, self.bench.now + Duration::from_millis(within_ms));
        self.next_tag += 1;
        match self.bench.core.submit(request_of(tag, padding), deadline) {
            Ok(submitted) => {
                self.callers.push(Known { tag, ticket: Some(submitted.ticket), deadline });
            }
            Err(refused) => assert!(
                refused.because == RefusedBecause::Closing || self.bench.core.usage().waiting == 6
            ),
        }
    }

    fn transmit(&mut self) {
        for (stream, tag) in self.bench.transmit() {
            let tag = tag.unwrap();
            assert_eq!(self.owed.insert(stream, tag), None, "stream {stream} is used twice");
            *self.ever_sent.entry(tag).or_default() += 1;
        }
    }

    fn answer(&mut self, n: usize) {
        if self.owed.is_empty() {
            return;
        }
        let stream = *self.owed.keys().nth(n % self.owed.len()).unwrap();
        let tag = self.owed.remove(&stream).unwrap();
        self.bench.deliver(answer(stream, Opcode::Result, tag)).unwrap();
    }

    fn poll(&mut self, n: usize) {
        if self.callers.is_empty() {
            return;
        }
        let place = n % self.callers.len();
        let ticket = self.callers[place].ticket.take().unwrap();
        match self.bench.poll(ticket) {
            Err(ticket) => self.callers[place].ticket = Some(ticket),
            Ok(outcome) => {
                let known = self.callers.swap_remove(place);
                self.check(&known, &outcome);
            }
        }
    }

    fn check(&self, known: &Known, outcome: &Outcome) {
        let sent = self.ever_sent.get(&known.tag).copied().unwrap_or(0);
        match outcome {
            Outcome::Answered(envelope) => {
                assert_eq!(envelope.body, known.tag.to_be_bytes()[..], "another's answer");
                assert_eq!(sent, 1);
            }
            Outcome::DeadlinePassed(reached) | Outcome::ConnectionEnded(reached) => {
                assert_eq!(sent, usize::from(*reached == Reached::Written));
                let passed = known.deadline <= self.bench.now;
                assert!(passed || matches!(outcome, Outcome::ConnectionEnded(_)), "too early");
            }
        }
    }

    fn abandon(&mut self, n: usize) {
        if self.callers.is_empty() {
            return;
        }
        let mut known = self.callers.swap_remove(n % self.callers.len());
        let abandoned = self.bench.core.abandon(known.ticket.take().unwrap());
        if matches!(abandoned.reached, Some(Reached::Waiting | Reached::Queued)) {
            self.abandoned_unsent.push(known.tag);
        }
    }

    fn finish(mut self) {
        self.transmit();
        self.bench.end(0);
        while !self.callers.is_empty() {
            self.poll(0);
        }
        self.bench.assert_at_rest();
        let unsent = self.abandoned_unsent.iter().all(|tag| !self.ever_sent.contains_key(tag));
        assert!(unsent, "what was given up before it was written was sent");
        assert!(self.ever_sent.values().all(|times| *times == 1), "sent twice");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn g1_2_every_request_has_exactly_one_outcome(steps in prop::collection::vec(step(), 1..160)) {
        let mut model = Model::new();
        for step in steps {
            model.apply(step);
        }
        model.finish();
    }
}
