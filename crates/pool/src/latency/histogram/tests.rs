//! Against a sorted list of the same times.

use super::*;

/// Times of all lengths, from a microsecond to minutes.
fn times(count: usize) -> Vec<u32> {
    (0..count).map(|_| fastrand::u32(1..=u32::MAX) >> fastrand::u32(5..32)).collect()
}

fn of(precision: Precision, times: &[u32]) -> LatencyHistogram {
    let mut histogram = LatencyHistogram::new(precision);
    times.iter().for_each(|micros| histogram.add_micros(u64::from(*micros), 1));
    histogram
}

/// That of which so many parts of all are not over it.
fn of_sorted(sorted: &[u32], part: f64) -> u64 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small count")]
    #[expect(clippy::cast_precision_loss, reason = "a small count")]
    let rank = (part * sorted.len() as f64).ceil() as usize;
    u64::from(sorted[rank.clamp(1, sorted.len()) - 1])
}

#[test]
fn quantiles_are_those_of_a_sorted_list_as_precisely_as_is_said() {
    for (precision, parts) in [(Precision::Coarse, 8), (Precision::Fine, 128)] {
        for seed in 0..100 {
            fastrand::seed(seed);
            let mut times = times(fastrand::usize(1..2_000));
            let histogram = of(precision, &times);
            times.sort_unstable();
            assert_eq!(histogram.count(), times.len() as u64);
            for part in [0.0, 0.01, 0.5, 0.9, 0.99, 0.999, 1.0] {
                let (exact, found) = (of_sorted(&times, part), histogram.quantile(part).unwrap());
                let found = u64::try_from(found.as_micros()).unwrap();
                let most = exact + exact / parts;
                assert!((exact..=most).contains(&found), "seed {seed}, {part}: {exact}, {found}");
            }
        }
    }
}

/// The place of a time is worked out here once more, without what the crate checks each time.
#[test]
fn times_are_where_the_crate_looks_for_them() {
    let kind = cqlwire_net::RequestKind::Read;
    let times: Vec<u32> =
        times(100_000).into_iter().chain(0..1_000).chain((0..32).map(|bit| 1 << bit)).collect();
    let sample = |micros: &u32| Sample { kind, is_whole: true, micros: *micros };
    let samples: Vec<_> = times.iter().map(sample).collect();
    let mut coarse = LatencyHistogram::new(Precision::Coarse);
    let mut fine = LatencyHistogram::new(Precision::Fine);
    LatencyHistogram::record_all(&mut coarse, &mut fine, &samples);
    assert_eq!(coarse.counts, of(Precision::Coarse, &times).counts);
    assert_eq!(fine.counts, of(Precision::Fine, &times).counts);
}

#[test]
fn what_is_added_up_is_what_was_recorded_together() {
    let (some, others) = (times(1_000), times(500));
    for precision in [Precision::Coarse, Precision::Fine] {
        let mut sum = of(precision, &some);
        sum.merge(&of(precision, &others));
        let together = of(precision, &[some.clone(), others.clone()].concat());
        assert_eq!(sum.counts, together.counts);
        assert_eq!(together.since(&of(precision, &some)).counts, of(precision, &others).counts);
    }
    let mut fine = of(Precision::Fine, &some);
    fine.merge(&of(Precision::Coarse, &others));
    assert_eq!(fine.count(), 1_500);
}

/// Of another precision, they are not taken for shorter than they may have been.
#[test]
fn what_is_added_from_a_coarser_one_is_no_shorter() {
    let mut fine = LatencyHistogram::new(Precision::Fine);
    fine.merge(&of(Precision::Coarse, &[1_000; 10]));
    let shortest = fine.quantile(0.0).unwrap().as_micros();
    assert!((1_000..=1_125).contains(&shortest), "{shortest}");
}

#[test]
fn nothing_has_come_since_a_later_look() {
    let earlier = of(Precision::Fine, &[100, 200]);
    let later = of(Precision::Fine, &[100, 100, 200, 300]);
    assert_eq!(earlier.since(&later).count(), 0);
    assert_eq!(later.since(&earlier).count(), 2);
}

/// From nothing to hours, and parts that are none.
#[test]
fn times_and_parts_at_the_edges_are_counted_and_refused() {
    let mut histogram = LatencyHistogram::default();
    let times = [Duration::ZERO, Duration::from_nanos(999), Duration::from_secs(36_000)];
    times.into_iter().chain([Duration::MAX]).for_each(|time| histogram.record(time));
    assert_eq!(histogram.count(), 4);
    assert_eq!(histogram.quantile(0.0), Some(Duration::ZERO));
    assert_eq!(histogram.quantile(0.5), Some(Duration::ZERO));
    assert_eq!(histogram.max(), Some(Duration::from_micros((1 << LONGEST) - 1)));
    for part in [-0.1, 1.1, f64::NAN, f64::INFINITY] {
        assert_eq!(histogram.quantile(part), None, "{part}");
    }
    let buckets: Vec<_> = histogram.buckets().collect();
    assert_eq!(buckets[0], (Duration::ZERO, 2));
    // More of the longest times than a century of them has, all together.
    histogram.add_micros(u64::MAX, 1 << 40);
    assert!(histogram.sum() > Duration::from_secs(1 << 40));
}

#[test]
fn a_time_that_is_too_long_counts_as_the_longest() {
    let histogram = of(Precision::Fine, &[u32::MAX, 1 << 27, 1]);
    assert_eq!(histogram.count(), 3);
    assert_eq!(histogram.max(), Some(Duration::from_micros((1 << 27) - 1)));
    assert_eq!(LatencyHistogram::new(Precision::Fine).max(), None);
    assert_eq!(histogram.quantile(1.5), None);
}

#[test]
fn the_sum_is_as_precise_as_the_times() {
    let times = times(10_000);
    let exact: u64 = times.iter().map(|micros| u64::from(*micros)).sum();
    let found = u64::try_from(of(Precision::Fine, &times).sum().as_micros()).unwrap();
    assert!(found.abs_diff(exact) < exact / 128, "{exact}, {found}");
    // As many are longer than the middle of their bucket as are shorter.
    let found = u64::try_from(of(Precision::Coarse, &times).sum().as_micros()).unwrap();
    assert!(found.abs_diff(exact) < exact / 50, "{exact}, {found}");
}

#[test]
fn it_reads_as_a_line() {
    let line = of(Precision::Fine, &[100, 100, 200]).to_string();
    assert_eq!(line, "count 3, p50 100.0µs, p99 200.0µs, p99.9 200.0µs, max 200.0µs");
    assert_eq!(LatencyHistogram::new(Precision::Coarse).to_string(), "count 0");
}

#[test]
fn sizes_are_as_documented() {
    let size = |precision| LatencyHistogram::new(precision).counts.as_slice().len() * 8;
    assert_eq!(size(Precision::Coarse), 1_600);
    assert!(size(Precision::Fine) < 22 << 10);
}
