//! Time UUIDs (version 1): drawn by many threads, no two the same, and the ends of a range of times.

use std::time::{SystemTime, UNIX_EPOCH};

use cqlwire_codec::CqlTimestamp;
use uuid::{Builder, Uuid};

use crate::timestamps::Increasing;

/// A millisecond in the unit of time UUIDs, 100 ns.
const MILLISECOND: i64 = 10_000;

/// From 1582-10-15, from which on they count, to 1970, in that unit.
const TO_1970: i64 = 0x01B2_1DD2_1381_4000;

/// The last time that one can say, in the year 5236.
const LAST: i64 = (1 << 60) - 1;

/// Draws time UUIDs (`timeuuid`, version 1): by the clock of this machine, to 100 ns, no two the same,
/// and each greater than those before, by whichever thread. One is to be shared by all of a program.
///
/// ```no_run
/// # async fn example(session: cqlwire::Session) -> cqlwire::Result<()> {
/// use cqlwire::value::TimeUuids;
///
/// let ids = TimeUuids::new();
/// let insert = session.prepare("INSERT INTO shop.events (day, id) VALUES (?, ?)").await?;
/// session.execute(&insert, ("2026-03-01", ids.draw())).idempotent(true).await?;
/// # Ok(()) }
/// ```
///
/// Drawn by the client, unlike by `now()` of CQL, an id is the same whenever the write is sent again.
/// Where a clock was set back, they go on from the last one until it has caught up. Each generator
/// tells itself from all others by 61 random bits, the node and the clock sequence, of which the node
/// says that it is random. When one was drawn, it says itself
/// ([`Uuid::get_timestamp`](uuid::Uuid::get_timestamp)).
#[derive(Debug)]
#[doc(alias = "timeuuid")]
#[doc(alias = "now")]
pub struct TimeUuids {
    drawn: Increasing,
    clock_sequence: u16,
    node: [u8; 6],
}

impl Default for TimeUuids {
    fn default() -> Self {
        Self::new()
    }
}

impl TimeUuids {
    /// A generator that is different from all others.
    pub fn new() -> Self {
        let [sequence, sequence_too, mut first, rest @ ..] = fastrand::u64(..).to_be_bytes();
        // The bit of a group address, which no machine has (RFC 9562 §6.10).
        first |= 1;
        let [a, b, c, d, e] = rest;
        let clock_sequence = u16::from_be_bytes([sequence, sequence_too]);
        Self { drawn: Increasing::new(), clock_sequence, node: [first, a, b, c, d, e] }
    }

    /// The next one. Takes no lock and allocates nothing.
    #[must_use = "another one is drawn each time"]
    pub fn draw(&self) -> Uuid {
        self.draw_at(SystemTime::now())
    }

    fn draw_at(&self, now: SystemTime) -> Uuid {
        let since = match now.duration_since(UNIX_EPOCH) {
            Ok(since) => i64::try_from(since.as_nanos() / 100).unwrap_or(i64::MAX),
            Err(before) => -i64::try_from(before.duration().as_nanos() / 100).unwrap_or(i64::MAX),
        };
        let ticks = self.drawn.next(within(since.saturating_add(TO_1970)));
        Builder::from_gregorian_timestamp(unsigned(ticks), self.clock_sequence, &self.node)
            .into_uuid()
    }
}

/// The lowest time UUID of this millisecond, as `minTimeuuid()` of CQL makes it: `id >= ?` finds what
/// was made at this time or later. It is none to be written: others make the same.
///
/// ```no_run
/// # async fn example(session: cqlwire::Session) -> cqlwire::Result<()> {
/// use cqlwire::value::{CqlTimestamp, max_time_uuid, min_time_uuid};
///
/// let of_a_day = "SELECT id FROM shop.events WHERE day = ? AND id >= ? AND id <= ?";
/// let (from, to) = (CqlTimestamp(1_772_355_600_000), CqlTimestamp(1_772_359_199_999));
/// let of_an_hour = ("2026-03-01", min_time_uuid(from), max_time_uuid(to));
/// let found = session.query(of_a_day, of_an_hour).await?;
/// # drop(found);
/// # Ok(()) }
/// ```
///
/// Times before 1582-10-15 and after the year 5236, which none can say, are taken for the first and
/// the last that one can.
#[doc(alias = "minTimeuuid")]
pub fn min_time_uuid(at: CqlTimestamp) -> Uuid {
    // Servers compare these eight bytes signed.
    with_rest(ticks_of(at, 0), 0x80)
}

