//! TLS for scripted nodes: authorities, what they sign, and a node behind it.

use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::node::ScriptedNode;

/// An authority that signs what it is asked to.
#[derive(Debug)]
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate and its key, as PEM.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The certificate.
    pub chain: String,
    /// Its private key.
    pub key: String,
}

impl Authority {
    /// A new one.
    ///
    /// # Panics
    ///
    /// If the machine has no randomness.
    pub fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// Its own certificate, as PEM.
    pub fn pem(&self) -> String {
        self.0.pem()
    }

    /// A certificate for this name or address.
    ///
    /// # Panics
    ///
    /// If it is none.
    pub fn sign(&self, name: &str) -> Identity {
        self.sign_as(CertificateParams::new(vec![name.to_owned()]).unwrap())
    }

    /// One that has expired, years ago.
    ///
    /// # Panics
    ///
    /// If it is no name.
    pub fn sign_expired(&self, name: &str) -> Identity {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        (params.not_before, params.not_after) =
            (date_time_ymd(2001, 1, 1), date_time_ymd(2002, 1, 1));
        self.sign_as(params)
    }

    /// One that is not valid for years to come.
    ///
    /// # Panics
    ///
    /// If it is no name.
    pub fn sign_for_the_future(&self, name: &str) -> Identity {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.not_before = date_time_ymd(4000, 1, 1);
        self.sign_as(params)
    }

    fn sign_as(&self, params: CertificateParams) -> Identity {
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        Identity { chain: certificate.pem(), key: key.serialize_pem() }
    }
}

impl Identity {
    fn parse(&self) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
        let chain = CertificateDer::pem_slice_iter(self.chain.as_bytes());
        let key = PrivateKeyDer::from_pem_slice(self.key.as_bytes()).unwrap();
        (chain.collect::<Result<_, _>>().unwrap(), key)
    }
}

/// What a server needs to accept TLS; with `clients`, only of those whom that authority knows.
///
/// # Panics
///
/// With PEM that is none.
pub fn acceptor(identity: &Identity, clients: Option<&Authority>) -> TlsAcceptor {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider));
    let builder = builder.with_safe_default_protocol_versions().unwrap();
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(authority) => {
            let mut roots = RootCertStore::empty();
            roots.add(CertificateDer::from_pem_slice(authority.pem().as_bytes()).unwrap()).unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), provider);
            builder.with_client_cert_verifier(verifier.build().unwrap())
        }
    };
    let (chain, key) = identity.parse();
    Arc::new(builder.with_single_cert(chain, key).unwrap()).into()
}

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
