//! The canned node: a server that is faster than any client.
//!
//! It has every answer encoded beforehand and only patches what differs: the stream id, the key of
//! a row. A connection is a thread that reads all requests that have come, answers them all, and
//! writes once. It speaks v4 and v5 (segments with both checksums) without compression, and knows
//! about itself what drivers ask when they connect.

mod answers;
mod catalog;
mod connection;
mod execute;
mod system;

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use self::answers::Answers;
use self::connection::Connection;
use crate::Result;

/// A node that listens, or several that are a cluster: on addresses of 127.0.0.0/8, one port for
/// all, each with its part of the ring.
#[derive(Debug)]
pub struct CannedNode {
    listeners: Vec<(TcpListener, Arc<Answers>)>,
}

impl CannedNode {
    /// Prepares all answers and listens.
    ///
    /// # Errors
    ///
    /// One of the addresses cannot be had.
    pub fn bind(address: SocketAddr, nodes: u8) -> Result<Self> {
        let first = TcpListener::bind(address)?;
        let port = first.local_addr()?.port();
        let mut bound = vec![first];
        for number in 2..=nodes {
            bound.push(TcpListener::bind(SocketAddr::from(([127, 0, 0, number], port)))?);
        }
        let addresses = bound.iter().map(TcpListener::local_addr).collect::<Result<Vec<_>, _>>()?;
        let mut listeners = Vec::with_capacity(bound.len());
        for (own, listener) in bound.into_iter().enumerate() {
            listeners.push((listener, Arc::new(Answers::encode(&addresses, own)?)));
        }
        Ok(Self { listeners })
    }

    /// Where the first listens.
    ///
    /// # Errors
    ///
    /// The system does not say.
    pub fn address(&self) -> Result<SocketAddr> {
        let (first, _) = self.listeners.first().ok_or("there is no node")?;
        Ok(first.local_addr()?)
    }

    /// Serves every connection, for ever.
    ///
    /// # Errors
    ///
    /// The listener fails.
    pub fn serve(&self) -> Result<()> {
        thread::scope(|scope| {
            let all = self.listeners.iter();
            let all = all.map(|(listener, answers)| scope.spawn(|| accept(listener, answers)));
            let all: Vec<_> = all.collect();
            all.into_iter().try_for_each(|one| one.join().map_err(|_| "a listener panicked")?)
        })
    }
}

fn accept(listener: &TcpListener, answers: &Arc<Answers>) -> Result<()> {
    loop {
        let (stream, _) = listener.accept()?;
        stream.set_nodelay(true)?;
        let answers = Arc::clone(answers);
        thread::Builder::new()
            .name("connection".to_owned())
            .spawn(move || serve_one(stream, &answers))?;
    }
}

fn serve_one(stream: TcpStream, answers: &Answers) {
    if let Err(error) = Connection::new(stream, answers).run() {
        eprintln!("canned node: {error}");
    }
}
