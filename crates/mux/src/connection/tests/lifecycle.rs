//! The connection itself: its end, its closing, its heartbeat, its events, its shell's sleep.

use super::*;
use crate::requests::Reached;

#[test]
fn an_end_tells_what_may_have_run_from_what_cannot() {
    let mut bench = Bench::new(Settings { max_in_flight: 4, ..Settings::default() });
    let sent: Vec<_> = (0..3).map(|tag| bench.submit(tag)).collect();
    assert_eq!(bench.transmit().len(), 3);
    let queued = bench.submit(3);
    let waiting = bench.submit(4);
    let waiting = bench.poll(waiting).unwrap_err();

    // Of the three that were taken, the socket took the first two whole.
    bench.end(1);
    let reached: Vec<_> = sent
        .into_iter()
        .chain([queued, waiting])
        .map(|ticket| match bench.poll(ticket) {
            Ok(Outcome::ConnectionEnded(reached)) => reached,
            other => panic!("{other:?}"),
        })
        .collect();
    use Reached::{Queued, Waiting, Written};
    assert_eq!(reached, [Written, Written, Queued, Queued, Waiting]);
    assert_eq!(bench.woken.count(), 1);
    bench.assert_at_rest();
}

#[test]
fn after_the_end_nothing_is_taken_in() {
    let mut bench = Bench::new(Settings::default());
    bench.end(0);
    let refused =
        bench.core.submit(&request(1), bench.now + LONG, Some(&a_read(LONG))).unwrap_err();
    assert_eq!(refused, RefusedBecause::Ended);
    assert_eq!(bench.transmit(), []);
}

#[test]
fn closing_waits_for_what_was_taken_in_and_for_nothing_else() {
    let mut bench = Bench::new(Settings::default());
    let (kept, given_up) = (bench.submit(1), bench.submit(2));
    let sent = bench.transmit();
    let shell = bench.sleep();
    assert!(bench.core.close().is_none(), "nothing for the shell to do yet");
    let refused =
        bench.core.submit(&request(3), bench.now + LONG, Some(&a_read(LONG))).unwrap_err();
    assert_eq!(refused, RefusedBecause::Closing);

    bench.deliver(answer(sent[0].0, Opcode::Result, 1)).unwrap();
    assert!(!bench.core.is_drained());
    // Nobody waits for the second any more: its late answer holds up no close.
    let abandoned = bench.abandon(given_up);
    abandoned.wake.into_iter().for_each(Waker::wake);
    assert_eq!(shell.count(), 1);
    assert!(bench.core.is_drained());
    bench.end(0);
    assert!(matches!(bench.poll(kept), Ok(Outcome::Response(_))));
    bench.assert_at_rest();
}

#[test]
fn a_server_too_busy_for_a_heartbeat_lives() {
    let mut bench = Bench::new(Settings::default());
    let error = |code: i32| {
        let body = [&code.to_be_bytes()[..], b"\0\x04busy"].concat();
        let mut error = answer(StreamId::CONNECTION, Opcode::Error, 0);
        error.header.length = u32::try_from(body.len()).unwrap();
        Envelope { body: body.into(), ..error }
    };
    let (overloaded, protocol) = (error(0x1001), error(0x000A));
    bench.pass(Duration::from_secs(30)).unwrap();
    assert_eq!(bench.transmit().len(), 1);
    assert_eq!(bench.deliver(protocol.clone()), Err(Violation::OnStreamZero(protocol)));
    bench.deliver(overloaded.clone()).unwrap();
    // Without a heartbeat under way it answers nothing.
    assert_eq!(bench.deliver(overloaded.clone()), Err(Violation::OnStreamZero(overloaded)));
}

#[test]
fn b3_the_servers_word_on_stream_zero_is_about_the_connection() {
    let mut bench = Bench::new(Settings::default());
    let word = answer(StreamId::CONNECTION, Opcode::Error, 7);
    assert_eq!(bench.deliver(word.clone()), Err(Violation::OnStreamZero(word)));
}

