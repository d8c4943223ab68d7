//! Ways to connect in memory: the whole of `Connection::open`, under paused time.

use std::fmt;
use std::future::Future;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use cqlwire_testkit::node::ScriptedNode;
use cqlwire_testkit::tls::serve;
use tokio::io::{DuplexStream, duplex};
use tokio_rustls::TlsAcceptor;

use super::played::Played;
use crate::{ByteStream, Dialer, Dialing, Endpoint, ServerAddress, Settings};

/// What becomes of one dialing.
type Dialed = Box<dyn Fn(usize) -> io::Result<Box<dyn ByteStream>> + Send + Sync>;

/// Counts the dialings, and has a closure do them.
pub(super) struct Dials {
    dialed: AtomicUsize,
    dial: Dialed,
}

impl fmt::Debug for Dials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dials").finish_non_exhaustive()
    }
}

impl Dialer for Dials {
    fn dial<'a>(&'a self, _address: &'a ServerAddress) -> Dialing<'a> {
        let number = self.dialed.fetch_add(1, Ordering::Relaxed);
        Box::pin(std::future::ready((self.dial)(number)))
    }
}

impl Dials {
    pub(super) fn new(
        dial: impl Fn(usize) -> io::Result<Box<dyn ByteStream>> + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self { dialed: AtomicUsize::new(0), dial: Box::new(dial) })
    }

    /// Every dialing reaches this node.
    pub(super) fn to(node: &Arc<ScriptedNode>) -> Arc<Self> {
        let node = Arc::clone(node);
        Self::new(move |_| Ok(Box::new(node.connect())))
    }

    /// Every dialing reaches this node behind TLS.
    pub(super) fn to_tls(node: &Arc<ScriptedNode>, acceptor: TlsAcceptor) -> Arc<Self> {
        Self::to_tls_by(node, acceptor, |near| near)
    }

    /// The same, by way of what `wrap` makes of each stream.
    pub(super) fn to_tls_by<S: ByteStream + 'static>(
        node: &Arc<ScriptedNode>,
        acceptor: TlsAcceptor,
        wrap: impl Fn(DuplexStream) -> S + Send + Sync + 'static,
    ) -> Arc<Self> {
        let node = Arc::clone(node);
        Self::new(move |_| {
            let (near, far) = duplex(4096);
            serve(&node, &acceptor, far);
            Ok(Box::new(wrap(near)))
        })
    }

    /// Every dialing reaches a server that is played by `play`, given its number.
    pub(super) fn played<F>(play: impl Fn(usize, Played) -> F + Send + Sync + 'static) -> Arc<Self>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        Self::new(move |number| {
            let (near, far) = duplex(64 << 10);
            tokio::spawn(play(number, Played { stream: far }));
            Ok(Box::new(near))
        })
    }

    /// Every dialing reaches a peer that neither reads nor writes, for as long as the dialer is there.
    pub(super) fn to_silence() -> Arc<Self> {
        let kept = std::sync::Mutex::new(Vec::<DuplexStream>::new());
        Self::new(move |_| {
            let (near, far) = duplex(64 << 10);
            kept.lock().unwrap().push(far);
            Ok(Box::new(near))
        })
    }

    pub(super) fn count(&self) -> usize {
        self.dialed.load(Ordering::Relaxed)
    }
}

/// The same settings, by this way.
pub(super) fn by(dialer: &Arc<Dials>, settings: Settings) -> Settings {
    let dialer: Arc<dyn Dialer> = Arc::<Dials>::clone(dialer);
    Settings { dialer: Some(dialer), ..settings }
}

/// A name that nobody looks up.
pub(super) fn somewhere() -> Endpoint {
    "db.example".parse().unwrap()
}
