//! How many requests share a write, without a timer to gather them.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, DuplexStream, ReadBuf, duplex};
use tokio::task::yield_now;
use tokio::time::timeout;

use super::played::{Played, connected, settings};
use super::{query, seconds, send};
use crate::{Connection, Request};

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

/// While its next bytes are written, the connection is asked for something, if there is one.
struct AskedMeanwhile {
    inner: DuplexStream,
    connection: Arc<Mutex<Option<Connection>>>,
    asked: Arc<Mutex<Vec<Request>>>,
}

impl AsyncRead for AskedMeanwhile {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(context, buffer)
    }
}

impl AsyncWrite for AskedMeanwhile {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let connection = self.connection.lock().unwrap().take();
        if let Some(connection) = connection {
            self.asked.lock().unwrap().push(send(&connection, "SELECT", seconds(5)));
        }
        Pin::new(&mut self.inner).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}

/// The driver looks no further after a write that left nothing to do.
#[tokio::test(start_paused = true)]
async fn what_is_asked_while_all_there_was_is_written_goes_out_next() {
    let (inner, far) = duplex(4096);
    let mut server = Played { stream: far };
    let (next, asked) = (Arc::<Mutex<Option<Connection>>>::default(), Arc::default());
    let near = AskedMeanwhile { inner, connection: Arc::clone(&next), asked: Arc::clone(&asked) };
    let settings = settings();
    let opening = Connection::over(near, "played", &settings, seconds(5));
    let (connection, ()) = tokio::join!(opening, server.welcome());
    let connection = connection.unwrap();
    // The driver sleeps, then is asked for one, and for another while it writes that.
    yield_now().await;
    *next.lock().unwrap() = Some(connection.clone());
    let first = send(&connection, "SELECT", seconds(5));
    for _ in 0..2 {
        timeout(Duration::from_millis(100), server.asked()).await.unwrap();
    }
    assert_eq!(asked.lock().unwrap().len(), 1);
    drop(first);
}
