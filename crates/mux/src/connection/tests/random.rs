//! Long random walks through the model: many requests, few stream ids, small limits, a heartbeat.

use proptest::prelude::*;

use super::model::{Model, Step};
use super::*;

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        20 => (1u64..4_000, 0usize..40).prop_map(|(within_ms, padding)| Step::Submit { within_ms, padding }),
        12 => Just(Step::Take),
        12 => (1usize..6).prop_map(Step::Write),
        18 => any::<usize>().prop_map(Step::Answer),
        2 => any::<usize>().prop_map(Step::AnswerOversized),
        15 => any::<usize>().prop_map(Step::Poll),
        10 => any::<usize>().prop_map(Step::Abandon),
        10 => (0u64..900).prop_map(|ms| Step::Pass { ms }),
        1 => any::<usize>().prop_map(Step::Rogue),
        1 => Just(Step::Close),
        1 => Just(Step::End),
    ]
}

fn settings() -> Settings {
    Settings {
        max_in_flight: 5,
        max_waiting: 6,
        max_outgoing_bytes: 100,
        max_batch_bytes: 60,
        max_orphaned: 2,
        max_orphan_age: Duration::from_secs(2),
        heartbeat_after: Duration::from_secs(3),
        heartbeat_timeout: Duration::from_secs(2),
        quiet_after: Duration::from_millis(400),
        ..Settings::default()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: rounds(96, 20_000), ..ProptestConfig::default() })]

    #[test]
    fn g1_2_every_request_has_exactly_one_outcome(steps in prop::collection::vec(step(), 1..160)) {
        let mut model = Model::new(settings());
        for step in &steps {
            model.apply(step);
        }
        model.finish();
    }
}
