//! What is done to the servers, step by step.

use std::time::Duration;

use super::Fault;

/// How long things last.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Lengths {
    /// The load before anything counts.
    pub warm_up: Duration,
    /// What is compared with.
    pub before: Duration,
    /// The fault. What takes as long as a server takes to start comes on top.
    pub fault: Duration,
    /// What is watched after its end.
    pub after: Duration,
}

/// How a link is.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub enum LinkState {
    /// As if it was not there.
    #[default]
    Whole,
    /// What the server sends comes so much later.
    Late(Duration),
    /// What the server sends is kept until this is over.
    Mute,
    /// So many bytes a second each way, all connections together.
    Drip(u32),
}

/// A moment that the figures go by.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Mark {
    /// From here on it counts.
    Measured,
    /// The fault begins.
    Begin,
    /// The fault is over.
    End,
    /// Nothing counts any more.
    Over,
}

/// One step. Nodes are counted from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing, for so long.
    For(Duration),
    /// This moment counts.
    Mark(Mark),
    /// SIGKILL.
    Kill(u8),
    /// Shut down in good order.
    Stop(u8),
    /// Start, all at once, until they answer.
    Start(&'static [u8]),
    /// SIGSTOP.
    Pause(u8),
    /// SIGCONT.
    Resume(u8),
    /// From now on the link to it is so.
    Link(u8, LinkState),
}

/// How much later answers come over a slow link.
const LATE: Duration = Duration::from_millis(200);
/// How much a dripping link carries in a second.
const DRIP: u32 = 10 * 1_024;
/// How long a cluster is left alone between two restarts.
const BETWEEN: Duration = Duration::from_secs(5);

/// All steps of a fault: in the end every server is up, and every link whole.
pub fn steps(fault: Fault, lengths: &Lengths) -> Vec<Step> {
    let mut steps = vec![
        Step::For(lengths.warm_up),
        Step::Mark(Mark::Measured),
        Step::For(lengths.before),
        Step::Mark(Mark::Begin),
    ];
    let during = Step::For(lengths.fault);
    match fault {
        Fault::Kill => steps.extend([Step::Kill(3), during, Step::Start(&[3])]),
        Fault::Pause => steps.extend([Step::Pause(3), during, Step::Resume(3)]),
        Fault::RollingRestart => steps.extend([
            Step::Stop(1),
            Step::Start(&[1]),
            Step::For(BETWEEN),
            Step::Stop(2),
            Step::Start(&[2]),
            Step::For(BETWEEN),
            Step::Stop(3),
            Step::Start(&[3]),
        ]),
        Fault::SlowLink => steps.extend(linked(LinkState::Late(LATE), during)),
        Fault::OneWay => steps.extend(linked(LinkState::Mute, during)),
        Fault::Drip => steps.extend(linked(LinkState::Drip(DRIP), during)),
        Fault::TwoDown => {
            steps.extend([Step::Kill(2), Step::Kill(3), during, Step::Start(&[2, 3])]);
        }
    }
    let after = [Step::Mark(Mark::End), Step::For(lengths.after), Step::Mark(Mark::Over)];
    steps.extend(after);
    steps
}

fn linked(state: LinkState, during: Step) -> [Step; 3] {
    [Step::Link(3, state), during, Step::Link(3, LinkState::Whole)]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::ValueEnum;

    use super::*;

    const LENGTHS: Lengths = Lengths {
        warm_up: Duration::from_secs(1),
        before: Duration::from_secs(2),
        fault: Duration::from_secs(4),
        after: Duration::from_secs(8),
    };

    #[test]
    fn every_fault_is_healed_before_its_end_and_leaves_what_it_says() {
        for fault in Fault::value_variants() {
            let (mut ill, mut most) = (BTreeSet::new(), 0);
            for step in steps(*fault, &LENGTHS) {
                match step {
                    Step::Kill(node) | Step::Stop(node) | Step::Pause(node) => {
                        assert!(ill.insert(node), "{fault}: once");
                    }
                    Step::Start(nodes) => {
                        assert!(nodes.iter().all(|node| ill.remove(node)), "{fault}");
                    }
                    Step::Resume(node) | Step::Link(node, LinkState::Whole) => {
                        assert!(ill.remove(&node), "{fault}");
                    }
                    Step::Link(node, _) => assert!(ill.insert(node), "{fault}"),
                    Step::Mark(Mark::End) => assert!(ill.is_empty(), "{fault}: {ill:?}"),
                    Step::Mark(_) | Step::For(_) => {}
                }
                most = most.max(ill.len());
            }
            assert_eq!(most, if fault.leaves_a_quorum() { 1 } else { 2 }, "{fault}");
        }
    }

    #[test]
    fn the_marks_are_in_order() {
        for fault in Fault::value_variants() {
            let marks = steps(*fault, &LENGTHS).into_iter().filter_map(|step| match step {
                Step::Mark(mark) => Some(mark),
                _ => None,
            });
            let all = [Mark::Measured, Mark::Begin, Mark::End, Mark::Over];
            assert_eq!(marks.collect::<Vec<_>>(), all, "{fault}");
        }
    }
}
