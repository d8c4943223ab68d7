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

/// A node that listens.
#[derive(Debug)]
pub struct CannedNode {
    listener: TcpListener,
    answers: Arc<Answers>,
}

impl CannedNode {
    /// Prepares all answers and listens.
    ///
    /// # Errors
    ///
    /// The address cannot be had.
    pub fn bind(address: SocketAddr) -> Result<Self> {
        let listener = TcpListener::bind(address)?;
        let answers = Arc::new(Answers::encode(listener.local_addr()?)?);
        Ok(Self { listener, answers })
    }

    /// Where it listens.
    ///
    /// # Errors
    ///
    /// The system does not say.
    pub fn address(&self) -> Result<SocketAddr> {
        Ok(self.listener.local_addr()?)
    }

    /// Serves every connection, for ever.
    ///
    /// # Errors
    ///
    /// The listener fails.
    pub fn serve(&self) -> Result<()> {
        loop {
            let (stream, _) = self.listener.accept()?;
            stream.set_nodelay(true)?;
            let answers = Arc::clone(&self.answers);
            thread::Builder::new()
                .name("connection".to_owned())
                .spawn(move || serve_one(stream, &answers))?;
        }
    }
}

fn serve_one(stream: TcpStream, answers: &Answers) {
    if let Err(error) = Connection::new(stream, answers).run() {
        eprintln!("canned node: {error}");
    }
}
