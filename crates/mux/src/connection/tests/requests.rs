//! Requests: answered, given up, timed out, waiting for their turn.

use super::*;
use crate::requests::{Phase, Reached};
use crate::{Backlog, WaitingLimit, WaitsFor};

#[test]
fn an_answer_finds_its_caller_and_frees_its_stream() {
    let mut bench = Bench::new(Settings::default());
    let (first, second) = (bench.submit(1), bench.submit(2));
    let sent = bench.transmit();
    assert_eq!(sent.iter().map(|s| s.1).collect::<Vec<_>>(), [Some(1), Some(2)]);
    assert_eq!(bench.core.awaited(), 2);

    let first = bench.poll(first).unwrap_err();
    bench.deliver(answer(sent[0].0, Opcode::Result, 1)).unwrap();
    bench.deliver(answer(sent[1].0, Opcode::Result, 2)).unwrap();
    assert_eq!(bench.woken.count(), 1, "only the one that waits is woken");
    assert_eq!(bench.outcome(first), Outcome::Response(answer(sent[0].0, Opcode::Result, 1)));
    // g5_4: the second came before its caller ever asked.
    assert_eq!(bench.outcome(second), Outcome::Response(answer(sent[1].0, Opcode::Result, 2)));
    bench.assert_at_rest();
}

#[test]
fn who_is_given_with_a_request_is_woken_for_its_answer_without_having_asked() {
    let mut bench = Bench::new(Settings::default());
    let (mut waker, deadline) = (Some(bench.waker()), bench.now + LONG);
    let ticket = bench.core.submit_watched(&request(1), deadline, None, &mut waker).unwrap().ticket;
    assert!(waker.is_none());
    let sent = bench.transmit();
    bench.deliver(answer(sent[0].0, Opcode::Result, 1)).unwrap();
    assert_eq!(bench.woken.count(), 1);
    assert!(matches!(bench.outcome(ticket), Outcome::Response(_)));
    let mut waker = Some(bench.waker());
    drop(bench.core.close());
    bench.core.submit_watched(&request(2), deadline, None, &mut waker).unwrap_err();
    assert!(waker.is_some(), "it is to be dropped outside of the lock");
    bench.assert_at_rest();
}

#[test]
fn g1_3_i3_every_id_at_once_answered_backwards() {
    let settings =
        Settings { max_in_flight: 32_767, max_outgoing_bytes: 64 << 20, ..Settings::default() };
    let mut bench = Bench::new(settings);
    let tickets: Vec<_> = (0..32_767).map(|tag| bench.submit(tag)).collect();
    let sent = bench.transmit();
    assert_eq!(sent.len(), 32_767);
    for (stream, tag) in sent.into_iter().rev() {
        bench.deliver(answer(stream, Opcode::Result, tag.unwrap())).unwrap();
    }
    for (tag, ticket) in (0u32..).zip(tickets) {
        let Ok(Outcome::Response(envelope)) = bench.poll(ticket) else {
            panic!("{tag} has no answer")
        };
        assert_eq!(envelope.body, tag.to_be_bytes()[..]);
    }
    bench.assert_at_rest();
}

#[test]
fn g1_4_a_second_answer_ends_the_connection_and_reaches_nobody() {
    let mut bench = Bench::new(Settings::default());
    let (first, second) = (bench.submit(1), bench.submit(2));
    let stream = bench.transmit()[0].0;
    bench.deliver(answer(stream, Opcode::Result, 1)).unwrap();
    let violation = Violation::NotOwed { stream, opcode: Opcode::Result };
    assert_eq!(bench.deliver(answer(stream, Opcode::Result, 9)), Err(violation));
    bench.end(0);
    assert_eq!(bench.outcome(first), Outcome::Response(answer(stream, Opcode::Result, 1)));
    assert_eq!(bench.outcome(second), Outcome::ConnectionEnded(Reached::Written));
    bench.assert_at_rest();
}

#[test]
fn g1_4_an_answer_to_what_is_still_queued_is_one_that_is_not_owed() {
    let mut bench = Bench::new(Settings::default());
    let sent = bench.submit(1);
    let stream = bench.transmit()[0].0;
    let queued = bench.submit(2);
    let next = StreamId::new(stream.raw() + 1);
    let violation = Violation::NotOwed { stream: next, opcode: Opcode::Result };
    assert_eq!(bench.deliver(answer(next, Opcode::Result, 2)), Err(violation));
    bench.end(0);
    assert_eq!(bench.outcome(sent), Outcome::ConnectionEnded(Reached::Written));
    assert_eq!(bench.outcome(queued), Outcome::ConnectionEnded(Reached::Queued));
    bench.assert_at_rest();
}

