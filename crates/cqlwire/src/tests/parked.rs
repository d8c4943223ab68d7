//! Streams and calls that nobody polls: they lose nothing by it, and hold up nobody.

use std::time::Duration;

use cqlwire_testkit::cancel::poll_once;
use cqlwire_testkit::node::{Prime, ScriptedNode};
use tokio::time::{Instant, advance, sleep};

use super::memory::Memory;
use super::statements::{connected, three};
use super::{INSERT, PATIENCE, SELECT, answer_users, prime_users};
use crate::{ErrorKind, Session};

const READER: Duration = Duration::from_secs(11);

async fn three_connected() -> (std::sync::Arc<Memory>, Session) {
    let nodes = three();
    nodes.iter().for_each(|node| prime_users(node, 100));
    connected(nodes).await
}

/// Each host hears of the statement in the middle of the stream, while its reader is away.
#[tokio::test(start_paused = true)]
async fn g6_1_a_slow_reader_does_not_use_up_the_time_of_the_servers() {
    let (_memory, session) = three_connected().await;
    let by_city = session.prepare(SELECT).await.unwrap();
    let mut pages = session.execute(&by_city, ("Oslo",)).page_size(10).pages();
    let mut rows = 0;
    while let Some(page) = pages.try_next().await.unwrap() {
        rows += page.len();
        sleep(READER).await;
    }
    assert_eq!(rows, 100);
}

/// What is left to do when the reader comes has its time, and no more than that.
#[tokio::test(start_paused = true)]
async fn g6_6_what_follows_has_its_time_from_when_the_reader_comes() {
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    memory.node().prime(answer_users(100));
    let session = memory.session().await;
    let by_city = session.prepare(SELECT).await.unwrap();
    let mut pages = session.execute(&by_city, ("Oslo",)).page_size(10).pages();
    memory.node().prime(answer_users(100).page(1).error(0x1001, "overloaded"));
    pages.try_next().await.unwrap().unwrap();
    memory.node().forget_prepared();
    memory.node().prime(Prime::prepare(SELECT).silence());
    pages.fetch_ahead();
    sleep(READER).await;
    let began = Instant::now();
    let error = pages.try_next().await.unwrap_err();
    assert!(
        began.elapsed() <= PATIENCE + Duration::from_millis(50),
        "{:?}: {error}",
        began.elapsed()
    );
}

#[tokio::test(start_paused = true)]
async fn g10_3_a_stream_that_nobody_reads_does_not_hold_up_a_close() {
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    prime_users(memory.node(), 100);
    let session = memory.session().await;
    let by_city = session.prepare(SELECT).await.unwrap();
    let mut pages = session.execute(&by_city, ("Oslo",)).page_size(10).pages();
    pages.try_next().await.unwrap().unwrap();
    let began = Instant::now();
    session.close(Duration::MAX).await;
    assert!(began.elapsed() < Duration::from_millis(50), "{:?}", began.elapsed());
    // The page was asked for before, and came; the one after it is not asked for.
    assert_eq!(pages.try_next().await.unwrap().unwrap().len(), 10);
    let error = pages.try_next().await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::SessionClosed), "{error}");
    drop(pages);
    assert!(session.resources().is_zero(), "{}", session.resources());
}

/// The task that holds it is the one that closes.
#[tokio::test(start_paused = true)]
async fn g10_3_a_call_that_nobody_polls_holds_up_a_close_no_longer_than_its_deadline() {
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    let session = memory.session().await;
    memory.node().prime(Prime::statement(INSERT).silence());
    let mut call = session.query(INSERT, ()).timeout(Duration::from_secs(20));
    assert!(poll_once(&mut call).await.is_pending());
    let began = Instant::now();
    session.close(Duration::MAX).await;
    assert!(began.elapsed() <= Duration::from_millis(20_200), "{:?}", began.elapsed());
    let error = call.await.unwrap_err();
    assert!(error.is_timeout(), "{error}");
}

#[tokio::test(start_paused = true)]
async fn g10_4_sessions_of_one_builder_close_by_themselves() {
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    let builder = memory.builder();
    let (one, two) = (builder.clone().connect().await.unwrap(), builder.connect().await.unwrap());
    let began = Instant::now();
    one.close(Duration::MAX).await;
    assert!(began.elapsed() < Duration::from_millis(50), "{:?}", began.elapsed());
    assert!(one.resources().is_zero(), "{}", one.resources());
    two.query(INSERT, ()).await.unwrap();
    assert!(two.resources().tasks > 0);
    advance(Duration::from_secs(1)).await;
    two.close(PATIENCE).await;
    assert!(two.resources().is_zero(), "{}", two.resources());
}

/// The stream's page waited for a stream id when everything was closed.
#[tokio::test(start_paused = true)]
async fn g3_1_a_page_that_was_never_sent_says_that_the_session_is_closed_and_why() {
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    prime_users(memory.node(), 100);
    let one = crate::net::MultiplexerSettings { max_in_flight: 1, ..Default::default() };
    let builder = memory.builder().connection(|settings| settings.multiplexer = one);
    let session = builder.connect().await.unwrap();
    let by_city = session.prepare(SELECT).await.unwrap();
    memory.node().prime(Prime::statement(INSERT).silence());
    let mut call = session.query(INSERT, ());
    assert!(poll_once(&mut call).await.is_pending());
    let mut pages = session.execute(&by_city, ("Oslo",)).page_size(10).pages();
    assert!(poll_once(&mut Box::pin(pages.try_next())).await.is_pending());
    session.close(Duration::from_millis(100)).await;
    let error = pages.try_next().await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::SessionClosed), "{error}");
    assert_eq!(error.attempts().len(), 1, "{error}");
    assert!(call.await.unwrap_err().may_have_been_applied());
}

/// The reader looks at what is ahead, and does not wait for it yet.
#[tokio::test(start_paused = true)]
async fn g6_6_what_follows_ahead_of_the_reader_has_its_time_from_when_it_begins() {
    let (memory, session) = three_connected().await;
    let by_city = session.prepare(SELECT).await.unwrap();
    for _ in 0..3 {
        for node in &memory.nodes()[..2] {
            node.prime(answer_users(100).page(1).first(1).error(0x1001, "overloaded"));
        }
        let mut pages = session.execute(&by_city, ("Oslo",)).page_size(10).pages();
        pages.try_next().await.unwrap().unwrap();
        pages.fetch_ahead();
        sleep(READER).await;
        pages.fetch_ahead();
        assert_eq!(pages.try_next().await.unwrap().unwrap().len(), 10);
    }
}
