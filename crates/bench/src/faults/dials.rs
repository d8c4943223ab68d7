//! Who dials a server that is there no more: a listener in its place, which hangs up.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::load::now;
use crate::Result;

/// The place of a server that has left, until it is dropped.
#[derive(Debug)]
pub(super) struct Dials {
    times: Arc<Mutex<Vec<u64>>>,
    /// Ends with this.
    listening: JoinSet<()>,
}

impl Dials {
    /// Takes the place of the server that was there.
    pub(super) async fn watch(left: SocketAddr) -> Result<Self> {
        let listener = TcpListener::bind(left).await?;
        let (times, mut listening) = (Arc::<Mutex<Vec<u64>>>::default(), JoinSet::new());
        listening.spawn(listen(listener, Arc::clone(&times)));
        Ok(Self { times, listening })
    }

    /// Leaves the place to another server.
    pub(super) async fn end(mut self) {
        self.listening.shutdown().await;
    }

    /// When it was dialled.
    pub(super) fn so_far(&self) -> Vec<u64> {
        self.times.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn listen(listener: TcpListener, times: Arc<Mutex<Vec<u64>>>) {
    // Dropped at once, which is to hang up.
    while let Ok((_, _)) = listener.accept().await {
        if let Ok(now) = now() {
            times.lock().unwrap_or_else(PoisonError::into_inner).push(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;
    use tokio::net::TcpStream;

    use super::*;

    #[tokio::test]
    async fn whoever_dials_is_counted_and_hears_nothing() {
        let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let left = free.local_addr().unwrap();
        drop(free);
        let dials = Dials::watch(left).await.unwrap();
        assert_eq!(dials.so_far(), [0; 0]);
        let begun = now().unwrap();
        for _ in 0..2 {
            let mut dialled = TcpStream::connect(left).await.unwrap();
            assert_eq!(dialled.read(&mut [0]).await.unwrap(), 0);
        }
        let times = dials.so_far();
        assert_eq!(times.len(), 2);
        assert!(times.iter().all(|at| *at >= begun), "{times:?}");
        dials.end().await;
        TcpListener::bind(left).await.unwrap();
    }
}
