//! What stands before a cluster in a cloud: a proxy that goes by names, and an HTTPS server.

use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::node::ScriptedNode;

/// A proxy that leads to nodes in memory by the name that TLS asks for (SNI), and to nobody else.
#[derive(Debug)]
pub struct SniProxy {
    address: SocketAddr,
    asked_for: Arc<Mutex<Vec<String>>>,
    _accepting: JoinSet<()>,
}

impl SniProxy {
    /// Listens for these, by their names, on a free port of 127.0.0.1.
    ///
    /// # Errors
    ///
    /// What the system says against that.
    pub async fn listen(
        acceptor: TlsAcceptor,
        nodes: HashMap<String, Arc<ScriptedNode>>,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (nodes, asked_for) = (Arc::new(nodes), Arc::<Mutex<Vec<_>>>::default());
        let seen = Arc::clone(&asked_for);
        let mut accepting = JoinSet::new();
        accepting.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (nodes, seen, acceptor) = (nodes.clone(), seen.clone(), acceptor.clone());
                tokio::spawn(async move {
                    let Ok(stream) = acceptor.accept(stream).await else { return };
                    let name = stream.get_ref().1.server_name().unwrap_or_default().to_owned();
                    if let Some(node) = nodes.get(&name) {
                        node.serve(stream);
                    }
                    seen.lock().unwrap_or_else(PoisonError::into_inner).push(name);
                });
            }
        });
        Ok(Self { address, asked_for, _accepting: accepting })
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The names that it was asked for, in order.
    pub fn asked_for(&self) -> Vec<String> {
        self.asked_for.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// An HTTPS server on 127.0.0.1 that gives every request this answer, byte for byte.
#[derive(Debug)]
pub struct HttpsServer {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
    _accepting: JoinSet<()>,
}

impl HttpsServer {
    /// Listens on a free port.
    ///
    /// # Errors
    ///
    /// What the system says against that.
    pub async fn listen(acceptor: TlsAcceptor, answer: String) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let requests = Arc::<Mutex<Vec<String>>>::default();
        let seen = Arc::clone(&requests);
        let mut accepting = JoinSet::new();
        accepting.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (seen, acceptor, answer) = (seen.clone(), acceptor.clone(), answer.clone());
                tokio::spawn(async move {
                    let mut stream = acceptor.accept(stream).await.ok()?;
                    let mut request = Vec::new();
                    while !request.ends_with(b"\r\n\r\n") {
                        request.push(stream.read_u8().await.ok()?);
                    }
                    let request = String::from_utf8_lossy(&request).into_owned();
                    seen.lock().unwrap_or_else(PoisonError::into_inner).push(request);
                    stream.write_all(answer.as_bytes()).await.ok()?;
                    stream.shutdown().await.ok()
                });
            }
        });
        Ok(Self { address, requests, _accepting: accepting })
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The requests that came, in order.
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
