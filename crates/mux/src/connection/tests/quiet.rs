//! Is the server quiet? When one that owes a response is asked for a sign of life, and what its silence means.

use super::*;

const HEARTBEAT: (StreamId, Option<u32>) = (StreamId::CONNECTION, None);
const QUIET_AFTER: Duration = Duration::from_millis(200);
const JUST_BEFORE: Duration = Duration::from_millis(199);
const MOMENT: Duration = Duration::from_millis(1);

/// A connection on which a response has been owed since a while after the server was heard.
fn owed() -> (Bench, Ticket) {
    let mut bench = Bench::new(Settings::default());
    bench.pass(Duration::from_secs(20)).unwrap();
    let ticket = bench.submit(1);
    assert_eq!(bench.transmit().len(), 1);
    (bench, ticket)
}

fn finish(mut bench: Bench, tickets: impl IntoIterator<Item = Ticket>) {
    bench.end(0);
    for ticket in tickets {
        drop(bench.outcome(ticket));
    }
    bench.assert_at_rest();
}

#[test]
fn g13_3_a_server_that_owes_a_response_is_asked_early_and_quiet_if_it_does_not_answer() {
    let (mut bench, ticket) = owed();
    for life in 0..3 {
        assert_eq!(bench.core.liveness.next(), bench.now + QUIET_AFTER);
        assert!(bench.core.poll_timeout() <= bench.now + QUIET_AFTER);
        bench.pass(JUST_BEFORE).unwrap();
        assert_eq!(bench.transmit(), []);
        bench.pass(MOMENT).unwrap();
        assert_eq!(bench.transmit(), if life == 0 { vec![HEARTBEAT] } else { vec![] });
        assert_eq!(bench.core.liveness.next(), bench.now + QUIET_AFTER);
        bench.pass(JUST_BEFORE).unwrap();
        assert!(!bench.core.is_quiet());
        bench.pass(MOMENT).unwrap();
        assert!(bench.core.is_quiet());
        assert_eq!(bench.transmit(), [], "once is enough");
        bench.pass(Duration::from_secs(10)).unwrap();
        assert!(bench.core.is_quiet());
        bench.core.handle_progress(bench.now);
        assert!(!bench.core.is_quiet(), "any byte ends it");
    }
    finish(bench, [ticket]);
}

#[test]
fn g13_3_a_server_that_is_slow_with_a_request_and_answers_heartbeats_is_not_quiet() {
    let (mut bench, ticket) = owed();
    let mut asked = 0;
    for _ in 0..100_000 {
        bench.pass(MOMENT).unwrap();
        assert!(!bench.core.is_quiet());
        if !bench.transmit().is_empty() {
            asked += 1;
            bench.deliver(answer(StreamId::CONNECTION, Opcode::Supported, 0)).unwrap();
        }
    }
    assert_eq!(asked, 500, "five times a second");
    finish(bench, [ticket]);
}

#[test]
fn whoever_owes_nothing_is_not_asked_early() {
    let (mut bench, ticket) = owed();
    let second = bench.submit(2);
    let streams: Vec<_> = bench.transmit().into_iter().map(|(stream, _)| stream).collect();
    bench.pass(Duration::from_millis(100)).unwrap();
    // Of two, one is left, and then none.
    bench.deliver(answer(StreamId::new(1), Opcode::Result, 1)).unwrap();
    assert_eq!(bench.core.liveness.next(), bench.now + QUIET_AFTER);
    bench.deliver(answer(streams[0], Opcode::Result, 2)).unwrap();
    assert_eq!(bench.core.liveness.next(), bench.now + Duration::from_secs(30));
    bench.pass(Duration::from_secs(29)).unwrap();
    assert_eq!(bench.transmit(), []);
    assert!(!bench.core.is_quiet());
    finish(bench, [ticket, second]);
}

#[test]
fn silence_counts_while_a_response_is_owed_to_nobody() {
    let (mut bench, ticket) = owed();
    drop(bench.abandon(ticket));
    bench.pass(QUIET_AFTER).unwrap();
    assert_eq!(bench.transmit(), [HEARTBEAT]);
    bench.pass(QUIET_AFTER).unwrap();
    assert!(bench.core.is_quiet());
    finish(bench, []);
}

