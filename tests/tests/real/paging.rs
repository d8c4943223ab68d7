//! Large results, page by page.

use crate::{close, create, shared};

const ROWS: i32 = 20_000;

#[tokio::test]
async fn a_partition_of_twenty_thousand_rows_comes_back_whole_and_in_order() {
    let session = shared().await;
    create(&session, "paging", "t (k int, n int, note text, PRIMARY KEY (k, n))").await;
    let insert = session.prepare("INSERT INTO paging.t (k, n, note) VALUES (0, ?, ?)").await;
    let insert = insert.unwrap();
    for start in (0..ROWS).step_by(500) {
        let notes: Vec<(i32, String)> =
            (start..start + 500).map(|n| (n, format!("n{n}"))).collect();
        let mut writes = Vec::new();
        for (n, note) in &notes {
            writes.push(session.execute(&insert, (*n, note.as_str())));
        }
        for write in futures_util::future::join_all(writes).await {
            write.unwrap();
        }
    }

    let select = session.prepare("SELECT n, note FROM paging.t WHERE k = 0").await.unwrap();
    for (page_size, prefetch) in [(1_000, 1), (777, 0), (5_000, 3)] {
        let execution =
            session.execute(&select, ()).page_size(page_size).stream().prefetch(prefetch);
        let mut rows = execution.rows::<(i32, String)>();
        for expected in 0..ROWS {
            let (n, note) = rows.try_next().await.unwrap().unwrap();
            assert_eq!((n, note), (expected, format!("n{expected}")));
        }
        assert_eq!(rows.try_next().await.unwrap(), None);
    }

    let mut pages = session.execute(&select, ()).page_size(1_000).pages();
    let (mut seen, mut sum) = (0, 0_i64);
    while let Some(page) = pages.try_next().await.unwrap() {
        for row in page.rows::<(i32, &str)>().unwrap() {
            let (n, note) = row.unwrap();
            assert!(note.starts_with('n'));
            (seen, sum) = (seen + 1, sum + i64::from(n));
        }
    }
    assert_eq!((seen, sum), (ROWS, i64::from(ROWS) * i64::from(ROWS - 1) / 2));
    drop(pages);
    close(session).await;
}

#[tokio::test]
async fn a_stream_goes_on_where_another_stopped() {
    let session = shared().await;
    create(&session, "resume", "t (k int, n int, PRIMARY KEY (k, n))").await;
    for n in 0..100 {
        let insert = format!("INSERT INTO resume.t (k, n) VALUES (0, {n})");
        session.query(&insert, ()).await.unwrap();
    }
    let select = "SELECT n FROM resume.t WHERE k = 0";
    let mut first = session.query(select, ()).page_size(30).rows::<(i32,)>();
    for expected in 0..45 {
        assert_eq!(first.try_next().await.unwrap(), Some((expected,)));
    }
    let position = first.position().unwrap();
    drop(first);
    let mut second =
        session.query(select, ()).page_size(30).stream().from_position(position).rows();
    for expected in 45..100 {
        assert_eq!(second.try_next().await.unwrap(), Some((expected,)));
    }
    assert_eq!(second.try_next().await.unwrap(), None);
    drop(second);
    close(session).await;
}

#[tokio::test]
async fn columns_that_are_added_in_between_are_followed() {
    let session = shared().await;
    create(&session, "altered", "t (k int PRIMARY KEY, a text)").await;
    session.query("INSERT INTO altered.t (k, a) VALUES (1, 'a')", ()).await.unwrap();
    let select = session.prepare("SELECT * FROM altered.t").await.unwrap();
    let before = session.execute(&select, ()).await.unwrap();
    assert_eq!(before.one_row::<(i32, &str)>().unwrap(), (1, "a"));
    session.query("ALTER TABLE altered.t ADD b int", ()).await.unwrap();
    session.query("INSERT INTO altered.t (k, a, b) VALUES (1, 'a', 7)", ()).await.unwrap();
    let after = session.execute(&select, ()).await.unwrap();
    assert_eq!(after.one_row::<(i32, &str, i32)>().unwrap(), (1, "a", 7));
    assert_eq!(select.columns().unwrap().len(), 3, "what was learnt is kept");
    drop((before, after));
    close(session).await;
}
