//! What is bounded: responses, requests and events over their limits, and who bears it.

use super::*;
use crate::requests::Reached;
use crate::{Backlog, WaitingLimit, WaitsFor};

#[test]
fn events_are_kept_in_order_and_bounded() {
    let mut bench = Bench::new(Settings { max_events: 2, ..Settings::default() });
    for tag in 0..3 {
        bench.deliver(answer(StreamId::EVENT, Opcode::Event, tag)).unwrap();
    }
    assert_eq!((bench.core.dropped_events(), bench.core.totals().events), (1, 3));
    let next = |bench: &mut Bench| {
        let mut waker = Some(bench.waker());
        bench.core.poll_event(&mut waker).map(|event| event.map(|event| event.body))
    };
    for tag in 1u32..3 {
        let body = Bytes::copy_from_slice(&tag.to_be_bytes());
        assert_eq!(next(&mut bench), std::task::Poll::Ready(Some(body)));
    }
    assert!(next(&mut bench).is_pending());
    bench.deliver(answer(StreamId::EVENT, Opcode::Event, 3)).unwrap();
    assert_eq!(bench.woken.count(), 1);
    assert!(next(&mut bench).is_ready());
    assert!(next(&mut bench).is_pending());
    bench.end(0);
    assert_eq!(next(&mut bench), std::task::Poll::Ready(None));
}

#[test]
fn g11_5_events_are_bounded_by_their_bytes_too() {
    let mut bench = Bench::new(Settings { max_event_bytes: 1_000, ..Settings::default() });
    let event = |length: usize| {
        let body = Bytes::from(vec![7; length]);
        Envelope { body, ..answer(StreamId::EVENT, Opcode::Event, 0) }
    };
    for length in [400, 500, 600] {
        bench.deliver(event(length)).unwrap();
        assert!(bench.core.usage().event_bytes <= 1_000);
    }
    assert_eq!((bench.core.usage().events, bench.core.dropped_events()), (1, 2));
    bench.deliver(event(400)).unwrap();
    assert_eq!((bench.core.usage().events, bench.core.usage().event_bytes), (2, 1_000));
    // One that could never be kept takes nobody's place.
    bench.deliver(event(1_001)).unwrap();
    assert_eq!((bench.core.usage().events, bench.core.dropped_events()), (2, 3));
    for (length, left) in [(600, 400), (400, 0)] {
        let std::task::Poll::Ready(Some(event)) = bench.core.poll_event(&mut None) else {
            panic!("it was kept")
        };
        assert_eq!((event.body.len(), bench.core.usage().event_bytes), (length, left));
    }
    // What fits exactly is kept.
    bench.deliver(event(1_000)).unwrap();
    assert_eq!((bench.core.usage().events, bench.core.usage().event_bytes), (1, 1_000));
}

#[test]
fn none_are_kept_where_none_may_be() {
    let mut bench = Bench::new(Settings { max_events: 0, ..Settings::default() });
    bench.deliver(answer(StreamId::EVENT, Opcode::Event, 0)).unwrap();
    assert_eq!((bench.core.usage().events, bench.core.dropped_events()), (0, 1));
}

#[test]
fn g11_5_a2_a_response_over_the_limit_fails_its_own_request_and_no_other() {
    let mut bench = Bench::new(Settings::default());
    let (first, second) = (bench.submit(1), bench.submit(2));
    let sent = bench.transmit();
    let first = bench.poll(first).unwrap_err();
    let over = oversized(sent[0].0, Opcode::Result);
    bench.deliver(Arrival::Oversized(over)).unwrap();
    assert_eq!(bench.woken.count(), 1);
    assert_eq!(bench.outcome(first), Outcome::ResponseTooLarge(over));
    bench.deliver(answer(sent[1].0, Opcode::Result, 2)).unwrap();
    assert!(matches!(bench.outcome(second), Outcome::Response(_)));
    bench.assert_at_rest();
}

#[test]
fn g11_5_a2_of_an_orphan_it_frees_the_stream_and_where_none_is_owed_it_ends_the_connection() {
    let mut bench = Bench::new(Settings::default());
    let ticket = bench.submit(1);
    let stream = bench.transmit()[0].0;
    let _abandoned = bench.abandon(ticket);
    assert_eq!(bench.core.orphaned(), 1);
    let over = Arrival::Oversized(oversized(stream, Opcode::Result));
    bench.deliver(over.clone()).unwrap();
    assert_eq!(bench.core.orphaned(), 0);
    bench.assert_at_rest();
    let violation = Violation::NotOwed { stream, opcode: Opcode::Result };
    assert_eq!(bench.deliver(over), Err(violation));
}

#[test]
fn g11_5_a2_an_event_over_the_limit_is_dropped_and_counted() {
    let mut bench = Bench::new(Settings::default());
    bench.deliver(Arrival::Oversized(oversized(StreamId::EVENT, Opcode::Event))).unwrap();
    assert_eq!((bench.core.usage().events, bench.core.dropped_events()), (0, 1));
}

