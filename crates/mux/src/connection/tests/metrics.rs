//! What is counted, and how long requests are said to have taken.

use super::*;
use crate::metrics::Sample;
use crate::requests::Reached;

const MS: Duration = Duration::from_millis(1);

fn samples(bench: &mut Bench) -> Vec<(bool, u32)> {
    let mut samples = Vec::new();
    bench.core.take_samples(&mut samples);
    samples.iter().map(|Sample { is_whole, micros, .. }| (*is_whole, *micros)).collect()
}

#[test]
fn a_request_takes_from_its_beginning_to_the_delivery_of_its_response() {
    let mut bench = Bench::new(Settings::default());
    // Begun while there was no connection yet.
    let measure = Measure { kind: RequestKind::Write, ..a_read(LONG + 3 * MS) };
    let early = bench.core.submit(&request(1), bench.now + LONG, Some(&measure)).unwrap().ticket;
    let (late, refused) = (bench.submit(2), bench.submit(3));
    let sent = bench.transmit();
    bench.now += 7 * MS;
    bench.deliver(answer(sent[0].0, Opcode::Result, 1)).unwrap();
    bench.deliver(answer(sent[2].0, Opcode::Error, 3)).unwrap();
    bench.now += 5 * MS;
    bench.deliver(answer(sent[1].0, Opcode::Result, 2)).unwrap();
    assert_eq!(samples(&mut bench), [(true, 10_000), (false, 7_000), (true, 12_000)]);
    assert_eq!(bench.core.samples(), 0);
    [early, late, refused].into_iter().for_each(|ticket| drop(bench.outcome(ticket)));
    let totals = bench.core.totals();
    assert_eq!((totals.requests, totals.responses, totals.errors), (3, 3, 1));
    assert_eq!((totals.envelopes_out, totals.envelopes_in), (3, 3));
}

/// Else slow hosts would look fast, since what they do not answer in time would not count.
#[test]
fn what_is_given_up_after_it_was_written_took_so_long_at_least() {
    let mut bench = Bench::new(Settings::default());
    let (overdue, abandoned) = (bench.submit_within(1, 8 * MS), bench.submit(2));
    let sent = bench.transmit();
    let withdrawn = bench.submit(3);
    bench.now += 5 * MS;
    assert_eq!(bench.abandon(abandoned).reached, Some(Reached::Written));
    assert_eq!(bench.abandon(withdrawn).reached, Some(Reached::Queued));
    bench.pass(15 * MS).unwrap();
    assert_eq!(bench.outcome(overdue), Outcome::DeadlinePassed(Reached::Written));
    assert_eq!(samples(&mut bench), [(false, 5_000), (false, 20_000)]);
    for (stream, tag) in sent {
        bench.deliver(answer(stream, Opcode::Result, tag.unwrap())).unwrap();
    }
    let totals = bench.core.totals();
    let gone = (totals.timed_out, totals.abandoned, totals.withdrawn, totals.late_responses);
    assert_eq!(gone, (1, 1, 1, 2));
    assert!(samples(&mut bench).is_empty(), "nobody waited for them");
}

#[test]
fn who_waits_for_a_stream_id_is_counted_with_how_long() {
    let settings = Settings { max_in_flight: 1, max_waiting: 1, ..Settings::default() };
    let mut bench = Bench::new(settings);
    let (first, second) = (bench.submit(1), bench.submit(2));
    let third = bench.core.submit(&request(3), bench.now + LONG, Some(&a_read(LONG)));
    assert!(third.is_err());
    let sent = bench.transmit();
    bench.now += 4 * MS;
    bench.deliver(answer(sent[0].0, Opcode::Result, 1)).unwrap();
    let totals = bench.core.totals();
    assert_eq!((totals.waited, totals.waited_micros, totals.refused), (1, 4_000, 1));
    drop((bench.outcome(first), bench.abandon(second)));
}

#[test]
fn a_shell_that_takes_no_samples_goes_without_and_nothing_grows() {
    let mut bench = Bench::new(Settings::default());
    for tag in 0..70_000 {
        let ticket = bench.submit(tag);
        let sent = bench.transmit();
        bench.deliver(answer(sent[0].0, Opcode::Result, tag)).unwrap();
        drop(bench.outcome(ticket));
    }
    assert_eq!((bench.core.totals().responses, bench.core.samples()), (70_000, 65_536));
}

#[test]
fn samples_that_come_back_are_taken_with_the_next_ones_in_their_order() {
    let mut bench = Bench::new(Settings::default());
    let mut taken = Vec::new();
    for (tag, wait) in [(1, 3 * MS), (2, 5 * MS)] {
        bench.core.return_samples(&mut taken);
        let ticket = bench.submit(tag);
        let sent = bench.transmit();
        bench.now += wait;
        bench.deliver(answer(sent[0].0, Opcode::Result, tag)).unwrap();
        drop(bench.outcome(ticket));
        bench.core.take_samples(&mut taken);
    }
    bench.core.return_samples(&mut taken);
    assert!(taken.is_empty());
    assert_eq!(samples(&mut bench), [(true, 3_000), (true, 5_000)]);
    taken = vec![Sample { kind: RequestKind::Read, is_whole: true, micros: 1 }; 70_000];
    bench.core.return_samples(&mut taken);
    assert_eq!(bench.core.samples(), 65_536);
}

#[test]
fn one_that_is_not_measured_counts_as_one_that_waited_but_not_with_its_time() {
    let mut bench = Bench::new(Settings { max_in_flight: 1, ..Settings::default() });
    let first = bench.submit(1);
    let second = bench.core.submit(&request(2), bench.now + LONG, None).unwrap().ticket;
    let sent = bench.transmit();
    bench.now += 4 * MS;
    bench.deliver(answer(sent[0].0, Opcode::Result, 1)).unwrap();
    let totals = bench.core.totals();
    assert_eq!((totals.waited, totals.waited_micros), (1, 0));
    drop((bench.outcome(first), bench.abandon(second)));
}

#[test]
fn what_was_never_taken_to_be_written_is_not_counted_as_that_when_the_connection_ends() {
    let mut bench = Bench::new(Settings::default());
    let written = bench.submit(1);
    assert_eq!(bench.transmit().len(), 1);
    let queued = bench.submit(2);
    bench.core.handle_bytes(0, 13);
    bench.core.handle_bytes(20, 30);
    bench.end(0);
    let totals = bench.core.totals();
    assert_eq!((totals.envelopes_out, totals.lost, totals.unsent), (1, 1, 1));
    assert_eq!((totals.bytes_in, totals.bytes_out), (20, 43));
    drop((bench.outcome(written), bench.outcome(queued)));
}

#[test]
fn each_kind_has_its_place_among_all_and_a_name() {
    for (place, kind) in RequestKind::ALL.into_iter().enumerate() {
        assert_eq!(kind.index(), place);
        assert_eq!(kind.name(), format!("{kind:?}").to_lowercase());
    }
}