/// The highest time UUID of this millisecond, as `maxTimeuuid()` of CQL makes it: `id <= ?` finds what
/// was made at this time or before. See [`min_time_uuid`].
#[doc(alias = "maxTimeuuid")]
pub fn max_time_uuid(at: CqlTimestamp) -> Uuid {
    with_rest(ticks_of(at, MILLISECOND - 1), 0x7F)
}

fn ticks_of(at: CqlTimestamp, more: i64) -> i64 {
    within(at.0.saturating_mul(MILLISECOND).saturating_add(TO_1970).saturating_add(more))
}

/// The nearest that a time UUID can say.
fn within(ticks: i64) -> i64 {
    ticks.clamp(0, LAST)
}

fn unsigned(ticks: i64) -> u64 {
    u64::try_from(ticks).unwrap_or(0)
}

/// Of this time, and with this byte for each of the clock sequence and of the node.
fn with_rest(ticks: i64, rest: u8) -> Uuid {
    let mut bytes =
        Builder::from_gregorian_timestamp(unsigned(ticks), 0, &[0; 6]).into_uuid().into_bytes();
    for byte in bytes.iter_mut().skip(8) {
        *byte = rest;
    }
    Uuid::from_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::time::Duration;

    use uuid::{Variant, Version};

    use super::*;

    fn parts(id: Uuid) -> (u64, u16) {
        id.get_timestamp().unwrap().to_gregorian()
    }

    #[test]
    fn each_is_of_version_1_and_says_when_it_was_drawn() {
        let ids = TimeUuids::new();
        let before = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let id = ids.draw();
        let after = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        assert_eq!((id.get_version(), id.get_variant()), (Some(Version::Mac), Variant::RFC4122));
        let (seconds, nanos) = id.get_timestamp().unwrap().to_unix();
        let at = Duration::new(seconds, nanos);
        let tick = Duration::from_nanos(100);
        assert!(before - tick <= at && at <= after, "{before:?}, {at:?}, {after:?}");
        assert_eq!(id.as_bytes()[10] & 1, 1, "no machine has this node");
        assert_eq!(id.get_node_id(), Some(ids.node));
    }

    #[test]
    fn they_increase_whatever_the_clock_does() {
        let ids = TimeUuids::new();
        let at = |nanos| ids.draw_at(UNIX_EPOCH + Duration::from_nanos(nanos));
        let drawn = [at(500), at(500), at(599), at(1_000), at(0), at(1_300)].map(parts);
        let ticks = drawn.map(|(ticks, _)| ticks - 0x01B2_1DD2_1381_4000);
        assert_eq!(ticks, [5, 6, 7, 10, 11, 13]);
        assert!(drawn.iter().all(|(_, sequence)| *sequence == drawn[0].1));
    }

    #[test]
    fn those_of_many_threads_and_many_generators_are_no_two_the_same() {
        const EACH: usize = 20_000;
        let generators = [TimeUuids::new(), TimeUuids::new()];
        let draw = |ids: &TimeUuids| (0..EACH).map(|_| ids.draw()).collect::<Vec<_>>();
        let all: BTreeSet<Uuid> = std::thread::scope(|scope| {
            let by = |number: usize| {
                let ids = &generators[number % 2];
                scope.spawn(move || draw(ids))
            };
            let threads: Vec<_> = (0..4).map(by).collect();
            threads
                .into_iter()
                .flat_map(|thread| {
                    let drawn = thread.join().unwrap();
                    assert!(
                        drawn.iter().map(|id| parts(*id).0).is_sorted_by(|one, next| one < next)
                    );
                    drawn
                })
                .collect()
        });
        assert_eq!(all.len(), 4 * EACH);
    }

    /// As Cassandra 5.0.9 says of `minTimeuuid('2026-03-01 09:00+0000')` and its counterpart.
    #[test]
    fn the_ends_of_a_time_are_those_of_the_servers() {
        let at = CqlTimestamp(1_772_355_600_000);
        let (min, max) = (min_time_uuid(at), max_time_uuid(at));
        assert_eq!(min.to_string(), "070aa800-154d-11f1-8080-808080808080");
        assert_eq!(max.to_string(), "070acf0f-154d-11f1-7f7f-7f7f7f7f7f7f");
        let [early, late] = [CqlTimestamp(i64::MIN), CqlTimestamp(i64::MAX)];
        assert_eq!(parts(min_time_uuid(early)).0, 0);
        assert_eq!(min_time_uuid(early).get_version_num(), 1);
        let last = max_time_uuid(late);
        assert_eq!(last.to_string(), "ffffffff-ffff-1fff-7f7f-7f7f7f7f7f7f");
    }
}
