//! The least that still fails: steps are taken away as long as the rest of them fails.

use super::plan::{Plan, Timed};

/// How many runs may be made for it.
const MOST_RUNS: usize = 600;

/// The plan with as few steps as are found to fail.
pub(crate) fn shrink(plan: &Plan) -> Plan {
    shrink_by(plan, |plan| !plan.run().wrong.is_empty())
}

/// The same, with what says whether a plan fails.
fn shrink_by(plan: &Plan, mut fails: impl FnMut(&Plan) -> bool) -> Plan {
    let mut plan = plan.clone();
    let mut runs = 0;
    let mut length = plan.steps.len().div_ceil(2);
    while length > 0 {
        let mut at = 0;
        let mut has_shrunk = false;
        while at < plan.steps.len() && runs < MOST_RUNS {
            runs += 1;
            let fewer = Plan { steps: without(&plan.steps, at, length), ..plan.clone() };
            if fails(&fewer) {
                (plan, has_shrunk) = (fewer, true);
            } else {
                at += length;
            }
        }
        // One by one, until nothing can be left out any more.
        length = if length == 1 { usize::from(has_shrunk && runs < MOST_RUNS) } else { length / 2 };
    }
    plan
}

/// All but so many steps. Those after them come when they came before.
fn without(steps: &[Timed], at: usize, length: usize) -> Vec<Timed> {
    let end = (at + length).min(steps.len());
    let gap: u64 = steps[at..end].iter().map(|step| step.after).sum();
    let mut rest = [&steps[..at], &steps[end..]].concat();
    if let Some(next) = rest.get_mut(at) {
        next.after += gap;
    }
    rest
}

#[test]
fn what_is_left_is_what_it_takes() {
    let plan = (0..).map(Plan::of).find(|plan| plan.steps.len() > 30).unwrap();
    let total = |steps: &[Timed]| steps.iter().map(|step| step.after).sum::<u64>();
    let marked = |plan: &Plan, times: [u64; 2]| {
        let mut at = 0;
        let mut ends = plan.steps.iter().map(|step| {
            at += step.after;
            at
        });
        times.iter().all(|time| ends.any(|end| end == *time))
    };
    let times = [total(&plan.steps[..6]), total(&plan.steps[..24])];
    let shrunk = shrink_by(&plan, |plan| marked(plan, times));
    assert_eq!(shrunk.steps.len(), 2, "{:#?}", shrunk.steps);
    assert_eq!(total(&shrunk.steps), times[1], "they come when they came");
}
