//! A session whose server does anything: the bytes say what it answers to whatever it is asked, the
//! handshake included, and what its users ask. Each call is over within its time; once the server
//! does well again, so does the session; and in the end nothing is left.

mod answers;
mod calls;

use std::sync::Arc;
use std::time::Duration;

use cqlwire::codec::ProtocolVersion;
use cqlwire::{Compression, DefaultRetryPolicy, NeverRetry, Session, SessionBuilder};
use cqlwire_testkit::node::ScriptedNode;
use tokio::task::JoinSet;
use tokio::time::sleep;

use self::answers::Answers;
use self::calls::Call;
use crate::input::{Input, VERSIONS};
use crate::server::{
    TIMEOUT, builder, check_violations, close, in_time, nothing_is_left, run as run_scene,
};

/// How many calls there are at most.
const MOST_CALLS: u8 = 12;

/// Longer than silence is borne, answers are owed, and a host is not tried.
const SETTLING: Duration = Duration::from_secs(10);

/// A byte for the setup; how many calls, and two bytes of each; then the answers, as they are asked
/// for.
pub fn run(data: &[u8]) {
    let mut input = Input(data);
    let setup = input.byte();
    let count = input.byte() % MOST_CALLS;
    let calls = (0..count).map(|_| Call::new(input.byte(), input.byte())).collect();
    let answers = Answers::new(input.rest().to_vec());
    run_scene(|| scene(setup, calls, answers));
}

async fn scene(setup: u8, calls: Vec<Call>, answers: Arc<Answers>) {
    let node = Arc::new(ScriptedNode::builder().in_memory());
    calls::prime(&node);
    let script = Arc::clone(&answers);
    node.script(move |received| script.answer(received));
    let connecting = of_setup(setup, builder(&node)).connect();
    match in_time("connecting", connecting).await {
        Ok(session) => {
            ask(&session, calls, setup).await;
            answers.heal();
            comes_back(&session, &answers).await;
            close(session, &node).await;
        }
        Err(error) => {
            let _ = error.to_string();
            nothing_is_left(&node).await;
        }
    }
    check_violations(&node, answers.has_lied_about_the_protocol());
}

fn of_setup(setup: u8, builder: SessionBuilder) -> SessionBuilder {
    let newest = VERSIONS[usize::from(setup % 3)];
    let builder = builder
        .protocol_versions(ProtocolVersion::V3, newest)
        .prepared_statements(2)
        .max_response_bytes(64 << 10)
        .connections_per_host(1 + usize::from(setup >> 2 & 1));
    let builder = if setup & 8 != 0 { builder.compression(Compression::Lz4) } else { builder };
    if setup & 16 != 0 {
        builder.retry_policy(NeverRetry)
    } else {
        builder.retry_policy(DefaultRetryPolicy)
    }
}

/// All calls at once, or one after the other.
async fn ask(session: &Session, calls: Vec<Call>, setup: u8) {
    let mut under_way = JoinSet::new();
    for call in calls {
        let session = session.clone();
        let asked = async move { call.make(&session).await };
        if setup & 32 != 0 {
            asked.await;
        } else {
            under_way.spawn(asked);
        }
    }
    while let Some(ended) = under_way.join_next().await {
        ended.expect("a call does not panic");
    }
}

/// A server that does well is asked again, if nothing that it said of the cluster was wrong.
async fn comes_back(session: &Session, answers: &Answers) {
    if answers.has_lied_about_the_cluster() {
        return;
    }
    sleep(SETTLING).await;
    let answer = in_time("a last call", session.query("SELECT last", ()).timeout(TIMEOUT)).await;
    assert!(answer.is_ok(), "all is well, but {answer:?}");
}
