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
        Sample { class: Class::Read, id: 0, due, took, failed, host: None }
    });
    let samples = samples.collect();
    Record { samples, kinds: vec!["timeout".to_owned()], ..Record::default() }
}

#[test]
fn requests_count_where_they_were_due_and_failed_ones_as_their_timeout() {
    let figures = Figures::of(&record(), &MARKS, &Observed::default(), 2_000);
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
    let figures = Figures::of(&record, &MARKS, &Observed::default(), 2_000);
    assert_eq!(figures.idempotent.map(|part| part.requests), [49, 51, 100]);
}

#[test]
fn seconds_are_counted_from_the_fault_on_and_it_is_settled_once_they_are_well() {
    let figures = Figures::of(&record(), &MARKS, &Observed::default(), 2_000);
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
    assert_eq!(Figures::of(&record, &MARKS, &Observed::default(), 2_000).settled_s, None);
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

fn figures(servers: Vec<(Stay, Counts)>, dials: Option<Vec<u64>>) -> Figures {
    Figures::of(&record(), &MARKS, &Observed { servers, dials, ill: None }, 2_000)
}

#[test]
fn a_share_is_back_once_every_server_has_half_of_it() {
    let steady = (Stay::All, counts(|_| 100));
    let back_late = counts(|second| if (15..24).contains(&second) { 0 } else { 60 });
    let all = vec![steady.clone(), (Stay::All, back_late)];
    assert_eq!(figures(all, None).shared_s, Some(3));
    let never = counts(|second| if second < 15 { 100 } else { 40 });
    assert_eq!(figures(vec![steady, (Stay::All, never)], None).shared_s, None);
}

#[test]
fn whoever_comes_is_asked_and_has_its_share_and_whoever_goes_needs_none() {
    let stays = counts(|second| if second < 22 { 100 } else { 60 });
    // A connection is made in second 21; requests come from 22 on.
    let comes: Counts = counts(|second| match second {
        ..21 => 0,
        21 => 10,
        _ => 60,
    });
    let comes: Counts = comes.into_iter().filter(|(at, _)| *at > 20 * SECOND).collect();
    let found = figures(vec![(Stay::All, stays.clone()), (Stay::Comes, comes)], None);
    assert_eq!(found.shared_s, Some(1), "half of an even share, of each three seconds");
    assert_eq!(found.first_asked_s, Some(3.0));
    assert_eq!(found.dialled, None);
    let goes = counts(|second| if second < 20 { 100 } else { 0 });
    let left = vec![(Stay::All, stays), (Stay::Goes, goes)];
    let dials = Some(vec![20 * SECOND, 20 * SECOND + SECOND / 2]);
    let found = figures(left.clone(), dials);
    assert_eq!((found.shared_s, found.first_asked_s), (None, None), "60 of 200");
    assert_eq!(found.dialled, Some(Dialled { times: 2, last_s: 0.5 }));
    assert_eq!(figures(left, Some(Vec::new())).dialled, Some(Dialled { times: 0, last_s: 0.0 }));
}

#[test]
fn requests_are_told_apart_by_who_answered() {
    let mut record = record();
    let at = |last: u8| SocketAddr::from(([127, 0, 0, last], 9042));
    record.hosts = vec![at(1), at(3)];
    for (number, sample) in record.samples.iter_mut().enumerate() {
        // Of four, two by the first, one by the third, and one by nobody.
        sample.host = [Some(0), Some(1), Some(0), None][number % 4];
    }
    let observed = Observed { ill: Some(at(3)), ..Observed::default() };
    let figures = Figures::of(&record, &MARKS, &observed, 2_000);
    assert_eq!(figures.by_ill.map(|part| part.requests), [13, 12, 25]);
    assert_eq!(figures.by_others.map(|part| part.requests), [25, 25, 50]);
    let unknown = Observed { ill: Some(at(4)), ..Observed::default() };
    let figures = Figures::of(&record, &MARKS, &unknown, 2_000);
    assert_eq!(figures.by_ill.map(|part| part.requests), [0, 0, 0]);
}

#[test]
fn statements_that_were_told_again_count_from_the_fault_on() {
    assert_eq!(Figures::of(&record(), &MARKS, &Observed::default(), 2_000).taught, None);
    let looks = [(11, 400), (14, 402), (16, 450), (29, 603)];
    let taught = looks.map(|(second, count)| (second * SECOND, count)).to_vec();
    let record = Record { taught, ..record() };
    assert_eq!(Figures::of(&record, &MARKS, &Observed::default(), 2_000).taught, Some(201));
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
