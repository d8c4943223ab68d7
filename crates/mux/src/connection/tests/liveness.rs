//! Is the server still there? What is asked, when, and how long an answer is waited for.

use super::*;
use crate::requests::Reached;

#[test]
fn a_silent_server_is_asked_once_and_then_taken_for_dead() {
    let mut bench = Bench::new(Settings::default());
    bench.pass(Duration::from_secs(29)).unwrap();
    assert_eq!(bench.transmit(), []);
    bench.pass(Duration::from_secs(1)).unwrap();
    assert_eq!(bench.transmit(), [(StreamId::CONNECTION, None)]);
    bench.pass(Duration::from_secs(4)).unwrap();
    assert_eq!(bench.transmit(), []);
    assert_eq!(bench.pass(Duration::from_secs(1)), Err(Unresponsive));
}

#[test]
fn any_byte_counts_as_life() {
    let mut bench = Bench::new(Settings::default());
    bench.pass(Duration::from_secs(30)).unwrap();
    assert_eq!(bench.transmit().len(), 1);
    bench.core.handle_progress(bench.now);
    bench.pass(Duration::from_secs(20)).unwrap();
    bench.deliver(answer(StreamId::CONNECTION, Opcode::Supported, 0)).unwrap();
    bench.pass(Duration::from_secs(29)).unwrap();
    assert_eq!(bench.transmit(), []);
}

#[test]
fn i6_any_answer_is_a_sign_of_life_while_a_heartbeat_is_owed() {
    let mut bench = Bench::new(Settings::default());
    bench.pass(Duration::from_secs(30)).unwrap();
    assert_eq!(bench.transmit().len(), 1, "the heartbeat");
    let ticket = bench.submit_within(1, Duration::from_secs(60));
    let stream = bench.transmit()[0].0;
    bench.pass(Duration::from_secs(4)).unwrap();
    bench.deliver(answer(stream, Opcode::Result, 1)).unwrap();
    bench.pass(Duration::from_secs(4)).unwrap();
    assert!(matches!(bench.outcome(ticket), Outcome::Response(_)));
    // Silence after that is silence.
    bench.pass(Duration::from_secs(30)).unwrap();
    assert_eq!(bench.pass(Duration::from_secs(6)), Err(Unresponsive));
}

/// Uploads so much that it takes a while, and is silent until the heartbeat is due.
fn silent_amid_an_upload(bench: &mut Bench) -> BytesMut {
    let upload = bench
        .core
        .submit(&request_of(1, 1 << 20), bench.now + LONG, Some(&a_read(LONG)))
        .unwrap()
        .ticket;
    std::mem::forget(upload);
    let batch = bench.take();
    bench.pass(Duration::from_secs(10)).unwrap();
    bench.core.handle_written(bench.now, Written::Part);
    bench.pass(Duration::from_secs(20)).unwrap();
    bench.core.handle_written(bench.now, Written::Part);
    batch
}

#[test]
fn a3_an_upload_that_gets_on_is_no_silence() {
    let mut bench = Bench::new(Settings::default());
    silent_amid_an_upload(&mut bench);
    // The question waits behind the upload, of which the socket takes a little now and then.
    for _ in 0..20 {
        bench.pass(Duration::from_secs(4)).unwrap();
        bench.core.handle_written(bench.now, Written::Part);
        assert!(bench.core.poll_timeout() > bench.now);
    }
    bench.core.handle_written(bench.now, Written::All);
    assert_eq!(bench.transmit(), [(StreamId::CONNECTION, None)]);
    // What the system still holds may take twice as long again: it has been 110 seconds.
    bench.pass(Duration::from_secs(219)).unwrap();
    assert_eq!(bench.pass(Duration::from_secs(1)), Err(Unresponsive));
    std::mem::forget(bench.core);
}

#[test]
fn a3_a_server_that_reads_no_more_is_given_up_in_bounded_time() {
    let mut bench = Bench::new(Settings::default());
    silent_amid_an_upload(&mut bench);
    bench.pass(Duration::from_secs(4)).unwrap();
    bench.core.handle_written(bench.now, Written::Nothing);
    assert!(bench.core.poll_timeout() <= bench.now + Duration::from_secs(1));
    assert_eq!(bench.pass(Duration::from_secs(1)), Err(Unresponsive));
    std::mem::forget(bench.core);
}

#[test]
fn its_time_begins_when_the_question_is_written() {
    let mut bench = Bench::new(Settings::default());
    bench.pass(Duration::from_secs(30)).unwrap();
    bench.pass(Duration::from_secs(3)).unwrap();
    assert_eq!(bench.transmit().len(), 1);
    bench.pass(Duration::from_secs(4)).unwrap();
    assert!(bench.core.poll_timeout() <= bench.now + Duration::from_secs(1));
    assert_eq!(bench.pass(Duration::from_secs(1)), Err(Unresponsive));
}