#[test]
fn g11_5_a2_on_stream_zero_it_ends_the_connection_even_while_a_heartbeat_is_owed() {
    let mut bench = Bench::new(Settings::default());
    bench.pass(Duration::from_secs(30)).unwrap();
    assert_eq!(bench.transmit().len(), 1);
    let over = oversized(StreamId::CONNECTION, Opcode::Supported);
    let violation = Violation::TooLargeOnStreamZero(over);
    assert_eq!(bench.deliver(Arrival::Oversized(over)), Err(violation));
}

#[test]
fn a_request_over_the_limit_is_refused_before_it_is_sent() {
    let mut bench = Bench::new(Settings { max_request_bytes: 100, ..Settings::default() });
    let longest =
        bench.core.submit(&request_of(1, 96), bench.now + LONG, Some(&a_read(LONG))).unwrap();
    let refused =
        bench.core.submit(&request_of(2, 97), bench.now + LONG, Some(&a_read(LONG))).unwrap_err();
    assert_eq!(refused, RefusedBecause::TooLarge { bytes: 101, limit: 100 });
    assert_eq!(refused.to_string(), "its body of 101 bytes is over the limit of 100");
    assert_eq!(bench.transmit().iter().map(|sent| sent.1).collect::<Vec<_>>(), [Some(1)]);
    let _abandoned = bench.abandon(longest.ticket);
    bench.end(0);
}

#[test]
fn a_request_whose_deadline_has_passed_is_not_written() {
    let mut bench = Bench::new(Settings { max_in_flight: 2, ..Settings::default() });
    let late = bench.submit_within(1, Duration::ZERO);
    let in_time = bench.submit_within(2, Duration::from_secs(1));
    let waits = bench.submit_within(3, Duration::ZERO);
    let late = bench.poll(late).unwrap_err();
    let sent: Vec<_> = bench.transmit().into_iter().map(|sent| sent.1).collect();
    assert_eq!(sent, [Some(2)]);
    assert_eq!(bench.woken.count(), 1);
    assert_eq!(bench.outcome(late), Outcome::DeadlinePassed(Reached::Queued));
    assert_eq!(bench.outcome(waits), Outcome::DeadlinePassed(Reached::Queued));
    let _abandoned = bench.abandon(in_time);
    bench.end(0);
    bench.assert_at_rest();
}

#[test]
fn nor_is_one_whose_deadline_passes_while_others_are_written() {
    let settings = Settings { max_batch_bytes: 1, ..Settings::default() };
    let mut bench = Bench::new(settings);
    let tickets: Vec<_> = [60_000, 5, 60_000]
        .into_iter()
        .map(|ms| bench.submit_within(0, Duration::from_millis(ms)))
        .collect();
    assert_eq!(read_requests(&bench.take()).len(), 1);
    // Less than a tick of the deadlines' clock later, and not told the time.
    bench.now += Duration::from_millis(5);
    assert_eq!(bench.transmit().len(), 1);
    let outcomes: Vec<_> = tickets.into_iter().map(|ticket| bench.poll(ticket)).collect();
    let expected = Outcome::DeadlinePassed(Reached::Queued);
    assert!(matches!(&outcomes[1], Ok(outcome) if *outcome == expected), "{outcomes:?}");
    for outcome in outcomes {
        if let Err(ticket) = outcome {
            let _abandoned = bench.abandon(ticket);
        }
    }
    bench.end(0);
}

#[test]
fn each_of_several_is_noticed_when_it_is_late() {
    let mut bench = Bench::new(Settings { max_batch_bytes: 1, ..Settings::default() });
    let tickets: Vec<_> = (0..)
        .zip([60_000, 10, 60_000, 20, 60_000])
        .map(|(tag, ms)| bench.submit_within(tag, Duration::from_millis(ms)))
        .collect();
    for (expected, ms) in [(0, 11), (2, 10), (4, 0)] {
        let taken = read_requests(&bench.take());
        assert_eq!(taken.into_iter().map(|sent| sent.1).collect::<Vec<_>>(), [Some(expected)]);
        bench.now += Duration::from_millis(ms);
    }
    bench.end(0);
    for (tag, ticket) in (0..).zip(tickets) {
        let late = Outcome::DeadlinePassed(Reached::Queued);
        assert_eq!(bench.outcome(ticket) == late, tag % 2 == 1, "{tag}");
    }
}

#[test]
fn a_connection_that_closes_waits_for_those_that_wait() {
    let mut bench = Bench::new(Settings { max_in_flight: 1, ..Settings::default() });
    let (first, second) = (bench.submit_within(1, Duration::from_millis(4)), bench.submit(2));
    let stream = bench.transmit()[0].0;
    assert!(bench.core.close().is_none());
    // Its only id is an orphan's now: one waits, and none is owed.
    bench.pass(Duration::from_millis(8)).unwrap();
    assert_eq!((bench.core.usage().in_flight, bench.core.usage().waiting), (0, 1));
    assert!(!bench.core.is_drained());
    bench.deliver(answer(stream, Opcode::Result, 1)).unwrap();
    assert_eq!(bench.transmit().len(), 1);
    bench.deliver(answer(stream, Opcode::Result, 2)).unwrap();
    assert!(bench.core.is_drained());
    for ticket in [first, second] {
        let _outcome = bench.outcome(ticket);
    }
}