#[test]
fn b8_an_answer_while_its_request_is_being_written_is_taken() {
    let mut bench = Bench::new(Settings::default());
    let ticket = bench.submit(1);
    let stream = read_requests(&bench.take())[0].0;
    bench.deliver(answer(stream, Opcode::Error, 1)).unwrap();
    bench.end(1);
    assert_eq!(bench.outcome(ticket), Outcome::Response(answer(stream, Opcode::Error, 1)));
    bench.assert_at_rest();
}

#[test]
fn g8_2_given_up_before_it_was_written_it_is_never_sent() {
    let mut bench = Bench::new(Settings::default());
    let tickets: Vec<_> = (0..6).map(|tag| bench.submit(tag)).collect();
    for (tag, ticket) in tickets.into_iter().enumerate() {
        if tag % 2 == 0 {
            assert_eq!(bench.abandon(ticket).reached, Some(Reached::Queued));
        } else {
            std::mem::forget(ticket);
        }
    }
    assert_eq!(bench.core.usage().in_flight, 3, "their streams are free at once");
    let sent: Vec<_> = bench.transmit().into_iter().map(|sent| sent.1).collect();
    assert_eq!(sent, [Some(1), Some(3), Some(5)]);
    std::mem::forget(bench.core);
}

#[test]
fn what_is_given_up_against_a_silent_socket_does_not_add_up() {
    let mut bench = Bench::new(Settings::default());
    let kept = bench.submit(7);
    for tag in 0..100_000 {
        let ticket = bench.submit(tag);
        let _abandoned = bench.abandon(ticket);
    }
    assert_eq!(bench.core.usage().outgoing_bytes, request(7).len());
    assert!(bench.core.outgoing.bytes_held() < 64 * request(7).len());
    assert_eq!(bench.transmit().iter().map(|s| s.1).collect::<Vec<_>>(), [Some(7)]);
    let _abandoned = bench.abandon(kept);
    bench.end(0);
}

#[test]
fn g6_4_an_id_is_not_used_again_before_its_late_answer() {
    let mut bench = Bench::new(Settings { max_in_flight: 1, ..Settings::default() });
    let ticket = bench.submit_within(1, Duration::from_millis(20));
    let stream = bench.transmit()[0].0;
    bench.pass(Duration::from_millis(24)).unwrap();
    assert_eq!(bench.outcome(ticket), Outcome::DeadlinePassed(Reached::Written));

    let next = bench.submit(2);
    assert_eq!(bench.transmit(), [], "its only id is owed to nobody, but owed");
    assert_eq!((bench.core.usage().orphaned, bench.core.usage().waiting), (1, 1));
    bench.deliver(answer(stream, Opcode::Result, 1)).unwrap();
    assert_eq!(bench.transmit(), [(stream, Some(2))]);
    bench.deliver(answer(stream, Opcode::Result, 2)).unwrap();
    assert_eq!(bench.outcome(next), Outcome::Response(answer(stream, Opcode::Result, 2)));
    bench.assert_at_rest();
}

#[test]
fn a_deadline_says_how_far_the_request_had_got() {
    let mut bench = Bench::new(Settings { max_in_flight: 2, ..Settings::default() });
    let limit = Duration::from_millis(10);
    let written = bench.submit_within(1, limit);
    assert_eq!(bench.transmit().len(), 1);
    let queued = bench.submit_within(2, limit);
    let waiting = bench.submit_within(3, limit);
    let patient = bench.submit(4);
    bench.pass(Duration::from_millis(12)).unwrap();
    assert_eq!(bench.outcome(written), Outcome::DeadlinePassed(Reached::Written));
    assert_eq!(bench.outcome(queued), Outcome::DeadlinePassed(Reached::Queued));
    assert_eq!(bench.outcome(waiting), Outcome::DeadlinePassed(Reached::Waiting));
    let sent = bench.transmit();
    assert_eq!(sent.iter().map(|s| s.1).collect::<Vec<_>>(), [Some(4)], "its turn came");
    let _abandoned = bench.abandon(patient);
    bench.end(0);
}