#[test]
fn once_heard_of_a_server_that_was_congested_has_no_longer_than_others() {
    let mut bench = Bench::new(Settings::default());
    silent_amid_an_upload(&mut bench);
    bench.core.handle_progress(bench.now);
    bench.core.handle_written(bench.now, Written::All);
    assert_eq!(bench.transmit(), [(StreamId::CONNECTION, None)], "it is asked by now");
    bench.pass(Duration::from_secs(30)).unwrap();
    bench.core.handle_written(bench.now, Written::All);
    bench.pass(Duration::from_secs(4)).unwrap();
    assert_eq!(bench.pass(Duration::from_secs(1)), Err(Unresponsive));
    std::mem::forget(bench.core);
}

#[test]
fn a_heartbeat_after_no_time_at_all_means_none() {
    let settings = Settings { heartbeat_after: Duration::ZERO, ..Settings::default() };
    let mut bench = Bench::new(settings);
    bench.pass(Duration::from_secs(10_000)).unwrap();
    assert_eq!(bench.transmit(), []);
    assert!(bench.core.poll_timeout() > bench.now + 1_000 * LONG);
}

#[test]
fn a_heartbeat_after_hardly_any_time_does_not_flood() {
    let (heartbeat_after, heartbeat_timeout) = (Duration::from_nanos(1), Duration::ZERO);
    let mut bench =
        Bench::new(Settings { heartbeat_after, heartbeat_timeout, ..Settings::default() });
    let mut asked = 0;
    for _ in 0..1_000 {
        bench.pass(Duration::from_millis(1)).unwrap();
        if !bench.transmit().is_empty() {
            asked += 1;
            bench.deliver(answer(StreamId::CONNECTION, Opcode::Supported, 0)).unwrap();
        }
    }
    assert_eq!(asked, 10);
}

#[test]
fn a3_what_is_withdrawn_before_the_question_does_not_keep_a_dead_server_alive() {
    let mut bench = Bench::new(Settings::default());
    let upload = bench
        .core
        .submit(&request_of(1, 1 << 20), bench.now + LONG, Some(&a_read(LONG)))
        .unwrap()
        .ticket;
    let batch = bench.take();
    // Two wait behind it; the larger one stays, so that the gap of the other is not closed at once.
    let late = bench.submit_within(2, Duration::from_secs(10));
    let larger = bench
        .core
        .submit(&request_of(3, 100), bench.now + LONG, Some(&a_read(LONG)))
        .unwrap()
        .ticket;
    bench.pass(Duration::from_secs(29)).unwrap();
    bench.core.handle_written(bench.now, Written::Part);
    bench.pass(Duration::from_secs(1)).unwrap();
    drop(batch);
    assert_eq!(bench.outcome(late), Outcome::DeadlinePassed(Reached::Queued));
    assert_eq!(bench.transmit().len(), 2, "the larger one, and the question");
    // The socket was full for 30 seconds, so that twice that is waited for an answer.
    let mut silent = 0;
    while silent < 600 && bench.pass(Duration::from_secs(1)).is_ok() {
        bench.core.handle_written(bench.now, Written::All);
        silent += 1;
    }
    assert!(silent <= 60, "nothing was heard for {silent} seconds after the question");
    std::mem::forget((upload, larger, bench.core));
}

#[test]
fn who_was_congested_for_a_short_while_has_no_less_time_than_others() {
    let heartbeat_after = Duration::from_secs(1);
    let mut bench = Bench::new(Settings { heartbeat_after, ..Settings::default() });
    bench.pass(heartbeat_after).unwrap();
    bench.core.handle_written(bench.now, Written::Part);
    assert_eq!(bench.transmit(), [(StreamId::CONNECTION, None)]);
    bench.pass(Duration::from_secs(4)).unwrap();
    assert_eq!(bench.pass(Duration::from_secs(1)), Err(Unresponsive));
}

/// A server would answer the second as well, when nothing is owed to it any more.
#[test]
fn i6_while_a_heartbeat_is_owed_no_second_is_sent() {
    let mut bench = Bench::new(Settings::default());
    bench.pass(Duration::from_secs(30)).unwrap();
    assert_eq!(bench.transmit(), [(StreamId::CONNECTION, None)]);
    bench.core.handle_progress(bench.now);
    bench.pass(Duration::from_secs(30)).unwrap();
    assert_eq!(bench.transmit(), []);
    bench.deliver(answer(StreamId::CONNECTION, Opcode::Supported, 0)).unwrap();
    bench.pass(Duration::from_secs(30)).unwrap();
    assert_eq!(bench.transmit(), [(StreamId::CONNECTION, None)]);
}

/// However much the socket takes: a question in a later batch has not been put yet.
#[test]
fn its_time_does_not_begin_with_a_batch_before_the_one_that_has_the_question() {
    let mut bench = Bench::new(Settings { max_batch_bytes: 1, ..Settings::default() });
    let ticket = bench.submit(1);
    bench.pass(Duration::from_secs(30)).unwrap();
    assert_eq!(read_requests(&bench.take())[0].1, Some(1));
    bench.core.handle_written(bench.now, Written::All);
    bench.pass(Duration::from_secs(4)).unwrap();
    assert_eq!(read_requests(&bench.take()), [(StreamId::CONNECTION, None)]);
    bench.core.handle_written(bench.now, Written::All);
    bench.pass(Duration::from_secs(4)).unwrap();
    assert_eq!(bench.pass(Duration::from_secs(1)), Err(Unresponsive));
    drop(bench.abandon(ticket));
    bench.end(0);
}
