//! After a change of the schema: do all servers know it yet?

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use cqlwire_cluster::Host;
use cqlwire_codec::{
    Consistency, Query, QueryParameters, RequestOptions, Response, ResultResponse, Row, RowIter,
    Rows, decode_response, encode_request,
};
use cqlwire_net::{Connection, Deadline};
use tokio::time::sleep;
use uuid::Uuid;

/// How long to wait between two looks.
const PAUSE: Duration = Duration::from_millis(100);

const TABLES: [&str; 2] = [
    "SELECT schema_version FROM system.local WHERE key = 'local'",
    "SELECT schema_version FROM system.peers",
];

/// Waits until every server that this host knows has the same schema, or until the timeout, and
/// says whether they have. A host that cannot be asked any more does not say so.
pub(super) async fn agreement(host: &Arc<Host>, timeout: Duration) -> bool {
    let deadline = Deadline::after(timeout);
    loop {
        if versions(host, deadline).await.is_some_and(|versions| versions.len() == 1) {
            return true;
        }
        if deadline.remaining() < PAUSE {
            tracing::warn!(host = %host.endpoint(), "the servers do not agree on the schema yet");
            return false;
        }
        sleep(PAUSE).await;
    }
}

/// The versions of the schema that the servers have.
async fn versions(host: &Host, deadline: Deadline) -> Option<BTreeSet<Uuid>> {
    let connection = host.pool().pick().ok()?;
    let mut versions = BTreeSet::new();
    for table in TABLES {
        let rows = select(&connection, table, deadline).await?;
        let columns = rows.metadata.columns.as_deref()?;
        for row in RowIter::<Row<'_>>::new(columns, rows.row_count, &rows.content).ok()? {
            // A server that is down has no version there.
            versions.extend(row.ok()?.get::<Option<Uuid>>("schema_version").ok()?);
        }
    }
    Some(versions)
}

async fn select(connection: &Connection, statement: &str, deadline: Deadline) -> Option<Rows> {
    let query = Query { statement, parameters: QueryParameters::new(Consistency::One, &()) };
    let options =
        RequestOptions { compression: connection.compression(), ..RequestOptions::default() };
    let envelope = encode_request(&query, connection.version(), &options, BytesMut::new()).ok()?;
    let answer = connection.send(envelope, deadline).ok()?.request.await.ok()?;
    match decode_response(&answer).ok()?.response {
        Response::Result(ResultResponse::Rows(rows)) => Some(rows),
        _ => None,
    }
}