#[test]
fn turns_come_in_order_and_nobody_barges_in() {
    let mut bench = Bench::new(Settings { max_in_flight: 1, ..Settings::default() });
    let tickets: Vec<_> = (0..5).map(|tag| bench.submit(tag)).collect();
    for tag in 0..5 {
        let sent = bench.transmit();
        assert_eq!(sent.iter().map(|s| s.1).collect::<Vec<_>>(), [Some(tag)]);
        bench.deliver(answer(sent[0].0, Opcode::Result, tag)).unwrap();
    }
    for ticket in tickets {
        assert!(matches!(bench.poll(ticket), Ok(Outcome::Response(_))));
    }
    bench.assert_at_rest();
}

#[test]
fn what_may_wait_is_bounded_in_number_and_in_bytes() {
    let settings = Settings {
        max_in_flight: 1,
        max_waiting: 2,
        max_waiting_bytes: 3 * request(0).len(),
        ..Settings::default()
    };
    let mut bench = Bench::new(settings);
    let mut tickets: Vec<_> = (0..2).map(|tag| bench.submit(tag)).collect();
    let deadline = bench.now + LONG;
    let large = bench.core.submit(&request_of(9, 64), deadline, Some(&a_read(LONG))).unwrap_err();
    let behind_one = |full| RefusedBecause::Full(Backlog::new(WaitsFor::StreamId(1), full));
    assert_eq!(large, behind_one(WaitingLimit::Bytes(3 * request(0).len())));
    tickets.push(bench.submit(2));
    let refused = bench.core.submit(&request(3), deadline, Some(&a_read(LONG))).unwrap_err();
    assert_eq!(refused, behind_one(WaitingLimit::Requests(2)));
    let text = "the connection is busy: 1 request is in flight, as many as may, and 2 requests wait, as many as may";
    assert_eq!(refused.to_string(), text);
    for ticket in tickets {
        let _abandoned = bench.abandon(ticket);
    }
    bench.assert_at_rest();
}

#[test]
fn a_full_outgoing_buffer_makes_requests_wait_and_a_write_lets_them_in() {
    let max_outgoing_bytes = 2 * request(0).len();
    let settings = Settings { max_outgoing_bytes, max_waiting: 3, ..Settings::default() };
    let mut bench = Bench::new(settings);
    let tickets: Vec<_> = (0..5).map(|tag| bench.submit(tag)).collect();
    assert_eq!(bench.core.usage().waiting, 3);
    let refused = bench.core.submit(&request(5), bench.now + LONG, None).unwrap_err();
    let backlog = Backlog::new(WaitsFor::OutgoingBuffer, WaitingLimit::Requests(3));
    assert_eq!(refused, RefusedBecause::Full(backlog));
    let sent: Vec<_> = bench.transmit().into_iter().map(|sent| sent.1.unwrap()).collect();
    assert_eq!(sent, [0, 1, 2, 3, 4]);
    for ticket in tickets {
        let _abandoned = bench.abandon(ticket);
    }
    bench.end(0);
}

#[test]
fn whoever_waits_does_so_in_the_buffer_of_one_that_has_waited() {
    let mut bench = Bench::new(Settings { max_in_flight: 1, ..Settings::default() });
    let submit = |bench: &mut Bench, tag, padding| {
        let request = request_of(tag, padding);
        let until = bench.now + LONG;
        let ticket = bench.core.submit(&request, until, Some(&a_read(LONG))).unwrap().ticket;
        let buffer = match bench.core.requests.phase(ticket.key()) {
            Phase::Waiting { envelope, .. } => {
                assert_eq!(envelope.as_bytes(), request.as_bytes());
                Some(envelope.as_bytes().as_ptr())
            }
            _ => None,
        };
        (ticket, buffer)
    };
    let (first, none) = submit(&mut bench, 1, 10);
    assert_eq!(none, None, "it does not wait");
    let (second, of_its_own) = submit(&mut bench, 2, 20);
    assert!(of_its_own.is_some());
    let stream = bench.transmit()[0].0;
    bench.deliver(answer(stream, Opcode::Result, 1)).unwrap();
    let (third, of_the_second) = submit(&mut bench, 3, 5);
    assert_eq!(of_the_second, of_its_own);
    bench.end(1);
    for ticket in [first, second, third] {
        let _ended = bench.outcome(ticket);
    }
    bench.assert_at_rest();
}

