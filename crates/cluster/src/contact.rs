//! Contacting a cluster: servers are connected to and asked about it, each while those before it are
//! still silent, so that none which is silent, wrong or unknown hides one that is good.

use std::collections::HashSet;

use cqlwire_net::{ConnectError, Deadline, Endpoint, Race, ServerAddress};

use crate::control::Control;
use crate::listing::ClusterRows;
use crate::{ContactAttempt, ContactFailure, Settings, Topology};

/// Where a server stands among those that are tried: by contact point, and then by address.
pub(crate) type Rank = (usize, usize);

/// The servers to try, and those that are being tried.
pub(crate) struct Contacts<'a> {
    settings: &'a Settings,
    pool: &'a cqlwire_pool::Settings,
    deadline: Deadline,
    /// The cluster that they have to belong to, as it was last seen, if it was.
    known: Option<&'a Topology>,
    race: Race<'a, Step>,
    /// By the names that they have: several contact points may stand for one server, whose
    /// certificate may be made out to one of them alone.
    tried: HashSet<(ServerAddress, String)>,
}

/// A server that has said what it knows of the cluster.
#[derive(Debug)]
pub(crate) struct Contacted {
    pub(crate) rank: Rank,
    pub(crate) contact_point: Option<Endpoint>,
    pub(crate) control: Control,
    pub(crate) rows: ClusterRows,
}

/// A server that has not, and why.
#[derive(Debug)]
pub(crate) struct Failed {
    pub(crate) rank: Rank,
    pub(crate) attempt: ContactAttempt,
}

/// What ends next: a name is looked up, or a server is asked.
enum Step {
    LookedUp(usize, Endpoint, Result<Vec<ServerAddress>, ConnectError>),
    Asked(Result<Contacted, Failed>),
}

impl<'a> Contacts<'a> {
    pub(crate) fn new(
        settings: &'a Settings,
        pool: &'a cqlwire_pool::Settings,
        deadline: Deadline,
        known: Option<&'a Topology>,
    ) -> Self {
        let race = Race::new(pool.connection.attempt_delay, deadline);
        Self { settings, pool, deadline, known, race, tried: HashSet::new() }
    }

    /// Has this server tried, which is known from before, in its turn.
    pub(crate) fn add_known(&mut self, address: ServerAddress) {
        self.enter((0, self.tried.len()), None, address);
    }

    /// Has every server tried that the contact points stand for now, behind those that are known.
    pub(crate) fn add_contact_points(&mut self) {
        let (deadline, connection) = (self.deadline, &self.pool.connection);
        for (endpoint, rank) in self.settings.contact_points.iter().zip(1..) {
            self.race.begin(async move {
                let found = endpoint.addresses(connection, deadline).await;
                Step::LookedUp(rank, endpoint.clone(), found)
            });
        }
    }

    /// What comes of the server that answers, or fails, next; `None` if none is left.
    pub(crate) async fn next(&mut self) -> Option<Result<Contacted, Failed>> {
        loop {
            match self.race.next().await? {
                Step::Asked(outcome) => return Some(outcome),
                Step::LookedUp(rank, endpoint, Ok(addresses)) => {
                    for (address, index) in addresses.into_iter().zip(0..) {
                        self.enter((rank, index), Some(endpoint.clone()), address);
                    }
                }
                Step::LookedUp(rank, endpoint, Err(error)) => {
                    let attempt = ContactAttempt::of(Some(endpoint), None, error);
                    return Some(Err(Failed { rank: (rank, 0), attempt }));
                }
            }
        }
    }

    fn enter(&mut self, rank: Rank, contact_point: Option<Endpoint>, address: ServerAddress) {
        if !self.tried.insert((address.clone(), address.host())) {
            return;
        }
        let (settings, pool, deadline) = (self.settings, self.pool, self.deadline);
        let known = self.known;
        self.race.enter(async move {
            let asked = ask(&address, settings, pool, known, deadline).await;
            let cluster = known.map(Topology::cluster_name);
            let asked = asked.and_then(|(control, rows)| Ok((control, rows.of_cluster(cluster)?)));
            Step::Asked(match asked {
                Ok((control, rows)) => Ok(Contacted { rank, contact_point, control, rows }),
                Err(failure) => {
                    let attempt = ContactAttempt::of(contact_point, Some(address), failure);
                    Err(Failed { rank, attempt })
                }
            })
        });
    }
}

/// The control connection to this server, and what it knows.
async fn ask(
    address: &ServerAddress,
    settings: &Settings,
    pool: &cqlwire_pool::Settings,
    known: Option<&Topology>,
    deadline: Deadline,
) -> Result<(Control, ClusterRows), ContactFailure> {
    let control =
        Control::open(address.clone(), pool, settings.driver_config.as_ref(), deadline).await?;
    // First this, so that no change falls between what is read and what is pushed.
    control.register(deadline.within(settings.query_timeout)).await?;
    let rows = control.list(deadline.within(settings.query_timeout), settings, known).await?;
    Ok((control, rows))
}
