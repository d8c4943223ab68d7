//! The phase on real servers, one of which is restarted now and then.

use std::sync::Arc;
use std::time::Duration;

use cqlwire::{Consistency, ExecutionProfile, Session};
use cqlwire_testkit::cassandra::Cluster;
use tokio::time::sleep;

use super::SoakArguments;
use super::keys::{KeysUser, Statements, TABLE};
use super::phase::{self, PhaseReport, Progress, Until};
use super::sample::of_the_process;
use crate::Result;

/// How many statements the session keeps: fewer than there are texts.
const KEPT: usize = 64;

/// A restart takes at most so long, on a busy machine: none begins later than this before the end.
const RESTART: Duration = Duration::from_secs(90);

/// How often it is asked whether a restart is due.
const STEP: Duration = Duration::from_millis(500);

/// Starts the servers and runs the phase.
pub(super) async fn phase(arguments: &SoakArguments) -> Result<PhaseReport> {
    let cluster = Cluster::builder().nodes(arguments.nodes).name("soak").start().await;
    let replicas = arguments.nodes.min(3);
    make_table(&cluster, replicas).await?;
    let before = of_the_process();
    let session = connect(&cluster, arguments).await?;
    let statements = Statements::prepare(&session).await?;
    let timeout = arguments.call_timeout();
    let user = |part: u16| KeysUser::new(&session, &statements, part.into(), timeout);
    let users = (0..arguments.users).map(user).collect();
    drop(statements);
    let progress = Progress::new(Until::Passed(arguments.length()), arguments);
    let running = phase::run("real servers", session, users, Arc::clone(&progress), before);
    let restarting = restart(&cluster, arguments.restart_interval(), &progress);
    let (report, restarts) = tokio::join!(running, restarting);
    Ok(PhaseReport { restarts, ..report? })
}

async fn make_table(cluster: &Cluster, replicas: u8) -> Result<()> {
    let points = cluster.contact_points().iter().map(ToString::to_string);
    let profile = ExecutionProfile::default().timeout(Duration::from_secs(60));
    let builder = Session::builder().contact_points(points.collect::<Vec<_>>()).profile(profile);
    let session = builder.connect().await?;
    let keyspace = format!(
        "CREATE KEYSPACE IF NOT EXISTS soak WITH replication = \
         {{'class': 'SimpleStrategy', 'replication_factor': {replicas}}}"
    );
    for statement in [&*keyspace].into_iter().chain(TABLE) {
        session.query(statement, ()).await?;
    }
    session.close(Duration::from_secs(10)).await;
    Ok(())
}

async fn connect(cluster: &Cluster, arguments: &SoakArguments) -> Result<Session> {
    let profile = ExecutionProfile::default()
        .consistency(Consistency::Quorum)
        .timeout(arguments.call_timeout());
    let points = cluster.contact_points().iter().map(ToString::to_string);
    let builder = Session::builder().contact_points(points.collect::<Vec<_>>());
    Ok(builder.prepared_statements(KEPT).profile(profile).connect().await?)
}

/// Restarts one server after the other until the phase is nearly over; gives how often.
async fn restart(cluster: &Cluster, interval: Duration, progress: &Progress) -> u32 {
    let (mut restarts, mut waited) = (0, Duration::ZERO);
    while progress.left() > RESTART && !progress.is_over() {
        sleep(STEP).await;
        waited += STEP;
        if waited < interval {
            continue;
        }
        waited = Duration::ZERO;
        let turn = restarts % u32::from(cluster.node_count());
        let number = u8::try_from(turn + 1).unwrap_or(1);
        cluster.node(number).restart().await;
        restarts += 1;
        println!("node {number} was restarted, {} s are left", progress.left().as_secs());
    }
    restarts
}