#[test]
fn a_sleeping_shell_is_woken_once_for_many_requests() {
    let mut bench = Bench::new(Settings::default());
    let shell = bench.sleep();
    let deadline = bench.now + LONG;
    let mut tickets = Vec::new();
    for tag in 0..3 {
        let submitted = bench.core.submit(&request(tag), deadline, Some(&a_read(LONG))).unwrap();
        submitted.wake.into_iter().for_each(Waker::wake);
        tickets.push(submitted.ticket);
    }
    assert_eq!(shell.count(), 1);
    for ticket in tickets {
        let _abandoned = bench.abandon(ticket);
    }
}

#[test]
fn a_shell_that_waits_for_the_socket_is_woken_only_for_an_earlier_deadline() {
    let mut bench = Bench::new(Settings::default());
    let shell = Waker::from(Arc::new(Woken::default()));
    bench.core.park(&Context::from_waker(&shell), false);
    let _armed = bench.core.poll_timeout();
    let late = bench.core.submit(&request(1), bench.now + LONG, Some(&a_read(LONG))).unwrap();
    assert!(late.wake.is_none() || bench.core.deadlines.next() < Some(bench.now + LONG));
    bench.core.park(&Context::from_waker(&shell), false);
    let _armed = bench.core.poll_timeout();
    let soon = bench
        .core
        .submit(&request(2), bench.now + Duration::from_millis(5), Some(&a_read(LONG)))
        .unwrap();
    assert!(soon.wake.is_some());
    for ticket in [late.ticket, soon.ticket] {
        let _abandoned = bench.abandon(ticket);
    }
}

#[test]
fn g6_5_a_sleeping_shell_is_woken_whenever_the_connection_retires() {
    let mut bench = Bench::new(Settings { max_orphaned: 1, ..Settings::default() });
    let mut tickets: Vec<_> = (0..4).map(|tag| bench.submit(tag)).collect();
    let sent = bench.transmit();
    let give_up = |bench: &mut Bench, ticket| {
        let abandoned = bench.abandon(ticket);
        abandoned.wake.into_iter().for_each(Waker::wake);
    };
    let shell = bench.sleep();
    give_up(&mut bench, tickets.pop().unwrap());
    assert_eq!(shell.count(), 0, "one too many is allowed");
    give_up(&mut bench, tickets.pop().unwrap());
    assert_eq!(shell.count(), 1);
    assert!(bench.core.is_retiring());

    // Before the shell looks, a late answer comes; it sleeps on, and then it is one too many again.
    bench.deliver(answer(sent[3].0, Opcode::Result, 3)).unwrap();
    assert!(!bench.core.is_retiring());
    let shell = bench.sleep();
    give_up(&mut bench, tickets.pop().unwrap());
    assert_eq!(shell.count(), 1);

    // What it has seen it is not told again.
    let shell = bench.sleep();
    give_up(&mut bench, tickets.pop().unwrap());
    assert_eq!(shell.count(), 0);
    bench.end(0);
}

/// A heartbeat that does not come in between.
fn one_orphan_a_minute() -> Settings {
    let (max_orphan_age, heartbeat_after) = (Duration::from_secs(60), LONG);
    Settings { max_orphan_age, heartbeat_after, quiet_after: Duration::ZERO, ..Settings::default() }
}

#[test]
fn g6_5_an_answer_that_is_owed_to_nobody_for_too_long_makes_it_retire() {
    let mut bench = Bench::new(one_orphan_a_minute());
    let timed_out = bench.submit_within(1, Duration::from_secs(4));
    let (dropped, other) = (bench.submit(2), bench.submit(3));
    let sent = bench.transmit();
    bench.pass(Duration::from_secs(4)).unwrap();
    bench.pass(Duration::from_secs(6)).unwrap();
    let _abandoned = bench.abandon(dropped);
    assert_eq!(bench.core.orphan_due(), Some(bench.now + Duration::from_secs(54)), "the oldest's");
    bench.deliver(answer(sent[0].0, Opcode::Result, 1)).unwrap();
    assert_eq!(bench.core.orphan_due(), Some(bench.now + Duration::from_secs(60)), "the next's");

    bench.pass(Duration::from_millis(59_999)).unwrap();
    assert!(!bench.core.is_retiring());
    bench.pass(Duration::from_millis(1)).unwrap();
    assert!(bench.core.is_retiring());
    assert!(bench.core.poll_timeout() > bench.now, "it is not to be told again and again");

    // The others finish, and the late answer changes nothing any more.
    bench.deliver(answer(sent[1].0, Opcode::Result, 2)).unwrap();
    bench.deliver(answer(sent[2].0, Opcode::Result, 3)).unwrap();
    assert!(bench.core.is_retiring() && bench.core.life == Life::Open);
    assert_eq!(bench.outcome(timed_out), Outcome::DeadlinePassed(Reached::Written));
    assert_eq!(bench.outcome(other), Outcome::Response(answer(sent[2].0, Opcode::Result, 3)));
    bench.assert_at_rest();
}

