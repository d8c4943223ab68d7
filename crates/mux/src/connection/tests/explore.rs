//! Every interleaving of a few requests, not a sample of them: all states that the model can get into are visited,
//! breadth first, and from each of them the connection is ended and the outcomes are counted.

use std::collections::HashSet;
use std::fmt::Write;

use super::model::{Model, Step};
use super::*;
use crate::requests::Phase;

/// Deadlines of the requests, in the order in which they are submitted, and how far time goes at a step.
const WITHIN_MS: [u64; 3] = [8, 16, 8];
const PASS_MS: u64 = 12;

/// What can happen next. Requests, ids and time are few, so that the states are finitely many.
fn next_steps(model: &Model, requests: u32, passed: Duration) -> Vec<Step> {
    let mut steps = vec![Step::Take, Step::Write(1), Step::Close, Step::End];
    steps.push(Step::AnswerOversized(0));
    if model.next_tag < requests {
        steps.push(Step::Submit { within_ms: WITHIN_MS[model.next_tag as usize], padding: 0 });
    }
    if passed < Duration::from_millis(2 * PASS_MS) {
        steps.push(Step::Pass { ms: PASS_MS });
    }
    for n in 0..requests as usize {
        steps.extend([Step::Answer(n), Step::Poll(n), Step::Abandon(n), Step::Rogue(n)]);
    }
    steps.retain(|step| model.can(step));
    steps
}

/// Everything that decides what can still happen, and nothing else.
fn fingerprint(model: &Model, passed: Duration) -> String {
    let core = &model.bench.core;
    let mut out = format!("{passed:?} {:?} {}", core.life, model.next_tag);
    for known in &model.callers {
        let waits = known.woken.as_ref().map(|woken| woken.count());
        let left = known.deadline.saturating_duration_since(model.bench.now);
        write!(out, " {}:{waits:?}:{left:?}", known.tag).unwrap();
    }
    let mut ids = Vec::new();
    for (key, phase) in (0u32..).map_while(|key| core.requests.get(key).map(|phase| (key, phase))) {
        match phase {
            Phase::Free { .. } => write!(out, " {key}-"),
            Phase::Waiting { .. } => write!(out, " {key}w"),
            Phase::InFlight { stream, number } => {
                ids.push(*stream);
                write!(
                    out,
                    " {key}f{stream}@{}",
                    i128::from(*number) - i128::from(core.outgoing.taken())
                )
            }
            Phase::Resolved(outcome) => write!(out, " {key}{outcome:?}"),
        }
        .unwrap();
    }
    let shell = (core.shell.wants_transmit, model.shell_sleeps());
    let (owed, batch, usage) = (&model.owed, &model.batch, core.usage());
    write!(out, " {owed:?} {batch:?} {usage:?} {shell:?} {}", model.outlived).unwrap();
    out
}

fn replay(settings: &Settings, path: &[Step]) -> (Model, Duration) {
    let mut model = Model::new(settings.clone());
    let begun = model.bench.now;
    if let Some((last, checked)) = path.split_last() {
        checked.iter().for_each(|step| model.act(step));
        model.apply(last);
    }
    let passed = model.bench.now - begun;
    (model, passed)
}

/// Visits every state, and gives how many there are.
fn explore(settings: &Settings, requests: u32) -> usize {
    let mut known = HashSet::new();
    let mut frontier = vec![Vec::new()];
    while !frontier.is_empty() {
        let mut further = Vec::new();
        for path in frontier {
            let (model, passed) = replay(settings, &path);
            for step in next_steps(&model, requests, passed) {
                let path: Vec<_> = path.iter().cloned().chain([step]).collect();
                let (model, passed) = replay(settings, &path);
                if known.insert(fingerprint(&model, passed)) {
                    further.push(path);
                }
                model.finish();
            }
            model.finish();
        }
        frontier = further;
    }
    known.len()
}

#[test]
fn g1_2_explored_two_requests_with_an_id_each() {
    let settings = Settings { max_in_flight: 2, ..Settings::default() };
    let states = explore(&settings, 2);
    assert!(states > 3_000, "{states} states");
}

#[test]
fn g1_2_explored_requests_that_share_one_id() {
    // Less than time goes at a step: how old an orphan is makes no other states.
    let max_orphan_age = Duration::from_millis(PASS_MS / 2);
    let settings = Settings { max_in_flight: 1, max_orphan_age, ..Settings::default() };
    let states = explore(&settings, rounds(2, 3));
    assert!(states > 1_500, "{states} states");
}
