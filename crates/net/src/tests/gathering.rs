//! How many requests share a write, without a timer to gather them.

use tokio::io::AsyncReadExt;
use tokio::task::yield_now;

use super::played::{connected, settings};
use super::{query, seconds, send};

/// Queues so many requests, then lets a task that is behind the driver queue one more. How many
/// the first write has.
async fn first_write(at_once: usize) -> usize {
    let (connection, mut server) = connected(&settings(), 1 << 16).await;
    let length = query(&connection, "SELECT").len();
    let reading = tokio::spawn(async move {
        let mut write = [0; 1 << 10];
        server.stream.read(&mut write).await.unwrap()
    });
    yield_now().await;
    let first: Vec<_> = (0..at_once).map(|_| send(&connection, "SELECT", seconds(5))).collect();
    let later = tokio::spawn({
        let connection = connection.clone();
        async move { send(&connection, "SELECT", seconds(5)).await }
    });
    let written = reading.await.unwrap();
    later.abort();
    drop(first);
    written / length
}

#[tokio::test(start_paused = true)]
async fn tasks_that_are_ready_have_their_requests_in_the_same_write() {
    assert_eq!(first_write(2).await, 3);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_alone_waits_for_no_others() {
    assert_eq!(first_write(1).await, 1);
}
