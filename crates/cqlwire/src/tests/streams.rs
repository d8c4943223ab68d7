//! Streams of a session: figures, ends, and going on elsewhere.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use cqlwire_testkit::node::{Prime, ScriptedNode};
use tokio::time::Instant;

use super::memory::{Memory, at_rest};
use super::{SELECT, answer_users, prime_users};
use crate::{ErrorKind, Session};

async fn session(users: i64) -> (Arc<Memory>, Session) {
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    prime_users(memory.node(), users);
    let session = memory.session().await;
    (memory, session)
}

#[tokio::test(start_paused = true)]
async fn g9_4_a_hook_sees_the_figures_of_each_page_and_the_end() {
    let (_memory, session) = session(25).await;
    let by_city = session.prepare(SELECT).await.unwrap();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let hook = {
        let seen = Arc::clone(&seen);
        move |progress: &crate::Progress| {
            let figures = (progress.pages, progress.rows, progress.ending.is_some());
            seen.lock().unwrap().push(figures);
        }
    };
    let execution = session.execute(&by_city, ("Oslo",)).page_size(10).stream().prefetch(0);
    let mut rows = execution.on_progress(hook).rows::<(i64, String)>();
    while rows.try_next().await.unwrap().is_some() {}
    let seen = seen.lock().unwrap().clone();
    assert_eq!(seen.iter().filter(|(_, _, ended)| *ended).count(), 1, "{seen:?}");
    assert_eq!(seen.last(), Some(&(3, 25, true)));
    assert_eq!(seen[0].0, 1);
}

#[tokio::test(start_paused = true)]
async fn g7_3_a_hook_that_panics_harms_nobody() {
    let (_memory, session) = session(25).await;
    let by_city = session.prepare(SELECT).await.unwrap();
    let execution = session.execute(&by_city, ("Oslo",)).page_size(10);
    let mut rows = execution.stream().on_progress(|_| panic!("on purpose")).rows::<(i64, String)>();
    let mut count = 0;
    while rows.try_next().await.unwrap().is_some() {
        count += 1;
    }
    assert_eq!(count, 25);
    drop(rows);
    at_rest(&session).await;
}

#[tokio::test(start_paused = true)]
async fn g6_6_pages_have_their_own_deadlines_within_that_of_the_stream() {
    let (memory, session) = session(100).await;
    memory.node().prime(answer_users(100).after(Duration::from_secs(1)));
    let by_city = session.prepare(SELECT).await.unwrap();
    let whole = Duration::from_millis(3_500);
    let execution = session.execute(&by_city, ("Oslo",)).timeout(Duration::from_secs(2));
    let execution = execution.page_size(10).stream().prefetch(0).total_timeout(whole);
    let started = Instant::now();
    let mut pages = execution.pages();
    let mut count = 0;
    let error = loop {
        match pages.try_next().await {
            Ok(page) => count += page.expect("it is not over yet").len(),
            Err(error) => break error,
        }
    };
    assert_eq!(count, 30, "three pages came in time");
    assert!(error.is_timeout(), "{error}");
    let took = started.elapsed();
    assert!(took >= whole && took <= whole + Duration::from_millis(50), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn g2_3_rows_come_before_an_error_which_says_where_to_go_on() {
    let (memory, session) = session(25).await;
    let by_city = session.prepare(SELECT).await.unwrap();
    let refusal = Prime::opcode(crate::codec::Opcode::Execute).page(1).first(1);
    memory.node().prime(refusal.error(0x1200, "too slow"));
    let execution = session.execute(&by_city, ("Oslo",)).page_size(10);
    let mut rows = execution.rows::<(i64, String)>();
    let mut seen = Vec::new();
    let error = loop {
        match rows.try_next().await {
            Ok(row) => seen.push(row.expect("it is not over yet").0),
            Err(error) => break error,
        }
    };
    assert!(matches!(error.kind(), ErrorKind::Server { .. }), "{error}");
    assert_eq!(seen.len(), 10, "what came before the error was given out");
    assert!(rows.try_next().await.unwrap().is_none());
    let position = error.resume_position().unwrap().clone();
    let execution =
        session.execute(&by_city, ("Oslo",)).page_size(10).stream().from_position(position);
    let rest = execution.rows::<(i64, String)>().try_collect(100).await.unwrap();
    seen.extend(rest.into_iter().map(|(id, _)| id));
    assert_eq!(seen, (0..25).collect::<Vec<i64>>());
}

#[tokio::test(start_paused = true)]
async fn no_more_rows_are_asked_for_than_are_of_use() {
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    prime_users(memory.node(), 100);
    let session = memory.session().await;
    let by_city = session.prepare(SELECT).await.unwrap();
    let mut sizes = Vec::new();
    for limit in [5, 10, 50] {
        let stream = session.execute(&by_city, ("Oslo",)).page_size(10).stream().row_limit(limit);
        let mut pages = stream.pages();
        sizes.push(pages.try_next().await.unwrap().map(|page| page.len()));
        sizes.push(usize::try_from(pages.progress().bytes).ok());
    }
    let [_, of_five, _, of_ten, _, whole] = sizes[..] else { panic!("six of them") };
    assert!(of_five < of_ten && of_ten == whole, "{sizes:?}");
}
