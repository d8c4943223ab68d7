//! Who is at an address, and how it is reached: in memory by [`ScriptedCluster::dial`], on sockets
//! by tasks that accept.

use std::collections::{BTreeMap, HashMap};
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::task::Poll;

use tokio::io::DuplexStream;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::AbortHandle;

use super::{ScriptedCluster, lock};
use crate::node::ScriptedNode;

/// How many connections the system keeps that were not accepted yet.
const BACKLOG: u32 = 1024;

/// What becomes of a connection to an address.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// It is served.
    Open,
    /// It is refused: nobody listens.
    Refused,
    /// Packets get lost on the way: it is neither connected nor refused. On sockets, where that
    /// cannot be had without the system's help, it is connected and stays silent.
    Lost,
}

/// Whoever is at an address.
#[derive(Debug)]
pub(super) struct Occupant {
    pub(super) node: Arc<ScriptedNode>,
    pub(super) reach: Reach,
    _door: Option<Door>,
}

/// On sockets, the task that accepts, and where it listens: not its own, so that nobody is accepted
/// any more from the moment that the door is closed.
#[derive(Debug)]
struct Door {
    listener: Listener,
    task: AbortHandle,
}

type Listener = Arc<Mutex<Option<TcpListener>>>;

impl Drop for Door {
    fn drop(&mut self) {
        lock(&self.listener).take();
        self.task.abort();
    }
}

/// Addresses and names.
#[derive(Debug, Default)]
pub(super) struct Network {
    pub(super) occupants: HashMap<SocketAddr, Occupant>,
    names: HashMap<String, Vec<SocketAddr>>,
    dials: BTreeMap<SocketAddr, usize>,
    /// Whether nodes listen on sockets.
    pub(super) on_sockets: bool,
}

impl Network {
    pub(super) fn new(on_sockets: bool) -> Self {
        Self { on_sockets, ..Self::default() }
    }

    /// Nobody is at this address any more.
    pub(super) fn vacate(&mut self, address: SocketAddr) {
        self.occupants.remove(&address);
    }

    fn count(&mut self, address: SocketAddr) {
        *self.dials.entry(address).or_default() += 1;
    }
}

impl ScriptedCluster {
    /// A connection to whoever is at this address: the client's end of it. Works in memory; on
    /// sockets clients connect by themselves.
    ///
    /// What a `Dialer` of `cqlwire-net` needs; it waits for ever for an address that is
    /// [lost](Reach::Lost).
    ///
    /// # Errors
    ///
    /// `ConnectionRefused` if nobody listens there.
    ///
    /// # Panics
    ///
    /// Outside a runtime.
    pub async fn dial(&self, address: SocketAddr) -> io::Result<DuplexStream> {
        let found = {
            let mut state = self.state();
            state.network.count(address);
            let occupant = state.network.occupants.get(&address);
            occupant.map(|occupant| (occupant.reach, occupant.node.clone()))
        };
        match found {
            Some((Reach::Open, node)) => Ok(node.connect()),
            Some((Reach::Lost, _)) => std::future::pending().await,
            Some((Reach::Refused, _)) | None => Err(io::ErrorKind::ConnectionRefused.into()),
        }
    }

    /// The same by a name: the first of its addresses that is not refused, as by a resolver and a
    /// system that know the name.
    ///
    /// # Errors
    ///
    /// `NotFound` if the name stands for nothing; `ConnectionRefused` if nobody listens at any of
    /// its addresses.
    ///
    /// # Panics
    ///
    /// Outside a runtime.
    pub async fn dial_name(&self, name: &str) -> io::Result<DuplexStream> {
        let addresses = self.lookup(name);
        let mut last = io::ErrorKind::NotFound.into();
        for address in addresses {
            match self.dial(address).await {
                Ok(stream) => return Ok(stream),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    /// What a name stands for; nothing, unless a test said so.
    pub fn lookup(&self, name: &str) -> Vec<SocketAddr> {
        self.state().network.names.get(name).cloned().unwrap_or_default()
    }

    /// What a name stands for from now on.
    pub fn set_name(&self, name: &str, addresses: impl IntoIterator<Item = SocketAddr>) {
        let addresses = addresses.into_iter().collect();
        self.state().network.names.insert(name.to_owned(), addresses);
    }

    /// How often this address was dialled, whatever came of it; on sockets, how often that was
    /// accepted.
    pub fn dials(&self, address: SocketAddr) -> usize {
        self.state().network.dials.get(&address).copied().unwrap_or_default()
    }

    /// All addresses that were ever dialled, and how often.
    pub fn all_dials(&self) -> BTreeMap<SocketAddr, usize> {
        self.state().network.dials.clone()
    }

    /// What becomes of connections to this address from now on; those that are open stay.
    ///
    /// # Panics
    ///
    /// If nobody ever was at this address, or, on sockets, if it cannot be listened on.
    pub fn set_reach(&self, address: SocketAddr, reach: Reach) {
        let node = self.state().network.occupants.get(&address).map(|own| own.node.clone());
        let node = node.unwrap_or_else(|| panic!("nobody is at {address}"));
        self.occupy(address, node, reach);
    }

    /// Another cluster's node, or a node alone, is at this address from now on; the cluster knows
    /// nothing of it. Whoever was there before has to be gone.
    ///
    /// # Panics
    ///
    /// On sockets, if the address cannot be listened on.
    pub fn take_over(&self, address: SocketAddr, node: Arc<ScriptedNode>) {
        self.occupy(address, node, Reach::Open);
    }

    /// This node is at this address, and reached like that.
    pub(super) fn occupy(&self, address: SocketAddr, node: Arc<ScriptedNode>, reach: Reach) {
        self.state().network.vacate(address);
        let listens = self.state().network.on_sockets && reach != Reach::Refused;
        let door = listens.then(|| self.open_door(address, &node, reach));
        self.state().network.occupants.insert(address, Occupant { node, reach, _door: door });
    }

    fn open_door(&self, address: SocketAddr, node: &Arc<ScriptedNode>, reach: Reach) -> Door {
        let listener = listen(address);
        let listener =
            listener.unwrap_or_else(|error| panic!("cannot listen on {address}: {error}"));
        let listener: Listener = Arc::new(Mutex::new(Some(listener)));
        // What clients did wrong is found when the test lets the cluster go, not when its tasks end.
        let (node, shared) = (Arc::downgrade(node), Arc::downgrade(&self.shared));
        let accepts = listener.clone();
        let task = lock(&self.shared.tasks).spawn(async move {
            let mut silent = Vec::new();
            while let Some(stream) = accept(&accepts).await {
                let (Some(shared), Some(node)) = (shared.upgrade(), node.upgrade()) else { return };
                lock(&shared.state).network.count(address);
                match reach {
                    Reach::Lost => silent.push(stream),
                    _ => node.serve_tcp(stream),
                }
            }
        });
        Door { listener, task }
    }
}

/// The next connection; `None` once the door is closed.
async fn accept(listener: &Listener) -> Option<TcpStream> {
    let accepted = poll_fn(|context| match &*lock(listener) {
        Some(listener) => listener.poll_accept(context).map(Result::ok),
        None => Poll::Ready(None),
    });
    accepted.await.map(|(stream, _)| stream)
}

/// Listens at once, even where a server was that has just gone.
pub(super) fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}
