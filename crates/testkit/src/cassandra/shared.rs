//! The one plain node that most tests share.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::sync::OnceCell;

use super::cluster::Cluster;
use super::conversation::Conversation;
use super::home::Home;
use super::launch::Plan;
use super::life::Life;
use super::ports::Slot;
use super::record::Record;
use super::source::Source;
use super::up;
use super::variant::Variant;
use super::version::Version;
use super::{Error, environment, say, source};

/// How long a cluster that runs already may take for an answer.
const ANSWER: Duration = Duration::from_secs(10);

/// That of this process. It is never dropped: the end of the process ends it.
static SHARED: OnceCell<Result<Cluster, String>> = OnceCell::const_new();

/// A plain node that tests share and leave running, the same for the whole process: see the
/// [module](super) for which one.
///
/// # Panics
///
/// If there is none, with a message that says why; each time it is asked for. Outside a tokio
/// runtime.
///
/// # Cancel safety
///
/// If the future is dropped, another caller goes on.
pub async fn shared() -> &'static Cluster {
    let start = || async {
        let started = tokio::task::spawn_blocking(shared_blocking).await;
        let started = started.expect("starting a cluster does not panic");
        started.map_err(|error| error.to_string())
    };
    match SHARED.get_or_init(start).await {
        Ok(cluster) => cluster,
        Err(why) => panic!("{why}"),
    }
}

/// The node that [`shared`] would give, if it runs already: none is started. For what is many
/// processes, each of which would start its own.
///
/// # Errors
///
/// It is one that the user named, and it does not answer; or there is nowhere to look for one.
pub fn found() -> Result<Option<Cluster>, Error> {
    if let Some(points) = source::contact_points()? {
        return given(points).map(Some);
    }
    Ok(running(&Home::of_project()?))
}

/// Finds the shared node, or starts one for the caller alone.
pub(super) fn shared_blocking() -> Result<Cluster, Error> {
    if let Some(points) = source::contact_points()? {
        return given(points);
    }
    let home = Home::of_project()?;
    running(&home).map_or_else(|| start(home), Ok)
}

/// That of `cassandra run`, or of `cassandra up`.
fn running(home: &Home) -> Option<Cluster> {
    let handed = environment::variable(environment::SHARED).map(PathBuf::from);
    let handed = handed.and_then(|directory| Record::read(&directory));
    let found = handed.or_else(|| of_up(home));
    let record = found.filter(|record| answers(&record.contact_points()).is_ok())?;
    say(&format!("sharing {}, which is up", record.name));
    Some(Cluster::of_others(record.contact_points(), record.variant))
}

/// A cluster that the user named.
fn given(points: Vec<std::net::SocketAddr>) -> Result<Cluster, Error> {
    answers(&points)?;
    let list: Vec<String> = points.iter().map(ToString::to_string).collect();
    say(&format!("using {}, as {} says", list.join(", "), environment::CONTACT_POINTS));
    Ok(Cluster::of_others(points, Variant::PLAIN))
}

/// The cluster of `cassandra up`, if it is one like it would be started here.
fn of_up(home: &Home) -> Option<Record> {
    let version = Version::wanted().ok()?.to_string();
    up::running(home).filter(|record| record.is_usual(&version))
}

fn answers(points: &[std::net::SocketAddr]) -> Result<(), Error> {
    points.iter().try_for_each(|address| {
        let begun = Conversation::begin(*address, None, ANSWER);
        let answered = begun.and_then(|mut server| server.options());
        answered.map_err(|why| Error::Silent { address: *address, why: why.to_string() })
    })
}

fn start(home: Home) -> Result<Cluster, Error> {
    let version = Version::wanted()?;
    let source = Source::find(&home, &version)?;
    let (name, lock) = home.lock_any("shared")?;
    let slot = Slot::take(1)?;
    let plan = Plan {
        source,
        home,
        name,
        version,
        variant: Variant::PLAIN,
        settings: Vec::new(),
        ports: slot.ports,
        locks: [lock, slot.lock],
        life: Life::OfATest,
    };
    plan.launch().map(Cluster::shared)
}

/// The value of the variable by which a command finds the cluster that is shared with it; `None`
/// if it finds it without.
pub(super) fn handed_over(cluster: &Cluster) -> Option<(&'static str, &Path)> {
    let directory = &cluster.launched()?.directory;
    Some((environment::SHARED, directory))
}
