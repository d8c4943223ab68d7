//! Links to the servers: proxies of TCP that can be made slow, mute or thin.
//!
//! The server at 127.0.0.1 is reached at 127.0.0.11, and so on, on the same port: drivers that take the
//! port of the others for that of the one they know are led over the links, too.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Mutex, mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, sleep_until};

use super::LinkState;
use crate::{Error, Result};

/// How many pieces may be on their way in one direction of a connection.
const PIECES: usize = 256;
/// The most bytes of a piece.
const PIECE: usize = 16 * 1_024;
/// In how many steps a second a thin link carries what it does.
const STEPS: u32 = 20;

/// The link to one server. It ends with this.
#[derive(Debug)]
pub(super) struct Link {
    /// Where the server is.
    pub(super) server: SocketAddr,
    /// Where it is reached over this link.
    pub(super) address: SocketAddr,
    state: watch::Sender<LinkState>,
    accepting: JoinHandle<()>,
}

/// What a direction of a connection goes by.
#[derive(Clone)]
struct Way {
    state: watch::Receiver<LinkState>,
    is_from_server: bool,
    /// Whoever has it is carrying something over a thin link.
    turn: Arc<Mutex<()>>,
}

impl Link {
    /// Opens the link to this server, whole at first.
    pub(super) async fn open(server: SocketAddr) -> Result<Self> {
        let IpAddr::V4(ip) = server.ip() else {
            return Err(Error::from("servers of tests have addresses of IPv4"));
        };
        let [a, b, c, d] = ip.octets();
        let ip = Ipv4Addr::new(a, b, c, d.saturating_add(10));
        let listener = TcpListener::bind((ip, server.port())).await?;
        let address = listener.local_addr()?;
        let (state, watched) = watch::channel(LinkState::Whole);
        let accepting = tokio::spawn(accept(listener, server, watched));
        Ok(Self { server, address, state, accepting })
    }

    /// From now on it is so, for what is on its way as well.
    pub(super) fn set(&self, state: LinkState) {
        self.state.send_replace(state);
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, server: SocketAddr, state: watch::Receiver<LinkState>) {
    let turns = [(); 2].map(|()| Arc::<Mutex<()>>::default());
    while let Ok((client, _)) = listener.accept().await {
        let [to_server, to_client] = [false, true].map(|is_from_server| {
            let turn = Arc::clone(if is_from_server { &turns[1] } else { &turns[0] });
            Way { state: state.clone(), is_from_server, turn }
        });
        tokio::spawn(async move {
            // A server that is not there is one that closes.
            let Ok(server) = TcpStream::connect(server).await else { return };
            drop((client.set_nodelay(true), server.set_nodelay(true)));
            let (from_client, into_client) = client.into_split();
            let (from_server, into_server) = server.into_split();
            tokio::spawn(carry(from_client, into_server, to_server));
            tokio::spawn(carry(from_server, into_client, to_client));
        });
    }
}

/// Carries one direction of a connection to its end.
async fn carry(mut from: OwnedReadHalf, mut into: OwnedWriteHalf, mut way: Way) {
    let (pieces, mut arriving) = mpsc::channel::<(Instant, BytesMut)>(PIECES);
    let reading = async move {
        loop {
            let mut piece = BytesMut::with_capacity(PIECE);
            let Ok(1..) = from.read_buf(&mut piece).await else { return };
            if pieces.send((Instant::now(), piece)).await.is_err() {
                return;
            }
        }
    };
    let writing = async move {
        while let Some((came, piece)) = arriving.recv().await {
            if way.write(came, &piece, &mut into).await.is_err() {
                return;
            }
        }
    };
    // Once one side is gone the other one has nothing to do: dropping the halves closes them.
    tokio::join!(reading, writing);
}

impl Way {
    /// Writes a piece that came then, as the link is.
    async fn write(
        &mut self,
        came: Instant,
        piece: &[u8],
        into: &mut OwnedWriteHalf,
    ) -> std::io::Result<()> {
        let mut left = piece;
        while !left.is_empty() {
            let state = *self.state.borrow_and_update();
            match state {
                LinkState::Mute if self.is_from_server => self.change().await,
                LinkState::Late(late) if self.is_from_server && came.elapsed() < late => {
                    tokio::select! {
                        () = sleep_until(came + late) => {}
                        () = self.change() => {}
                    }
                }
                LinkState::Drip(bytes) => {
                    let turn = Arc::clone(&self.turn);
                    let _turn = turn.lock().await;
                    let step = usize::try_from((bytes / STEPS).max(1)).unwrap_or(PIECE);
                    let (now, later) = left.split_at(step.min(left.len()));
                    sleep(pace(now.len(), bytes)).await;
                    into.write_all(now).await?;
                    left = later;
                }
                LinkState::Whole | LinkState::Mute | LinkState::Late(_) => {
                    into.write_all(left).await?;
                    left = &[];
                }
            }
        }
        Ok(())
    }

    /// Until the link is another one. One that is gone stays as it was.
    async fn change(&mut self) {
        if self.state.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// How long so many bytes take.
fn pace(bytes: usize, a_second: u32) -> Duration {
    let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
    Duration::from_secs(1) * bytes / a_second.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn pair() -> (Link, TcpStream, TcpStream) {
        let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let link = Link::open(server.local_addr().unwrap()).await.unwrap();
        let client = TcpStream::connect(link.address).await.unwrap();
        let (server, _) = server.accept().await.unwrap();
        (link, client, server)
    }

    #[tokio::test]
    async fn a_whole_link_carries_both_ways_and_ends_when_its_ends_do() {
        let (_link, mut client, mut server) = pair().await;
        client.write_all(b"ask").await.unwrap();
        let mut got = [0; 3];
        server.read_exact(&mut got).await.unwrap();
        assert_eq!(&got, b"ask");
        server.write_all(b"answer").await.unwrap();
        drop(server);
        let mut all = Vec::new();
        client.read_to_end(&mut all).await.unwrap();
        assert_eq!(all, b"answer");
    }

    #[tokio::test]
    async fn a_mute_link_keeps_what_the_server_says_until_it_is_whole() {
        let (link, mut client, mut server) = pair().await;
        link.set(LinkState::Mute);
        server.write_all(b"answer").await.unwrap();
        client.write_all(b"ask").await.unwrap();
        server.read_exact(&mut [0; 3]).await.unwrap();
        let early = tokio::time::timeout(Duration::from_millis(50), client.readable()).await;
        assert!(early.is_err(), "nothing came through");
        link.set(LinkState::Whole);
        let mut got = [0; 6];
        client.read_exact(&mut got).await.unwrap();
        assert_eq!(&got, b"answer");
    }

    #[tokio::test]
    async fn late_and_dripping_links_take_their_time_and_lose_nothing() {
        for (state, least) in
            [(LinkState::Late(Duration::from_millis(60)), 60), (LinkState::Drip(10_000), 100)]
        {
            let (link, mut client, mut server) = pair().await;
            link.set(state);
            let begun = Instant::now();
            let sent = vec![7; 1_000];
            server.write_all(&sent).await.unwrap();
            let mut got = vec![0; sent.len()];
            client.read_exact(&mut got).await.unwrap();
            assert_eq!(got, sent);
            assert!(begun.elapsed() >= Duration::from_millis(least), "{state:?}");
        }
    }
}