#[test]
fn whoever_waits_behind_one_that_is_late_has_its_turn_at_once() {
    let mut bench = Bench::new(Settings { max_in_flight: 1, ..Settings::default() });
    let (late, in_time) = (bench.submit_within(1, Duration::ZERO), bench.submit(2));
    // One batch: the shell would not come for another, had this one been empty.
    let sent: Vec<_> = read_requests(&bench.take()).into_iter().map(|sent| sent.1).collect();
    assert_eq!(sent, [Some(2)]);
    assert_eq!(bench.outcome(late), Outcome::DeadlinePassed(Reached::Queued));
    let _abandoned = bench.abandon(in_time);
    bench.end(0);
}

#[test]
fn what_fits_exactly_may_wait() {
    let max_waiting_bytes = 2 * request(0).len();
    let settings = Settings { max_in_flight: 1, max_waiting_bytes, ..Settings::default() };
    let mut bench = Bench::new(settings);
    let tickets: Vec<_> = (0..3).map(|tag| bench.submit(tag)).collect();
    let refused =
        bench.core.submit(&request(3), bench.now + LONG, Some(&a_read(LONG))).unwrap_err();
    let full = Backlog::new(WaitsFor::StreamId(1), WaitingLimit::Bytes(max_waiting_bytes));
    assert_eq!(refused, RefusedBecause::Full(full));
    assert_eq!(bench.core.usage().outgoing_bytes, 3 * request(0).len(), "those that wait count");
    for ticket in tickets {
        let _abandoned = bench.abandon(ticket);
    }
    bench.assert_at_rest();
}

#[test]
fn one_that_is_larger_than_all_of_the_room_is_sent_all_the_same() {
    let settings = Settings { max_outgoing_bytes: 1, max_batch_bytes: 1, ..Settings::default() };
    let mut bench = Bench::new(settings);
    let tickets: Vec<_> = (0..3).map(|tag| bench.submit(tag)).collect();
    assert_eq!(bench.core.usage().waiting, 2);
    assert_eq!(bench.transmit().len(), 3);
    for ticket in tickets {
        let _abandoned = bench.abandon(ticket);
    }
    bench.end(0);
}

#[test]
fn a_limit_that_changes_holds_for_what_comes_and_wakes_who_waits() {
    let mut bench = Bench::new(Settings { max_in_flight: 4, ..Settings::default() });
    let mut tickets: Vec<_> = (0..6).map(|tag| bench.submit(tag)).collect();
    let sent = bench.transmit();
    assert_eq!((sent.len(), bench.core.usage().waiting), (4, 2));
    assert!(bench.core.limit_in_flight(2, bench.now).is_none());
    for (stream, tag) in &sent[..2] {
        bench.deliver(answer(*stream, Opcode::Result, tag.unwrap())).unwrap();
    }
    assert_eq!((bench.transmit().len(), bench.core.usage().waiting), (0, 2), "two are still owed");
    bench.deliver(answer(sent[2].0, Opcode::Result, 2)).unwrap();
    let next = bench.transmit();
    assert_eq!((next.len(), bench.core.usage().waiting), (1, 1));
    let shell = bench.sleep();
    bench.core.limit_in_flight(u16::MAX, bench.now).into_iter().for_each(Waker::wake);
    assert_eq!(shell.count(), 1, "there is something to write");
    let last = bench.transmit();
    assert_eq!((last.len(), bench.core.usage().waiting), (1, 0));
    for (stream, tag) in [sent[3], next[0], last[0]] {
        bench.deliver(answer(stream, Opcode::Result, tag.unwrap())).unwrap();
    }
    for ticket in tickets.drain(..) {
        assert!(matches!(bench.outcome(ticket), Outcome::Response(_)));
    }
    assert!(bench.core.limit_in_flight(0, bench.now).is_none(), "of none there is one");
    let tickets = [bench.submit(7), bench.submit(8)];
    assert_eq!((bench.transmit().len(), bench.core.usage().waiting), (1, 1));
    for ticket in tickets {
        drop(bench.abandon(ticket));
    }
}

#[test]
fn a_batch_has_as_many_envelopes_as_fit_exactly() {
    let max_batch_bytes = 2 * request(0).len();
    let mut bench = Bench::new(Settings { max_batch_bytes, ..Settings::default() });
    let tickets: Vec<_> = (0..3).map(|tag| bench.submit(tag)).collect();
    assert_eq!([bench.take(), bench.take()].map(|batch| read_requests(&batch).len()), [2, 1]);
    for ticket in tickets {
        drop(bench.abandon(ticket));
    }
    bench.end(0);
}
