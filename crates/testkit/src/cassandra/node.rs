//! One node of a cluster of its own: what a test can do to it.

use std::fs::{self, File};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use rustls::ClientConfig;

use super::conversation::Conversation;
use super::process::{self, Server};
use super::program::{Place, Program};
use super::supervisor::Supervisor;
use super::{Error, environment, home, ports};

/// How long a node may take to start, unless the environment says otherwise. Three at once on two
/// processors take half a minute, and two where others compile. One that fails is noticed at once.
const START: Duration = Duration::from_secs(300);
/// How long a node may take to shut down before it is killed.
pub(super) const STOP: Duration = Duration::from_secs(30);
/// How long an answer may take while a node starts.
const ANSWER: Duration = Duration::from_secs(5);
/// How long an answer may take of a node that runs.
const QUICK_ANSWER: Duration = Duration::from_secs(1);
/// How often to ask.
const STEP: Duration = Duration::from_millis(100);
/// How much of a log is shown.
const LINES: usize = 25;

/// How much has to be well before a node counts as ready.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Readiness {
    /// It answers and lets clients in.
    Itself,
    /// It also holds every other node for up.
    WithAllOthers,
}

/// A node of a [`Cluster`](super::Cluster), counted from 1.
///
/// Its methods panic when the system refuses, and the asynchronous ones outside a tokio runtime.
/// They go on to their end when their future is dropped.
#[derive(Clone, Debug)]
pub struct Node {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    place: Mutex<Place>,
    program: Program,
    tls: Mutex<Option<Arc<ClientConfig>>>,
    supervisor: Weak<Supervisor>,
    running: Mutex<Option<Running>>,
}

#[derive(Debug)]
struct Running {
    child: Child,
    server: Server,
}

impl Node {
    pub(super) fn new(
        place: Place,
        program: Program,
        tls: Option<Arc<ClientConfig>>,
        supervisor: &Arc<Supervisor>,
    ) -> Self {
        let supervisor = Arc::downgrade(supervisor);
        let (place, running, tls) = (Mutex::new(place), Mutex::new(None), Mutex::new(tls));
        Self { inner: Arc::new(Inner { place, program, tls, supervisor, running }) }
    }

    /// Its number, by which the cluster knows it, counted from 1.
    pub fn number(&self) -> u8 {
        self.inner.place().node
    }

    /// Where it answers CQL.
    pub fn address(&self) -> SocketAddr {
        self.inner.address()
    }

    /// Its log, of all its starts.
    pub fn log(&self) -> PathBuf {
        log(&self.inner.place().directory)
    }

    /// Whether it answers OPTIONS within a second.
    pub async fn answers(&self) -> bool {
        let inner = self.inner.clone();
        blocking(move || Ok(inner.answers(QUICK_ANSWER).is_ok())).await
    }

    /// Stops its process where it is (SIGSTOP): its sockets stay open, and it does not answer.
    pub fn pause(&self) {
        self.inner.with_server(Server::pause);
    }

    /// Lets a paused process go on.
    pub fn resume(&self) {
        self.inner.with_server(Server::resume);
    }

    /// Kills it (SIGKILL), also when it is paused, and waits for its end.
    pub fn kill(&self) {
        or_panic(self.inner.kill());
    }

    /// Shuts it down in good order: it tells the other nodes and closes its connections. Takes a
    /// few seconds.
    pub async fn stop(&self) {
        let inner = self.inner.clone();
        blocking(move || inner.stop()).await;
    }

    /// Starts it with the data that it had, and waits until it answers. A node that runs is only
    /// waited for.
    pub async fn start(&self) {
        let inner = self.inner.clone();
        blocking(move || inner.start_again()).await;
    }

    /// Removes what it has kept of prepared statements, so that it knows none when it is started
    /// again. It has to be [stopped](Self::stop), in good order: then all of it lies in its tables.
    pub fn forget_prepared(&self) {
        or_panic(self.inner.forget_prepared());
    }

    /// Replaces a line of its `cassandra.yaml`, or adds one; it counts when the node is started
    /// again.
    pub fn replace_setting(&self, key: &str, value: &str) {
        or_panic(self.inner.replace_setting(key, value));
    }

    /// [`stop`](Self::stop), then [`start`](Self::start).
    pub async fn restart(&self) {
        let inner = self.inner.clone();
        blocking(move || {
            inner.stop()?;
            inner.start_again()
        })
        .await;
    }

