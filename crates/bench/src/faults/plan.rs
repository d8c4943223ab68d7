//! What is done to the servers, step by step, and which ones there are.

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
    /// One more is started, and has joined.
    Join,
    /// Leaves in good order, and is ended.
    Leave(u8),
    /// The others do without it.
    Remove(u8),
    /// Is at this address from its next start on, by the last part of it.
    Move(u8, u8),
    /// Loses what it has kept of prepared statements.
    Forget(u8),
}

/// How long a server is there.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Stay {
    /// From the beginning to the end.
    All,
    /// It comes by the fault.
    Comes,
    /// It goes by the fault, or is there no more.
    Goes,
}

/// The fourth.
const FOURTH: u8 = 4;
/// The one that something happens to, if it is one of three.
const ILL: u8 = 3;
/// Where it is instead, by the last part of its address.
const ELSEWHERE: u8 = 33;

/// The servers of a fault, by the last part of their addresses, and how long each is there. Of one that
/// moves there are two.
pub fn servers(fault: Fault) -> Vec<(u8, Stay)> {
    let mut servers = vec![(1, Stay::All), (2, Stay::All)];
    servers.extend(match fault {
        Fault::Join => vec![(ILL, Stay::All), (FOURTH, Stay::Comes)],
        Fault::Leave | Fault::Remove => vec![(ILL, Stay::All), (FOURTH, Stay::Goes)],
        Fault::NewAddress => vec![(ILL, Stay::Goes), (ELSEWHERE, Stay::Comes)],
        _ => vec![(ILL, Stay::All)],
    });
    servers
}

/// What has to be so before anybody begins, beside three servers that are up.
pub fn arranged(fault: Fault) -> Vec<Step> {
    match fault {
        Fault::Leave | Fault::Remove => vec![Step::Join],
        _ => Vec::new(),
    }
}

/// What makes of the servers that are there after all steps the three that there were.
pub fn tidied(fault: Fault) -> Vec<Step> {
    match fault {
        Fault::Join => vec![Step::Leave(FOURTH)],
        Fault::NewAddress => vec![Step::Stop(ILL), Step::Move(ILL, ILL), Step::Start(&[ILL])],
        _ => Vec::new(),
    }
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
        Fault::Join => steps.push(Step::Join),
        Fault::Leave => steps.push(Step::Leave(FOURTH)),
        Fault::Remove => steps.extend([Step::Kill(FOURTH), during, Step::Remove(FOURTH)]),
        Fault::NewAddress => {
            steps.extend([Step::Stop(ILL), Step::Move(ILL, ELSEWHERE), Step::Start(&[ILL])]);
        }
        Fault::Forget => steps.extend([Step::Stop(ILL), Step::Forget(ILL), Step::Start(&[ILL])]),
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
    use std::collections::{BTreeMap, BTreeSet};

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
                    // One that is gone is not ill.
                    Step::Remove(node) => assert!(ill.remove(&node), "{fault}: dead before"),
                    Step::Leave(node) => assert!(!ill.contains(&node), "{fault}: it can"),
                    Step::Move(node, _) | Step::Forget(node) => {
                        assert!(ill.contains(&node), "{fault}: it does not run");
                    }
                    Step::Start(nodes) => {
                        assert!(nodes.iter().all(|node| ill.remove(node)), "{fault}");
                    }
                    Step::Resume(node) | Step::Link(node, LinkState::Whole) => {
                        assert!(ill.remove(&node), "{fault}");
                    }
                    Step::Link(node, _) => assert!(ill.insert(node), "{fault}"),
                    Step::Mark(Mark::End) => assert!(ill.is_empty(), "{fault}: {ill:?}"),
                    Step::Mark(_) | Step::For(_) | Step::Join => {}
                }
                most = most.max(ill.len());
            }
            let ill = match fault {
                Fault::Join | Fault::Leave => 0,
                _ => 1,
            };
            assert_eq!(most, if fault.leaves_a_quorum() { ill } else { 2 }, "{fault}");
        }
    }

    /// Who is there, by the last part of their addresses, after these steps.
    fn after(there: &BTreeMap<u8, u8>, steps: &[Step]) -> BTreeMap<u8, u8> {
        let mut there = there.clone();
        for step in steps {
            match step {
                Step::Join => {
                    let number = (1..).find(|number| !there.contains_key(number)).unwrap();
                    there.insert(number, number);
                }
                Step::Leave(node) | Step::Remove(node) => {
                    there.remove(node).unwrap();
                }
                Step::Move(node, last) => {
                    there.insert(*node, *last).unwrap();
                }
                _ => {}
            }
        }
        there
    }

    #[test]
    fn servers_come_and_go_as_is_said_and_are_three_again_in_the_end() {
        let three = (1..=3).map(|node| (node, node)).collect::<BTreeMap<u8, u8>>();
        for fault in Fault::value_variants() {
            let before = after(&three, &arranged(*fault));
            let then = after(&before, &steps(*fault, &LENGTHS));
            let last_parts = |there: &BTreeMap<u8, u8>| there.values().copied().collect();
            let (before, last): (BTreeSet<u8>, BTreeSet<u8>) =
                (last_parts(&before), last_parts(&then));
            let said = |wanted: &dyn Fn(Stay) -> bool| -> BTreeSet<u8> {
                let servers = servers(*fault).into_iter().filter(|(_, stay)| wanted(*stay));
                servers.map(|(last, _)| last).collect()
            };
            assert_eq!(before, said(&|stay| stay != Stay::Comes), "{fault}");
            assert_eq!(last, said(&|stay| stay != Stay::Goes), "{fault}");
            assert_eq!(before != last, fault.changes_members(), "{fault}");
            assert_eq!(after(&then, &tidied(*fault)), three, "{fault}");
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
