//! A partition that no memory should have to hold, read whole and in order, in each way there is.

use cqlwire::{OwnedRow, Position, PreparedStatement, Session};
use futures_util::stream::{self, StreamExt, TryStreamExt};

use crate::{close, create, shared};

const ROWS: i32 = 200_000;
/// How many writes are under way at a time.
const IN_FLIGHT: usize = 256;
const PAGE: u32 = 5_000;

fn note(n: i32) -> String {
    format!("note {n}")
}

async fn write(session: &Session) {
    let insert =
        session.prepare("INSERT INTO two_hundred_thousand.t (k, n, note) VALUES (0, ?, ?)").await;
    let insert = insert.unwrap();
    let writes = (0..ROWS).map(|n| session.execute(&insert, (n, note(n))));
    let written = stream::iter(writes).buffer_unordered(IN_FLIGHT).map_ok(drop);
    written.try_collect::<()>().await.unwrap();
}

/// Rows that own what they hold.
async fn read_typed(session: &Session, select: &PreparedStatement) {
    let mut rows = session.execute(select, ()).page_size(PAGE).rows::<(i32, String)>();
    for expected in 0..ROWS {
        let (n, text) = rows.try_next().await.unwrap().unwrap();
        assert_eq!(n, expected, "lost, twice, or out of order");
        assert_eq!(text, note(n));
    }
    assert_eq!(rows.try_next().await.unwrap(), None);
    assert_eq!(rows.progress().rows, u64::from(ROWS.unsigned_abs()));
}

/// Rows that borrow from their page, which is all that is held.
async fn read_borrowed(session: &Session, select: &PreparedStatement) {
    let mut pages = session.execute(select, ()).page_size(PAGE).stream().prefetch(0).pages();
    let mut expected = 0..ROWS;
    while let Some(page) = pages.try_next().await.unwrap() {
        assert!(session.resources().pages <= 1, "{}", session.resources());
        for row in page.rows::<(i32, &str)>().unwrap() {
            let (n, text) = row.unwrap();
            assert_eq!(Some(n), expected.next(), "lost, twice, or out of order");
            assert!(text.strip_prefix("note ").is_some_and(|number| number.parse() == Ok(n)));
        }
    }
    assert!(expected.is_empty(), "the end was missing: {expected:?}");
}

/// Rows of any columns, by other readers every 30,000 rows, each in the middle of a page and from
/// what the one before it wrote down.
async fn read_in_parts(session: &Session, select: &PreparedStatement) {
    let mut kept = Position::START.to_string();
    let mut expected = 0..ROWS;
    for part in 1.. {
        let from = kept.parse().unwrap();
        let execution = session.execute(select, ()).page_size(PAGE).stream().from_position(from);
        let mut rows = execution.prefetch(3).rows::<OwnedRow>();
        while let Some(row) = rows.try_next().await.unwrap() {
            assert_eq!(row.get("n"), Ok(expected.next().unwrap()), "lost, twice, or out of order");
            if rows.progress().rows == 30_001 {
                break;
            }
        }
        match rows.position() {
            Some(position) => kept = position.to_string(),
            None => {
                assert_eq!(part, 7);
                break;
            }
        }
    }
    assert!(expected.is_empty(), "the end was missing: {expected:?}");
}

#[tokio::test]
async fn g1_6_a_partition_of_two_hundred_thousand_rows_comes_whole_and_in_order() {
    let session = shared().await;
    create(&session, "two_hundred_thousand", "t (k int, n int, note text, PRIMARY KEY (k, n))")
        .await;
    write(&session).await;
    let select =
        session.prepare("SELECT n, note FROM two_hundred_thousand.t WHERE k = 0").await.unwrap();
    read_typed(&session, &select).await;
    read_borrowed(&session, &select).await;
    read_in_parts(&session, &select).await;

    let totals = session.metrics().streams;
    assert_eq!((totals.opened, totals.complete, totals.dropped), (9, 3, 6), "{totals}");
    assert_eq!(totals.rows, 3 * u64::from(ROWS.unsigned_abs()), "{totals}");
    close(session).await;
}
