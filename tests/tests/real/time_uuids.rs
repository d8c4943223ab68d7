//! Time UUIDs as a real server takes them: in its order, and between the ends that it makes itself.

use cqlwire::value::{CqlTimestamp, TimeUuids, max_time_uuid, min_time_uuid};
use cqlwire_testkit::cassandra;
use uuid::Uuid;

use super::{builder, close, create};

#[tokio::test]
async fn time_uuids_are_in_the_order_in_which_they_were_drawn_and_between_the_servers_ends() {
    let session = builder(cassandra::shared().await).connect().await.unwrap();
    create(&session, "ids", "t (k int, id timeuuid, n int, PRIMARY KEY (k, id))").await;
    // With casts: 4.1 has each of them twice, and cannot choose for a marker alone.
    let ends = "SELECT minTimeuuid((timestamp)?), maxTimeuuid((timestamp)?) FROM system.local";
    for millis in [0, 1, 1_772_355_600_000, 4_102_444_799_999, -12_219_292_800_000, -86_400_001] {
        let at = CqlTimestamp(millis);
        let said = session.query(ends, (at, at)).await.unwrap();
        let expected = said.one_row::<(Uuid, Uuid)>().unwrap();
        assert_eq!((min_time_uuid(at), max_time_uuid(at)), expected, "{millis}");
    }
    let ids = TimeUuids::new();
    let insert = session.prepare("INSERT INTO ids.t (k, id, n) VALUES (1, ?, ?)").await.unwrap();
    let drawn: Vec<Uuid> = (0..500).map(|_| ids.draw()).collect();
    let rows = drawn.iter().zip(0_i32..500).rev();
    session.insert_all(&insert, rows.map(|(id, n)| (*id, n))).idempotent(true).await.unwrap();
    let all = session.query("SELECT id, n FROM ids.t WHERE k = 1", ());
    let found = all.rows::<(Uuid, i32)>().try_collect(1_000).await.unwrap();
    assert!(found.iter().copied().eq(drawn.iter().copied().zip(0..)));
    let at = |id: &Uuid| {
        let (seconds, nanos) = id.get_timestamp().unwrap().to_unix();
        CqlTimestamp(i64::try_from(seconds * 1_000 + u64::from(nanos) / 1_000_000).unwrap())
    };
    let (from, to) = (at(&drawn[100]), at(&drawn[400]));
    let between = "SELECT id FROM ids.t WHERE k = 1 AND id >= ? AND id <= ?";
    let between = session.query(between, (min_time_uuid(from), max_time_uuid(to)));
    let found = between.rows::<(Uuid,)>().try_collect(1_000).await.unwrap();
    let expected = drawn.iter().filter(|id| (from..=to).contains(&at(id)));
    assert!(found.iter().map(|(id,)| id).eq(expected) && found.len() >= 301);
    close(session).await;
}
