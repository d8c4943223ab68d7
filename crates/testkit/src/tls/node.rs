//! Nodes behind TLS.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::node::ScriptedNode;

/// Accepts TLS on this stream and has the node serve what is inside; a handshake that fails is the
/// client's to tell.
pub fn serve<S>(node: &Arc<ScriptedNode>, acceptor: &TlsAcceptor, stream: S)
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (node, acceptor) = (Arc::clone(node), acceptor.clone());
    tokio::spawn(async move {
        if let Ok(stream) = acceptor.accept(stream).await {
            node.serve(stream);
        }
    });
}

/// A node in memory, behind TLS on a socket of 127.0.0.1, whose certificate can be replaced while it
/// runs: those who connect afterwards see the new one.
#[derive(Debug)]
pub struct TlsNode {
    node: Arc<ScriptedNode>,
    address: SocketAddr,
    acceptor: Arc<Mutex<Acceptor>>,
    _accepting: JoinSet<()>,
}

struct Acceptor(TlsAcceptor);

impl std::fmt::Debug for Acceptor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Acceptor")
    }
}

impl TlsNode {
    /// Listens for this node, which says of itself in `system.local` whatever it says.
    ///
    /// # Errors
    ///
    /// What the system says against that.
    pub async fn listen(node: ScriptedNode, acceptor: TlsAcceptor) -> io::Result<Self> {
        Self::listen_at((Ipv4Addr::LOCALHOST, 0).into(), node, acceptor).await
    }

    /// The same, on this address.
    ///
    /// # Errors
    ///
    /// What the system says against that.
    pub async fn listen_at(
        address: SocketAddr,
        node: ScriptedNode,
        acceptor: TlsAcceptor,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let (node, acceptor) = (Arc::new(node), Arc::new(Mutex::new(Acceptor(acceptor))));
        let (behind, current) = (Arc::clone(&node), Arc::clone(&acceptor));
        let mut accepting = JoinSet::new();
        accepting.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let acceptor = current.lock().unwrap_or_else(PoisonError::into_inner).0.clone();
                serve(&behind, &acceptor, stream);
            }
        });
        Ok(Self { node, address, acceptor, _accepting: accepting })
    }

    /// What listens behind it.
    pub fn node(&self) -> &ScriptedNode {
        &self.node
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on it is somebody else.
    pub fn replace(&self, acceptor: TlsAcceptor) {
        self.acceptor.lock().unwrap_or_else(PoisonError::into_inner).0 = acceptor;
    }
}