/// The call that did it has its response; whoever is behind it may have run in another keyspace.
#[test]
fn g15_6_a_keyspace_that_was_switched_ends_the_connection_behind_its_response() {
    for (flags, before) in [(EnvelopeFlags::NONE, vec![]), (EnvelopeFlags::TRACING, vec![7; 16])] {
        let mut bench = Bench::new(Settings::default());
        let (switch, behind) = (bench.submit(1), bench.submit(2));
        let sent = bench.transmit();
        let body: Vec<u8> = [before, vec![0, 0, 0, 3, 0, 1, b'k']].concat();
        let mut switched = answer(sent[0].0, Opcode::Result, 1);
        switched.header.flags = flags;
        switched.body = body.into();
        assert_eq!(bench.deliver(switched.clone()), Err(Violation::KeyspaceSwitched));
        assert_eq!(bench.outcome(switch), Outcome::Response(switched));
        bench.end(0);
        assert_eq!(bench.outcome(behind), Outcome::ConnectionEnded(Reached::Written));
        bench.assert_at_rest();
    }
}

/// A RESULT behind these prefixes, which its flags announce.
fn announced(stream: StreamId, flags: u8, body: Vec<u8>) -> Envelope {
    let mut envelope = answer(stream, Opcode::Result, 0);
    envelope.header.flags = EnvelopeFlags::from_bits(flags);
    envelope.header.length = u32::try_from(body.len()).unwrap();
    envelope.body = body.into();
    envelope
}

#[test]
fn g15_6_a_switch_is_seen_behind_whatever_stands_before_it() {
    const SWITCH: &[u8] = b"\0\0\0\x03\0\x01k";
    const NOT_UTF8: &[u8] = b"\0\0\0\x03\0\x01\xFF";
    let warned = b"\0\x01\0\x01w";
    let traced = [7; 16];
    // The second is a payload whose key is no UTF-8.
    let loaded = b"\0\x01\0\x01k\0\0\0\x01v";
    let odd = b"\0\x01\0\x01\xFF\0\0\0\x01v";
    let cases: [(u8, Vec<u8>); 8] = [
        (0, SWITCH.to_vec()),
        (0, NOT_UTF8.to_vec()),
        (8, [&warned[..], SWITCH].concat()),
        (2, [&traced[..], SWITCH].concat()),
        (14, [&traced[..], warned, loaded, SWITCH].concat()),
        (8, [&warned[..], NOT_UTF8].concat()),
        (2, [&traced[..], NOT_UTF8].concat()),
        (4, [&odd[..], SWITCH].concat()),
    ];
    for (flags, body) in cases {
        let mut bench = Bench::new(Settings::default());
        let ticket = bench.submit(1);
        let stream = bench.transmit()[0].0;
        let delivered = bench.deliver(announced(stream, flags, body.clone()));
        assert_eq!(delivered, Err(Violation::KeyspaceSwitched), "{flags} {body:?}");
        drop(bench.outcome(ticket));
        bench.end(0);
    }
}

#[test]
#[cfg(debug_assertions)]
#[should_panic(expected = "the ticket of request 0 was lost")]
fn a_ticket_that_is_lost_is_noticed() {
    let mut bench = Bench::new(Settings::default());
    drop(bench.submit(1));
}

#[test]
fn of_what_is_withdrawn_no_more_is_kept_than_of_what_is_queued() {
    let mut bench = Bench::new(Settings::default());
    let (deadline, measure) = (bench.now + LONG, Some(&a_read(LONG)));
    let mut submit =
        |padding| bench.core.submit(&request_of(0, padding), deadline, measure).unwrap().ticket;
    let (small, larger, kept) = (submit(10), submit(900), submit(500));
    let bytes = [10, 900, 500].map(|padding| request_of(0, padding).len());
    drop(bench.abandon(small));
    assert_eq!(bench.core.usage().outgoing_bytes, bytes[1] + bytes[2]);
    assert_eq!(bench.core.outgoing.bytes_held(), bytes.iter().sum::<usize>(), "a small gap stays");
    drop(bench.abandon(larger));
    assert_eq!(bench.core.usage().outgoing_bytes, bytes[2]);
    assert_eq!(bench.core.outgoing.bytes_held(), bytes[2]);
    drop(bench.abandon(kept));
    bench.assert_at_rest();
}

#[test]
fn whoever_waits_for_anything_is_woken_when_the_shell_says_so() {
    let mut bench = Bench::new(Settings { max_in_flight: 1, ..Settings::default() });
    let (first, second) = (bench.submit(1), bench.submit(2));
    let tickets = [first, second].map(|ticket| bench.poll(ticket).unwrap_err());
    let mut wakers = Vec::new();
    bench.core.take_wakers(&mut wakers);
    assert_eq!(wakers.len(), 2);
    bench.core.take_wakers(&mut wakers);
    assert_eq!(wakers.len(), 2, "once, until they ask again");
    for ticket in tickets {
        drop(bench.abandon(ticket));
    }
    bench.assert_at_rest();
}
