//! Plans by themselves: cut, split and kept, with every token in one of them.

use std::collections::VecDeque;

use cqlwire_cluster::TokenRange;
use cqlwire_codec::Token;
use cqlwire_stream::Position;
use proptest::prelude::*;

use super::plan::{Done, RangeLeft, ScanPlan};
use super::sizes::{Estimates, Weights, weights};
use super::text::ScanPlanError;

const SELECT: &str = "SELECT \"a,b\" FROM \"K:1\".t WHERE token(k) > ? AND token(k) <= ?";

fn range(start: i64, end: i64) -> TokenRange {
    TokenRange { start: Token(start), end: Token(end) }
}

fn plan(left: impl IntoIterator<Item = RangeLeft>) -> ScanPlan {
    let done = Done { ranges: 3, weight: 70 };
    let left: VecDeque<_> = left.into_iter().collect();
    ScanPlan { keyspace: "K:1 %\u{e9}".into(), statement: SELECT.into(), done, left }
}

fn any_plan() -> impl Strategy<Value = ScanPlan> {
    let left = (any::<i64>(), any::<i64>(), 1_u64.., any::<bool>());
    let left = left.prop_filter("no tokens", |(start, end, ..)| start != end);
    let left = left.prop_map(|(start, end, weight, begun)| RangeLeft {
        range: range(start.min(end), start.max(end)),
        weight,
        from: begun.then(Position::default),
    });
    prop::collection::vec(left, 0..20).prop_map(plan)
}

proptest! {
    #[test]
    fn a_plan_is_kept_as_text(plan in any_plan()) {
        let text = plan.to_string();
        prop_assert!(text.is_ascii() && !text.contains('\n'));
        prop_assert_eq!(text.parse::<ScanPlan>().unwrap(), plan);
    }

    #[test]
    fn no_text_is_read_as_another_plan(plan in any_plan(), at: prop::sample::Index, to in 0_u8..128) {
        let mut bytes = plan.to_string().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = to;
        let text = String::from_utf8(bytes).unwrap();
        // White space around it may go, and a digit of the checksum has two cases.
        prop_assert!(text.parse::<ScanPlan>().map_or(true, |read| read == plan));
    }

    #[test]
    fn what_is_split_is_each_range_once(plan in any_plan(), units in 0_usize..30) {
        let parts = plan.clone().split(units);
        prop_assert!(parts.len() <= units.max(1));
        prop_assert!(parts.iter().all(|part| !part.is_done()));
        let key = |left: &RangeLeft| (left.range.start, left.range.end, left.weight);
        let mut all: Vec<_> = parts.iter().flat_map(|part| &part.left).map(key).collect();
        let mut known: Vec<_> = plan.left.iter().map(key).collect();
        all.sort_unstable();
        known.sort_unstable();
        prop_assert_eq!(all, known);
    }
}

#[test]
fn parts_are_of_about_the_same_weight() {
    let left = (0_u32..100).map(|at| RangeLeft {
        range: range(at.into(), i64::from(at) + 1),
        weight: u64::from(at) + 1,
        from: None,
    });
    let parts = plan(left).split(7);
    let weights: Vec<u64> = parts.iter().map(ScanPlan::weight_left).collect();
    let (least, most) = (weights.iter().min().unwrap(), weights.iter().max().unwrap());
    assert!(most - least <= 5, "{weights:?}");
}

#[test]
fn what_is_no_plan_is_said_so() {
    let good = plan([]).to_string();
    assert_eq!("".parse::<ScanPlan>(), Err(ScanPlanError::NoPlan));
    assert_eq!("cqlwire-scan-1".parse::<ScanPlan>(), Err(ScanPlanError::NoPlan));
    let newer = good.replace("scan-1", "scan-2").parse::<ScanPlan>();
    assert_eq!(newer, Err(ScanPlanError::Newer { format: "2".to_owned() }));
    assert_eq!(good[..good.len() - 1].parse::<ScanPlan>(), Err(ScanPlanError::Damaged));
    let other = ScanPlan { statement: "DELETE FROM k.t WHERE a = ?".into(), ..plan([]) };
    assert_eq!(other.to_string().parse::<ScanPlan>(), Err(ScanPlanError::NoSelect));
}

/// Where hosts have said nothing, the rest is as dense as what is known.
#[test]
fn weights_are_what_is_known_and_as_dense_where_nothing_is() {
    let ranges =
        [range(i64::MIN, -1_000), range(-1_000, 0), range(0, 3_000), range(3_000, i64::MAX)];
    let known = |start: i64, end: i64, bytes| ((Token(start), Token(end)), bytes);
    let estimates = Estimates::from([known(-1_000, 0, 500), known(3_000, i64::MIN, 9)]);
    let Weights { each: weights, are_bytes } = weights(&ranges, &estimates);
    assert!(are_bytes);
    assert_eq!((weights[1], weights[3]), (500, 9), "the last range ends where the ring begins");
    assert_eq!(weights[2], 1, "509 bytes in half of all tokens are less than one in 3,000");
    // Estimates of ranges that the ring has not any more are as good as none.
    for estimates in [Estimates::new(), Estimates::from([known(5, 6, 1 << 40)])] {
        let Weights { each: none, are_bytes } = super::sizes::weights(&ranges, &estimates);
        assert!(!are_bytes);
        assert!(none[0] > 1_000_000 && none[1] == 1 && none[3] > 1_000_000, "{none:?}");
    }
}
