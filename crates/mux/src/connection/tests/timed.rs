//! When what happened to requests whose times somebody asked for.

use super::*;
use crate::requests::Reached;
use crate::timeline::Timeline;

const MS: Duration = Duration::from_millis(1);

impl Bench {
    fn submit_timed(&mut self, tag: u32) -> (Ticket, Arc<Timeline>) {
        self.submit_timed_within(tag, LONG)
    }

    fn submit_timed_within(&mut self, tag: u32, limit: Duration) -> (Ticket, Arc<Timeline>) {
        let (timeline, times) = (Arc::new(Timeline::default()), (self.now, self.now + limit));
        let taken = Arc::clone(&timeline);
        let submitted = self.core.submit_timed(&request(tag), times, None, &mut None, taken);
        (submitted.unwrap().ticket, timeline)
    }

    /// What is known, in milliseconds since then: taken in, queued, written, first byte.
    fn known(since: Instant, timeline: &Timeline) -> [Option<u128>; 4] {
        let each =
            [timeline.taken_in(), timeline.queued(), timeline.written(), timeline.first_byte()];
        each.map(|at| at.map(|at| (at - since).as_millis()))
    }
}

#[test]
fn each_step_of_a_request_is_known_from_when_it_happens_on() {
    let mut bench = Bench::new(Settings::default());
    let start = bench.now;
    let (ticket, timeline) = bench.submit_timed(1);
    assert!(bench.core.times_requests());
    assert_eq!(timeline.bytes(), Some(HEADER_LEN + 4));
    assert_eq!(Bench::known(start, &timeline), [Some(0), Some(0), None, None]);
    bench.now += 2 * MS;
    let sent = read_requests(&bench.take());
    bench.now += MS;
    bench.core.handle_handed_over(bench.now, 1);
    assert_eq!(timeline.written(), None, "some of it is not");
    bench.core.handle_handed_over(bench.now, 0);
    bench.now += 3 * MS;
    bench.core.handle_first_byte(bench.now, sent[0].0);
    bench.now += 4 * MS;
    bench.deliver(answer(sent[0].0, Opcode::Result, 1)).unwrap();
    assert_eq!(Bench::known(start, &timeline), [Some(0), Some(0), Some(3), Some(6)]);
    assert!(!bench.core.times_requests());
    drop(bench.outcome(ticket));
    bench.assert_at_rest();
}

#[test]
fn a_response_that_comes_whole_has_its_first_byte_then_and_was_written() {
    let mut bench = Bench::new(Settings::default());
    let start = bench.now;
    let (ticket, timeline) = bench.submit_timed(1);
    let sent = bench.transmit();
    bench.now += 7 * MS;
    bench.deliver(Arrival::Oversized(oversized(sent[0].0, Opcode::Result))).unwrap();
    assert_eq!(Bench::known(start, &timeline), [Some(0), Some(0), Some(7), Some(7)]);
    drop(bench.outcome(ticket));
}

#[test]
fn one_that_waits_is_queued_when_its_turn_comes() {
    let settings = Settings { max_in_flight: 1, ..Settings::default() };
    let mut bench = Bench::new(settings);
    let start = bench.now;
    let first = bench.submit(1);
    let (second, timeline) = bench.submit_timed(2);
    assert_eq!(Bench::known(start, &timeline), [Some(0), None, None, None]);
    let sent = bench.transmit();
    bench.now += 4 * MS;
    bench.deliver(answer(sent[0].0, Opcode::Result, 1)).unwrap();
    assert_eq!(Bench::known(start, &timeline), [Some(0), Some(4), None, None]);
    drop((bench.outcome(first), bench.abandon(second)));
    assert!(!bench.core.times_requests());
}

#[test]
fn one_that_waits_is_queued_when_another_is_given_up() {
    let settings = Settings { max_in_flight: 1, ..Settings::default() };
    let mut bench = Bench::new(settings);
    let start = bench.now;
    let first = bench.submit(1);
    let (second, timeline) = bench.submit_timed(2);
    bench.now += 3 * MS;
    drop(bench.abandon(first));
    bench.now += 5 * MS;
    let _sent = bench.transmit();
    assert_eq!(Bench::known(start, &timeline), [Some(0), Some(3), None, None]);
    drop(bench.abandon(second));
}