#[test]
fn g6_5_a_sleeping_shell_is_woken_to_watch_over_the_first_orphan_only() {
    let mut bench = Bench::new(one_orphan_a_minute());
    let (first, second) = (bench.submit(1), bench.submit(2));
    assert_eq!(bench.transmit().len(), 2);
    let waker = bench.waker();
    bench.core.shell.armed = Some(bench.now + LONG);
    bench.core.park(&Context::from_waker(&waker), true);
    bench.abandon(first).wake.expect("it would sleep past the orphan").wake();
    let shell = bench.sleep();
    assert!(bench.abandon(second).wake.is_none(), "it is armed for an older one");
    assert_eq!(shell.count(), 0);
    // No deadline is left, and no heartbeat is due: it is the orphan that the clock matters for.
    assert_eq!(bench.core.poll_timeout(), bench.now + Duration::from_secs(60));
    bench.end(0);
}

#[test]
fn a_limit_of_age_beyond_all_times_is_none() {
    let mut bench = Bench::new(Settings { max_orphan_age: Duration::MAX, ..Settings::default() });
    let ticket = bench.submit(1);
    assert_eq!(bench.transmit().len(), 1);
    let _abandoned = bench.abandon(ticket);
    bench.pass(Duration::from_secs(29)).unwrap();
    assert!(!bench.core.is_retiring());
    bench.end(0);
}

#[test]
fn what_two_connections_hold_adds_up() {
    let usage = |n: usize| Usage {
        requests: n,
        in_flight: 2 * n,
        orphaned: 3 * n,
        waiting: 4 * n,
        outgoing_bytes: 5 * n,
        events: 6 * n,
        event_bytes: 7 * n,
    };
    assert_eq!(usage(3) + usage(4), usage(7));
}

#[test]
fn the_shell_rests_after_a_write_only_if_nothing_else_is_to_be_done() {
    let mut bench = Bench::new(Settings::default());
    let first = bench.submit(1);
    assert!(!bench.core.rests_once_written(), "there is something to write");
    bench.transmit();
    assert!(bench.core.rests_once_written());
    let second = bench.submit(2);
    assert!(!bench.core.rests_once_written(), "there is more to write");
    bench.transmit();
    bench.pass(Duration::from_secs(30)).unwrap();
    bench.take();
    assert!(!bench.core.rests_once_written(), "a heartbeat is timed once it is written");
    bench.core.handle_written(bench.now, Written::All);
    assert!(bench.core.rests_once_written());
    drop(bench.core.close());
    assert!(!bench.core.rests_once_written(), "it ends with its last request");
    for ticket in [first, second] {
        drop(bench.core.abandon(ticket, bench.now));
    }
}

#[test]
fn a_sleeping_shell_is_not_woken_for_a_deadline_that_it_is_armed_for() {
    let mut bench = Bench::new(Settings::default());
    let (first, second) = (bench.submit(1), bench.submit(2));
    assert_eq!(bench.transmit().len(), 2);
    let waker = bench.waker();
    let armed = bench.core.poll_timeout();
    bench.core.park(&Context::from_waker(&waker), false);
    let same = bench.core.submit(&request(3), armed, Some(&a_read(LONG))).unwrap();
    assert!(same.wake.is_none(), "it looks then in any case");
    let sooner = armed - Duration::from_secs(1);
    let earlier = bench.core.submit(&request(4), sooner, Some(&a_read(LONG))).unwrap();
    assert!(earlier.wake.is_some());
    for ticket in [first, second, same.ticket, earlier.ticket] {
        drop(bench.abandon(ticket));
    }
    bench.end(0);
}