#[test]
fn requests_that_go_on_put_nothing_off() {
    let (mut bench, ticket) = owed();
    let (mut tickets, mut asked) = (vec![ticket], 0);
    for tag in 2..402 {
        assert!(!bench.core.is_quiet());
        tickets.push(bench.submit(tag));
        bench.pass(MOMENT).unwrap();
        asked += bench.transmit().iter().filter(|sent| **sent == HEARTBEAT).count();
    }
    assert!(bench.core.is_quiet());
    assert_eq!(asked, 1);
    finish(bench, tickets);
}

#[test]
fn a_request_that_is_not_written_makes_no_silence_count() {
    let mut bench = Bench::new(Settings::default());
    let ticket = bench.submit(1);
    bench.pass(Duration::from_secs(10)).unwrap();
    assert_eq!(bench.transmit().len(), 1, "the request alone");
    assert!(!bench.core.is_quiet());
    finish(bench, [ticket]);
}

/// It has as long as one that was asked after the usual time: being quiet costs nobody anything.
#[test]
fn a_question_that_was_asked_early_ends_no_connection_sooner() {
    let (mut bench, ticket) = owed();
    let heard_at = bench.now - Duration::from_secs(20);
    bench.pass(QUIET_AFTER).unwrap();
    assert_eq!(bench.transmit(), [HEARTBEAT]);
    bench.pass(QUIET_AFTER).unwrap();
    assert_eq!(bench.core.liveness.next(), heard_at + Duration::from_secs(35));
    bench.pass(Duration::from_secs(14)).unwrap();
    assert_eq!(bench.pass(JUST_BEFORE), Ok(()));
    assert_eq!(bench.pass(Duration::from_secs(1)), Err(Unresponsive));
    finish(bench, [ticket]);
}

/// It has no less for a socket that was full before the question either: twice the usual time is waited then.
#[test]
fn a_question_that_was_asked_early_behind_an_upload_ends_no_connection_sooner() {
    let (mut bench, ticket) = owed();
    bench.core.handle_progress(bench.now);
    bench.core.handle_written(bench.now, Written::Part);
    bench.pass(QUIET_AFTER).unwrap();
    assert_eq!(bench.transmit(), [HEARTBEAT]);
    let silent = Duration::from_secs(90) - QUIET_AFTER;
    assert_eq!(bench.pass(silent - MOMENT), Ok(()));
    assert!(bench.core.is_quiet());
    assert_eq!(bench.pass(MOMENT), Err(Unresponsive));
    finish(bench, [ticket]);
}

#[test]
fn what_fills_the_socket_behind_the_question_keeps_a_dead_server_no_longer() {
    let (mut bench, ticket) = owed();
    bench.core.handle_progress(bench.now);
    bench.pass(QUIET_AFTER).unwrap();
    assert_eq!(bench.transmit(), [HEARTBEAT]);
    bench.pass(Duration::from_secs(31)).unwrap();
    bench.core.handle_written(bench.now, Written::Nothing);
    assert_eq!(bench.pass(Duration::from_secs(4)), Err(Unresponsive));
    finish(bench, [ticket]);
}

#[test]
fn while_a_question_waits_to_be_written_a_socket_that_takes_nothing_is_silence_too() {
    let (mut bench, ticket) = owed();
    let upload = bench.submit(2);
    bench.take();
    bench.pass(QUIET_AFTER).unwrap();
    for _ in 0..10 {
        bench.core.handle_written(bench.now, Written::Part);
        bench.pass(JUST_BEFORE).unwrap();
        assert!(!bench.core.is_quiet(), "the socket takes some");
    }
    bench.core.handle_written(bench.now, Written::Nothing);
    bench.pass(MOMENT).unwrap();
    assert!(bench.core.is_quiet());
    finish(bench, [ticket, upload]);
}

#[test]
fn after_no_time_at_all_means_never_and_after_hardly_any_is_no_flood() {
    let (never, hardly) = (Duration::ZERO, Duration::from_nanos(1));
    for (quiet_after, next) in
        [(never, Duration::from_secs(30)), (hardly, Duration::from_millis(100))]
    {
        let mut bench = Bench::new(Settings { quiet_after, ..Settings::default() });
        let ticket = bench.submit(1);
        bench.transmit();
        assert_eq!(bench.core.liveness.next(), bench.now + next);
        bench.pass(next).unwrap();
        assert_eq!(bench.transmit(), [HEARTBEAT]);
        bench.pass(Duration::from_secs(1)).unwrap();
        assert_eq!(bench.core.is_quiet(), !quiet_after.is_zero());
        finish(bench, [ticket]);
    }
}
