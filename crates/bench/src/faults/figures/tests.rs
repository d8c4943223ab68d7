use super::*;

const MARKS: Marks =
    Marks { measured: 10 * SECOND, begin: 15 * SECOND, end: 20 * SECOND, over: 30 * SECOND };

/// Ten reads a second from second 10 to 30; those of the first three seconds of the fault are slow,
/// and the first of them fails at once.
fn record() -> Record {
    let samples = (100..300).map(|number| {
        let due = number * SECOND / 10;
        let took = if (150..180).contains(&number) { 900_000 } else { 2_000 };
        let failed = (number == 150).then_some(0);
        let took = if failed.is_some() { 10 } else { took };
        Sample { class: Class::Read, id: 0, due, took, failed }
    });
    let samples = samples.collect();
    Record { samples, kinds: vec!["timeout".to_owned()], examples: Vec::new() }
}

#[test]
fn requests_count_where_they_were_due_and_failed_ones_as_their_timeout() {
    let figures = Figures::of(&record(), &MARKS, &[], 2_000);
    let [before, fault, after] = figures.idempotent;
    assert_eq!((before.requests, before.failed), (50, 0));
    assert!((before.max_ms - 2.0).abs() < 1e-9);
    assert_eq!((fault.requests, fault.failed), (50, 1));
    assert!((fault.max_ms - 2_000.0).abs() < 1e-9, "{fault:?}");
    assert!((fault.p50_ms - 900.0).abs() < 1e-9, "{fault:?}");
    assert_eq!((after.requests, after.failed), (100, 0));
    assert_eq!(figures.failed_by_kind, [("timeout".to_owned(), 1, 0)]);
    assert_eq!(figures.appends.map(|part| part.requests), [0, 0, 0]);
    assert!((figures.fault_s - 5.0).abs() < 1e-9);
}

#[test]
fn what_was_under_way_when_the_fault_began_is_part_of_it() {
    let mut record = record();
    let last = record.samples.iter_mut().rfind(|sample| sample.due < MARKS.begin);
    last.unwrap().took = SECOND;
    let figures = Figures::of(&record, &MARKS, &[], 2_000);
    assert_eq!(figures.idempotent.map(|part| part.requests), [49, 51, 100]);
}

#[test]
fn seconds_are_counted_from_the_fault_on_and_it_is_settled_once_they_are_well() {
    let figures = Figures::of(&record(), &MARKS, &[], 2_000);
    let at: Vec<i64> = figures.seconds.iter().map(|second| second.at).collect();
    assert_eq!(at, (-5..15).collect::<Vec<_>>());
    assert!(figures.seconds.iter().all(|second| second.idempotent.requests == 10));
    assert_eq!(figures.settled_s, Some(3));
}

#[test]
fn what_never_settles_is_not_settled() {
    let mut record = record();
    for sample in &mut record.samples {
        if sample.due >= MARKS.begin {
            sample.took = 5_000;
        }
    }
    assert_eq!(Figures::of(&record, &MARKS, &[], 2_000).settled_s, None);
}

/// Looks each second; so many requests in each second.
fn counts(a_second: impl Fn(u64) -> u64) -> Counts {
    let mut sum = 0;
    let look = |second: u64| {
        let look = (second * SECOND, sum);
        sum += a_second(second);
        look
    };
    (8..35).map(look).collect()
}

#[test]
fn a_share_is_back_once_every_server_has_half_of_it() {
    let steady = counts(|_| 100);
    let back_late = counts(|second| if (15..24).contains(&second) { 0 } else { 60 });
    let all = [steady.clone(), back_late];
    assert_eq!(Figures::of(&record(), &MARKS, &all, 2_000).shared_s, Some(3));
    let never = counts(|second| if second < 15 { 100 } else { 40 });
    assert_eq!(Figures::of(&record(), &MARKS, &[steady, never], 2_000).shared_s, None);
}

#[test]
fn percentiles_are_of_the_requests_that_there_were() {
    let thousand: Vec<u64> = (1..=1_000).map(|number| number * 1_000).collect();
    for (per_mille, found) in [(500, 500.0), (990, 990.0), (999, 999.0), (1_000, 1_000.0)] {
        assert!((percentile(&thousand, per_mille) - found).abs() < 1e-9);
    }
    assert!(percentile(&[], 990).abs() < 1e-9);
    assert!((percentile(&[7_000], 500) - 7.0).abs() < 1e-9);
}