    /// Has it be at 127.0.0.`last`, for clients and for other nodes, when it is started again: they
    /// learn of it by then. It has to be [stopped](Self::stop) or killed.
    ///
    /// Where only 127.0.0.1 is set up, as on macOS, this takes `sudo ifconfig lo0 alias 127.0.0.…`
    /// before.
    pub fn move_to(&self, last: u8) {
        or_panic(self.inner.move_to(ports::address(last)));
    }

    /// What Cassandra's `nodetool` says when it is run on it with these arguments, on its standard
    /// output. Takes a second or two, or as long as what it does.
    pub async fn nodetool(&self, arguments: &[&str]) -> String {
        let arguments: Vec<String> = arguments.iter().map(|word| (*word).to_owned()).collect();
        let inner = self.inner.clone();
        blocking(move || inner.tool(&arguments)).await
    }

    pub(super) fn tool(&self, arguments: &[&str]) -> Result<String, Error> {
        let arguments: Vec<String> = arguments.iter().map(|word| (*word).to_owned()).collect();
        self.inner.tool(&arguments)
    }

    pub(super) fn try_kill(&self) -> Result<(), Error> {
        self.inner.kill()
    }

    pub(super) fn try_stop(&self) -> Result<(), Error> {
        self.inner.stop()
    }

    pub(super) fn spawn(&self) -> Result<(), Error> {
        self.inner.spawn()
    }

    pub(super) fn wait_until_ready(&self, readiness: Readiness) -> Result<(), Error> {
        self.inner.wait_until_ready(readiness)
    }

    /// What another process has to know of it; `None` while it does not run.
    pub(super) fn server(&self) -> Option<Server> {
        self.inner.running().as_ref().map(|running| running.server.clone())
    }

    /// How it is asked whether it is ready, from now on.
    pub(super) fn trust(&self, tls: Arc<ClientConfig>) {
        *self.inner.tls() = Some(tls);
    }

    /// Forgets the process without ending it.
    pub(super) fn let_go(&self) {
        *self.inner.running() = None;
    }
}

impl Inner {
    fn address(&self) -> SocketAddr {
        let place = self.place();
        SocketAddr::new(place.address, place.ports.cql)
    }

