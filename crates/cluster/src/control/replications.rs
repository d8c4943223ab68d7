//! How the keyspaces are replicated, as one server knows it.

use std::collections::HashMap;

use cqlwire_codec::{ErrorCode, Row, RowIter, Rows, ValueError};
use cqlwire_net::{AskError, Connection, Deadline};

use crate::ContactFailure;
use crate::placement::Replications;
use crate::ring::Replication;

const KEYSPACES: &str = "SELECT keyspace_name, replication FROM system_schema.keyspaces";

/// Of ScyllaDB: the keyspaces whose partitions are placed by tablets, not by the ring.
const TABLETS: &str = "SELECT keyspace_name, initial_tablets FROM system_schema.scylla_keyspaces";

/// Reads how all keyspaces are replicated. One whose partitions the ring does not place is left out.
pub(super) async fn read(
    connection: &Connection,
    deadline: Deadline,
) -> Result<Replications, ContactFailure> {
    let Some(keyspaces) = known(connection.ask(KEYSPACES, deadline).await)? else {
        return Ok(Replications::new());
    };
    let mut replications = Replications::new();
    for row in rows(&keyspaces)? {
        let row = row?;
        let options: HashMap<&str, &str> = row.get("replication")?;
        let name: &str = row.get("keyspace_name")?;
        replications.insert(name.into(), Replication::parse(options));
    }
    if let Some(tablets) = known(connection.ask(TABLETS, deadline).await)? {
        for row in rows(&tablets)? {
            let row = row?;
            if row.get::<Option<i32>>("initial_tablets")?.is_some() {
                replications.remove(row.get::<&str>("keyspace_name")?);
            }
        }
    }
    Ok(replications)
}

/// The rows, unless the server has no such table.
fn known(asked: Result<Rows, AskError>) -> Result<Option<Rows>, AskError> {
    match asked {
        Ok(rows) => Ok(Some(rows)),
        Err(AskError::Server(error)) if error.code == ErrorCode::Invalid => Ok(None),
        Err(AskError::Unexpected(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

fn rows(rows: &Rows) -> Result<RowIter<'_, Row<'_>>, ValueError> {
    let columns = rows.metadata.columns.as_deref().unwrap_or_default();
    RowIter::new(columns, rows.row_count, &rows.content)
}
