use super::*;

const SETTINGS: AdaptiveLimit = AdaptiveLimit { min: 4, max: 100, backoff: 0.5 };

/// A host with so many requests, and its limit.
struct Host {
    limit: HostLimit,
    now: Instant,
}

impl Host {
    fn new() -> Self {
        Self { limit: HostLimit::new(&SETTINGS), now: Instant::now() }
    }

    fn observe(&mut self, sign: Sign, others: usize) -> Option<usize> {
        self.limit.observe(&SETTINGS, sign, others, self.now)
    }

    /// Outcomes of a round trip of as many as may be in flight.
    fn round(&mut self, sign: Sign) {
        let used = self.limit.limit();
        for _ in 0..used {
            self.observe(sign, used - 1);
        }
    }
}

#[test]
fn it_backs_off_once_for_all_that_were_on_their_way() {
    let mut host = Host::new();
    assert_eq!(host.observe(Sign::Overloaded, 59), Some(30), "half of what is in flight");
    for _ in 0..59 {
        assert_eq!(host.observe(Sign::Overloaded, 30), None);
    }
    assert_eq!(host.observe(Sign::Overloaded, 29), Some(15), "the next round");
    host.now += LONGEST_ROUND;
    assert_eq!(host.observe(Sign::Overloaded, 14), Some(7), "a round has an end");
    host.now += LONGEST_ROUND;
    assert_eq!(host.observe(Sign::Overloaded, 6), Some(4), "not below the least");
    host.now += LONGEST_ROUND;
    assert_eq!(host.observe(Sign::Overloaded, 0), None);
    assert_eq!(host.limit.limit(), 4);
}

#[test]
fn it_rises_by_one_a_round_trip_while_it_is_used() {
    let mut host = Host::new();
    host.observe(Sign::Overloaded, 9);
    host.now += LONGEST_ROUND;
    assert_eq!(host.limit.limit(), 5);
    for _ in 0..1_000 {
        assert_eq!(host.observe(Sign::Well, 0), None, "nobody uses it");
    }
    let rounds = (5..).take_while(|_| {
        host.round(Sign::Well);
        host.limit.limit() < 50
    });
    let rounds = rounds.count();
    assert!((45..60).contains(&rounds), "{rounds} rounds");
    for _ in 0..100 {
        host.round(Sign::Well);
    }
    assert_eq!(host.limit.limit(), 100, "not above the most");
}
