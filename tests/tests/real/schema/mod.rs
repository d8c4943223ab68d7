//! The whole schema of a server, as the driver has read it and as the server describes it (DESCRIBE):
//! every keyspace, virtual ones too, with all that is in it.

mod written;

use std::collections::{BTreeMap, BTreeSet};

use cqlwire::Session;
use cqlwire_testkit::cassandra::Cluster;

use self::written::{bare, written};
use crate::{PATIENCE, builder, close, has_vectors};

/// Makes keyspaces with everything in them that there is.
const STATEMENTS: &str = include_str!("../../../../crates/cluster/examples/record_schema.cql");

/// What servers before 5.0 do not know of it.
const NEW: [&str; 3] =
    [", f vector<float, 3>", ", h frozen<vector<frozen<list<int>>, 2>>", "StorageAttachedIndex"];

/// What a statement makes: its kind as DESCRIBE calls it, and its name.
type Element = (String, String);

async fn create_everything(session: &Session) {
    let has_vectors = has_vectors(session).await;
    for statement in STATEMENTS.split(";\n").map(str::trim).filter(|text| !text.is_empty()) {
        let [vector, of_lists, index] = NEW;
        if has_vectors {
            session.query(statement, ()).await.unwrap();
        } else if !statement.contains(index) {
            let old = statement.replace(vector, "").replace(of_lists, "");
            session.query(&old, ()).await.unwrap();
        }
    }
}

/// The names of all keyspaces, as the server lists them.
async fn keyspaces(session: &Session) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for tables in ["system_schema", "system_virtual_schema"] {
        let select = format!("SELECT keyspace_name FROM {tables}.keyspaces");
        let listed = session.query(&select, ()).await.unwrap();
        names.extend(listed.rows::<(String,)>().unwrap().map(|row| row.unwrap().0));
    }
    names
}

/// What the server says of a keyspace and all that is in it.
async fn described(session: &Session, keyspace: &str) -> BTreeMap<Element, String> {
    let describe = format!("DESCRIBE KEYSPACE \"{keyspace}\"");
    let described = session.query(&describe, ()).await.unwrap();
    let rows = described.rows::<(&str, String, &str, &str)>().unwrap().map(|row| {
        let (_, kind, name, statement) = row.unwrap();
        ((kind, bare(name, keyspace)), bare(statement, keyspace))
    });
    rows.collect()
}

#[tokio::test]
async fn the_whole_schema_is_what_the_server_describes() {
    let mut cluster = Cluster::builder();
    for allowed in ["materialized_views_enabled", "user_defined_functions_enabled"] {
        cluster = cluster.setting(allowed, "true");
    }
    let cluster = cluster.start().await;
    let session = builder(&cluster).connect().await.unwrap();
    create_everything(&session).await;
    // Read anew, whole: not what changes have made of it.
    close(session).await;
    let session = builder(&cluster).connect().await.unwrap();
    assert!(session.refresh(PATIENCE).await);
    let schema = session.schema();
    assert_eq!(schema.tables_left_out(), 0);
    let names = keyspaces(&session).await;
    let read: BTreeSet<String> =
        schema.keyspaces().map(|keyspace| keyspace.name().to_owned()).collect();
    assert_eq!(read, names);
    assert!(names.len() >= 8, "{names:?}");
    for name in &names {
        let read = written(schema.keyspace(name).unwrap());
        let described = described(&session, name).await;
        assert!(read.keys().eq(described.keys()), "{name}: {read:#?}\n{described:#?}");
        for (element, parts) in &read {
            let said = &described[element];
            for part in parts {
                assert!(said.contains(part), "{element:?}\nserver: {said}\ndriver: {part}");
            }
        }
    }
    close(session).await;
}
