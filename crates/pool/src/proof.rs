//! Is the server that a connection reaches the one that it is for? Addresses are given to others: to
//! another host of the cluster, or to one of another cluster, whose tables may have the same names.

use cqlwire_codec::{Row, RowIter, Rows, ValueError};
use cqlwire_net::{AskError, Connection, Deadline};
use uuid::Uuid;

use crate::{Elsewhere, Identity, Unconnected};

const WHO: &str = "SELECT cluster_name, host_id FROM system.local WHERE key = 'local'";

/// Asks the server who it is, and compares.
pub(crate) async fn reaches(
    connection: &Connection,
    expected: &Identity,
    deadline: Deadline,
) -> Result<(), Unconnected> {
    let said = connection.ask(WHO, deadline).await?;
    let (cluster, host_id) = read(&said).map_err(AskError::from)?;
    compare(expected, cluster, host_id)
        .map_err(|elsewhere| Unconnected::Elsewhere(elsewhere.into()))
}

fn read(rows: &Rows) -> Result<(String, Option<Uuid>), ValueError> {
    match RowIter::<Row<'_>>::of(rows)?.next().transpose()? {
        Some(row) => Ok((row.get("cluster_name")?, row.get("host_id")?)),
        None => Ok((String::new(), None)),
    }
}

fn compare(expected: &Identity, cluster: String, found: Option<Uuid>) -> Result<(), Elsewhere> {
    if *cluster != *expected.cluster_name {
        let expected = expected.cluster_name.clone();
        return Err(Elsewhere::OtherCluster { expected, found: cluster });
    }
    if found != Some(expected.host_id) {
        return Err(Elsewhere::OtherHost { expected: expected.host_id, found });
    }
    Ok(())
}