#[test]
fn the_first_byte_is_that_of_its_own_response() {
    let mut bench = Bench::new(Settings::default());
    let start = bench.now;
    let (first, of_first) = bench.submit_timed(1);
    let (second, of_second) = bench.submit_timed(2);
    let sent = bench.transmit();
    bench.core.handle_handed_over(bench.now, 0);
    bench.now += 3 * MS;
    bench.core.handle_first_byte(bench.now, sent[1].0);
    assert_eq!(Bench::known(start, &of_first), [Some(0), Some(0), Some(0), None]);
    assert_eq!(Bench::known(start, &of_second), [Some(0), Some(0), Some(0), Some(3)]);
    drop((bench.abandon(first), bench.abandon(second)));
}

/// Those that have their turn since more may be in flight have it then, and not when the shell, which
/// writes something else, comes to look.
#[test]
fn one_that_waits_is_queued_when_there_may_be_more() {
    let mut bench = Bench::new(Settings::default());
    assert!(bench.core.limit_in_flight(1, bench.now).is_none());
    let start = bench.now;
    let first = bench.submit(1);
    let _sent = bench.transmit();
    let (second, timeline) = bench.submit_timed(2);
    assert_eq!(Bench::known(start, &timeline), [Some(0), None, None, None]);
    bench.now += 4 * MS;
    drop(bench.core.limit_in_flight(2, bench.now));
    bench.now += 5 * MS;
    let _sent = bench.transmit();
    assert_eq!(Bench::known(start, &timeline), [Some(0), Some(4), None, None]);
    drop((bench.abandon(first), bench.abandon(second)));
}

#[test]
fn what_is_withdrawn_overdue_or_lost_is_as_far_as_it_got() {
    let mut bench = Bench::new(Settings::default());
    let start = bench.now;
    let (withdrawn, of_withdrawn) = bench.submit_timed(1);
    assert_eq!(bench.abandon(withdrawn).reached, Some(Reached::Queued));
    let (overdue, of_overdue) = bench.submit_timed_within(2, 8 * MS);
    bench.now += 20 * MS;
    assert_eq!(bench.transmit(), []);
    assert_eq!(bench.outcome(overdue), Outcome::DeadlinePassed(Reached::Queued));
    for timeline in [of_withdrawn, of_overdue] {
        assert_eq!(Bench::known(start, &timeline), [Some(0), Some(0), None, None]);
    }
    let (late, of_late) = bench.submit_timed_within(3, 8 * MS);
    let sent = bench.transmit();
    bench.core.handle_handed_over(bench.now, 0);
    bench.pass(20 * MS).unwrap();
    assert_eq!(bench.outcome(late), Outcome::DeadlinePassed(Reached::Written));
    bench.deliver(answer(sent[0].0, Opcode::Result, 3)).unwrap();
    assert_eq!(Bench::known(start, &of_late), [Some(20), Some(20), Some(20), None]);
    let (lost, of_lost) = bench.submit_timed(4);
    let _sent = bench.transmit();
    let (unsent, of_unsent) = bench.submit_timed(5);
    bench.core.handle_handed_over(bench.now, 0);
    bench.end(0);
    assert_eq!(bench.outcome(lost), Outcome::ConnectionEnded(Reached::Written));
    assert_eq!(bench.outcome(unsent), Outcome::ConnectionEnded(Reached::Queued));
    assert_eq!(Bench::known(start, &of_lost), [Some(40), Some(40), Some(40), None]);
    assert_eq!(Bench::known(start, &of_unsent), [Some(40), Some(40), None, None]);
    assert!(!bench.core.times_requests());
}

/// The record of a request is used again, and so is its stream id: what happens to the next one is
/// not told of the first.
#[test]
fn what_happens_to_others_is_not_told_of_one_that_is_over() {
    let mut bench = Bench::new(Settings::default());
    for (gone, looked) in [(true, false), (false, true), (false, false)] {
        let (ticket, timeline) = bench.submit_timed_within(1, 8 * MS);
        if gone {
            drop(bench.abandon(ticket));
        } else if looked {
            bench.pass(20 * MS).unwrap();
            drop(bench.outcome(ticket));
        } else {
            // The shell comes to write before it looks at the clock.
            bench.now += 20 * MS;
            assert_eq!(bench.transmit(), []);
            drop(bench.outcome(ticket));
        }
        let next = bench.submit(2);
        let sent = bench.transmit();
        bench.core.handle_handed_over(bench.now, 0);
        bench.core.handle_first_byte(bench.now, sent[0].0);
        bench.deliver(answer(sent[0].0, Opcode::Result, 2)).unwrap();
        assert_eq!((timeline.written(), timeline.first_byte()), (None, None));
        drop(bench.outcome(next));
    }
    bench.assert_at_rest();
}
