//! A session whose server has any system tables: names that mean nothing, types that are none, rows
//! that are missing, doubled or wrong. What is read stays within its memory, and agrees with itself.

mod tables;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use cqlwire::codec::{ColumnType, Event, SchemaChange, SchemaChangeKind, SchemaTarget};
use cqlwire::{Schema, Session};
use cqlwire_testkit::node::ScriptedNode;

use self::tables::SystemTable;
use crate::input::Input;
use crate::server::{TIMEOUT, builder, check_violations, close, in_time, run as run_scene};

/// How much memory it may take.
const MOST_BYTES: usize = 4 << 10;

/// What is said to have changed; then the rows of each system table, of which all have as many bytes.
pub fn run(data: &[u8]) {
    let mut input = Input(data);
    let change = input.byte();
    let rest = input.rest().to_vec();
    run_scene(|| scene(change, rest));
}

async fn scene(change: u8, bytes: Vec<u8>) {
    let node = Arc::new(ScriptedNode::builder().in_memory());
    let turn = Arc::new(AtomicUsize::new(0));
    let at = Arc::clone(&turn);
    node.script(move |received| {
        let table = SystemTable::asked_for(received.statements.first()?)?;
        Some(table.rows(table.read(&bytes, at.load(Ordering::Relaxed))))
    });
    let builder = builder(&node).schema(|settings| {
        settings.max_bytes = MOST_BYTES;
        settings.page_rows = 5;
    });
    let session = in_time("connecting", builder.connect()).await.expect("a server");
    assert!(session.refresh(TIMEOUT * 4).await, "the schema is read");
    look_at(&session).await;
    turn.store(1, Ordering::Relaxed);
    node.push(&changed(change));
    assert!(session.refresh(TIMEOUT * 4).await, "the schema is read again");
    look_at(&session).await;
    close(session, &node).await;
    check_violations(&node, false);
}

fn changed(change: u8) -> Event {
    let keyspace = tables::name(change % 8).to_owned();
    let name = tables::name(change >> 3 & 7).to_owned();
    let target = match change >> 6 {
        0 => SchemaTarget::Keyspace,
        1 => SchemaTarget::Table(name),
        2 => SchemaTarget::Type(name),
        _ => SchemaTarget::Function(name, vec!["int".to_owned()]),
    };
    Event::SchemaChange(SchemaChange { kind: SchemaChangeKind::Updated, target, keyspace })
}

/// Requests go on whatever the schema says, and it says nothing that contradicts itself.
async fn look_at(session: &Session) {
    let schema = session.schema();
    agrees_with_itself(&schema);
    let answer = in_time("a query", session.query("SELECT 1", ())).await;
    assert!(answer.is_ok(), "{answer:?}");
}

fn agrees_with_itself(schema: &Schema) {
    assert!(schema.memory_bytes() <= MOST_BYTES, "{} bytes", schema.memory_bytes());
    for keyspace in schema.keyspaces() {
        let found = schema.keyspace(keyspace.name()).expect("found by its name");
        assert!(Arc::ptr_eq(found, keyspace));
        for table in keyspace.tables().chain(keyspace.views()) {
            assert!(schema.table(keyspace.name(), table.name()).is_some());
            let parts = [table.partition_key(), table.clustering(), table.statics()];
            for column in parts.into_iter().flatten().chain(table.regulars()) {
                let found = table.column(&column.name).expect("found by its name");
                assert_eq!(found.name, column.name);
                can_be_read(&column.column_type);
            }
        }
        for ty in keyspace.user_types() {
            assert!(keyspace.user_type(&ty.name).is_some());
            ty.fields.iter().for_each(|(_, ty)| can_be_read(ty));
        }
    }
}

/// As text it is a type of CQL, or one that is told so.
fn can_be_read(ty: &ColumnType) {
    let _ = ColumnType::from_cql(&ty.to_string(), &|_, _| None);
}