    fn place(&self) -> MutexGuard<'_, Place> {
        self.place.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn running(&self) -> MutexGuard<'_, Option<Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tls(&self) -> MutexGuard<'_, Option<Arc<ClientConfig>>> {
        self.tls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with_server(&self, act: impl FnOnce(&Server) -> Result<(), Error>) {
        let running = self.running();
        let running = running.as_ref().expect("the node was stopped or killed before");
        or_panic(act(&running.server));
    }

    fn spawn(&self) -> Result<(), Error> {
        let supervisor = self.supervisor();
        let place = self.place().clone();
        let path = log(&place.directory);
        let log = File::options().create(true).append(true).open(&path);
        let log = log.map_err(Error::file("open", &path))?;
        let errors = log.try_clone().map_err(Error::file("open", &path))?;
        let mut command = self.program.command(&place);
        command.stdout(log).stderr(errors);
        let mark = self.program.mark(&place);
        let mut server = Server { pid: 0, mark, container: self.program.container(&place) };
        // That of its last start.
        server.remove_container();
        let child = supervisor.spawn(&mut command)?;
        server.pid = i32::try_from(child.id()).unwrap_or(i32::MAX);
        *self.running() = Some(Running { child, server });
        Ok(())
    }

    fn supervisor(&self) -> Arc<Supervisor> {
        self.supervisor.upgrade().expect("the cluster of the node is dropped")
    }

    fn tool(&self, arguments: &[String]) -> Result<String, Error> {
        let name = format!("nodetool {}", arguments.join(" "));
        let mut command = self.program.tool(&self.place().clone(), arguments);
        self.supervisor().output(&name, &mut command, patience()?)
    }

    fn move_to(&self, address: IpAddr) -> Result<(), Error> {
        assert!(self.running().is_none(), "it would not be where it says");
        let Place { node, ports, .. } = self.place().clone();
        ports.check_free_at(node, address)?;
        for key in ["listen_address", "rpc_address"] {
            self.replace_setting(key, &address.to_string())?;
        }
        self.place().address = address;
        Ok(())
    }

    fn start_again(&self) -> Result<(), Error> {
        if self.ended().is_none_or(|ended| ended.is_some()) {
            self.spawn()?;
        }
        self.wait_until_ready(Readiness::Itself)
    }

    fn stop(&self) -> Result<(), Error> {
        let Some(mut running) = self.running().take() else { return Ok(()) };
        if running.server.container.is_none() {
            // Whoever is paused does not hear.
            running.server.resume()?;
        }
        running.server.terminate()?;
        match process::wait(&mut running.child, STOP) {
            Some(_) => Ok(()),
            None => end(running),
        }
    }

    fn forget_prepared(&self) -> Result<(), Error> {
        assert!(self.running().is_none(), "it would be told behind its back");
        let tables = self.place().directory.join("files/data/system");
        for table in fs::read_dir(&tables).map_err(Error::file("read", &tables))? {
            let table = table.map_err(Error::file("read", &tables))?.path();
            if table
                .file_name()
                .is_some_and(|name| name.as_encoded_bytes().starts_with(b"prepared_statements-"))
            {
                fs::remove_dir_all(&table).map_err(Error::file("remove", &table))?;
            }
        }
        Ok(())
    }

    fn replace_setting(&self, key: &str, value: &str) -> Result<(), Error> {
        let path = self.place().directory.join("conf/cassandra.yaml");
        let text = fs::read_to_string(&path).map_err(Error::file("read", &path))?;
        let begins = format!("{key}:");
        let kept = text.lines().filter(|line| !line.starts_with(&begins));
        let lines: Vec<&str> = kept.collect();
        home::write(&path, &format!("{}\n{key}: {value}\n", lines.join("\n")))
    }

    fn kill(&self) -> Result<(), Error> {
        self.running().take().map_or(Ok(()), end)
    }

    /// How its process ended; `Some(None)` while it runs, `None` if there is none.
    fn ended(&self) -> Option<Option<ExitStatus>> {
        let mut running = self.running();
        running.as_mut().map(|running| running.child.try_wait().unwrap_or_default())
    }

    fn answers(&self, patience: Duration) -> io::Result<Conversation> {
        let mut server =
            Conversation::begin(self.address(), self.tls().clone().as_ref(), patience)?;
        server.options()?;
        Ok(server)
    }

    fn is_ready(&self, readiness: Readiness) -> io::Result<()> {
        let mut server = self.answers(ANSWER)?;
        server.log_in()?;
        match readiness {
            Readiness::WithAllOthers if self.place().variant.nodes > 1 => server.reach_all_nodes(),
            _ => Ok(()),
        }
    }

    fn wait_until_ready(&self, readiness: Readiness) -> Result<(), Error> {
        let Place { node, directory, .. } = self.place().clone();
        let log = log(&directory);
        let tail = || home::tail(&log, LINES);
        let (begun, patience) = (Instant::now(), patience()?);
        loop {
            if let Some(Some(status)) = self.ended() {
                return Err(Error::Ended { node, status, tail: tail(), log });
            }
            let Err(why) = self.is_ready(readiness) else { return Ok(()) };
            if begun.elapsed() > patience {
                let (why, waited) = (why.to_string(), patience);
                return Err(Error::NotReady { node, waited, why, tail: tail(), log });
            }
            std::thread::sleep(STEP);
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        // The supervisor has killed it already, unless somebody has killed the supervisor.
        self.running().take().map_or(Ok(()), end).unwrap_or_default();
    }
}

/// How long a node may take to start, or to do what it is told by `nodetool`.
pub(super) fn patience() -> Result<Duration, Error> {
    let Some(text) = environment::variable(environment::START) else { return Ok(START) };
    match text.trim().parse() {
        Ok(seconds @ 1..) => Ok(Duration::from_secs(seconds)),
        _ => Err(Error::Patience { text }),
    }
}

/// The log of the node with this directory.
pub(super) fn log(directory: &Path) -> PathBuf {
    directory.join("system.log")
}

fn end(mut running: Running) -> Result<(), Error> {
    running.server.kill()?;
    // SIGKILL leaves it no choice.
    running.child.wait().map(drop).unwrap_or_default();
    Ok(())
}

/// Does what blocks on a thread for that.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> T {
    or_panic(tokio::task::spawn_blocking(work).await.expect("a node's work does not panic"))
}

/// Gives what a test asked for, or ends it with a message that is made to be read.
pub(super) fn or_panic<T>(outcome: Result<T, Error>) -> T {
    outcome.unwrap_or_else(|error| panic!("{error}"))
}
