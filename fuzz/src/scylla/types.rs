//! Their types as ours.

use std::sync::Arc;

use cqlwire_codec::{
    ColumnSpec, ColumnType, Event, Response, ResultResponse, SchemaChange, SchemaChangeKind,
    SchemaTarget, StatusChange, TopologyChange, UserType,
};
use scylla_cql::frame::response::event::{
    Event as TheirEvent, SchemaChangeEvent, SchemaChangeType, StatusChangeEvent,
    TopologyChangeEvent,
};
use scylla_cql::frame::response::result::{
    CollectionType, ColumnSpec as TheirColumn, ColumnType as Theirs, NativeType,
};

/// Whether no column is of a class that is opaque here: they refuse those, and nest without a limit
/// what they have not refused yet.
pub(super) fn all_known(response: &Response) -> bool {
    let known = |columns: &Option<Arc<[ColumnSpec]>>| {
        columns
            .iter()
            .flat_map(|columns| columns.iter())
            .all(|column| is_known(&column.column_type))
    };
    match response {
        Response::Result(ResultResponse::Rows(rows)) => known(&rows.metadata.columns),
        Response::Result(ResultResponse::Prepared(prepared)) => {
            known(&Some(Arc::clone(&prepared.bind.columns))) && known(&prepared.result.columns)
        }
        _ => true,
    }
}

fn is_known(ty: &ColumnType) -> bool {
    match ty {
        ColumnType::List(element) | ColumnType::Set(element) => is_known(element),
        ColumnType::Map(key, value) => is_known(key) && is_known(value),
        ColumnType::Tuple(elements) => elements.iter().all(is_known),
        ColumnType::UserType(user) => user.fields.iter().all(|(_, field)| is_known(field)),
        ColumnType::Vector(element, _) => is_known(element),
        other => native(other).is_some(),
    }
}

pub(super) fn column(theirs: &TheirColumn<'_>) -> ColumnSpec {
    ColumnSpec {
        keyspace: theirs.table_spec().ks_name().into(),
        table: theirs.table_spec().table_name().into(),
        name: theirs.name().to_owned(),
        column_type: column_type(theirs.typ()),
    }
}

fn column_type(theirs: &Theirs<'_>) -> ColumnType {
    match theirs {
        Theirs::Native(theirs) => NATIVE
            .iter()
            .find(|(_, known)| known == theirs)
            .map(|(ours, _)| ours.clone())
            .expect("a type of the protocol"),
        Theirs::Collection { typ: CollectionType::List(element), .. } => {
            ColumnType::List(Box::new(column_type(element)))
        }
        Theirs::Collection { typ: CollectionType::Set(element), .. } => {
            ColumnType::Set(Box::new(column_type(element)))
        }
        Theirs::Collection { typ: CollectionType::Map(key, value), .. } => {
            ColumnType::Map(Box::new(column_type(key)), Box::new(column_type(value)))
        }
        Theirs::Tuple(elements) => ColumnType::Tuple(elements.iter().map(column_type).collect()),
        Theirs::UserDefinedType { definition, .. } => ColumnType::UserType(Arc::new(UserType {
            keyspace: definition.keyspace.to_string(),
            name: definition.name.to_string(),
            fields: definition
                .field_types
                .iter()
                .map(|(name, ty)| (name.to_string(), column_type(ty)))
                .collect(),
        })),
        Theirs::Vector { typ, dimensions } => {
            ColumnType::Vector(Box::new(column_type(typ)), u32::from(*dimensions))
        }
        other => panic!("{other:?}"),
    }
}

const NATIVE: [(ColumnType, NativeType); 20] = [
    (ColumnType::Ascii, NativeType::Ascii),
    (ColumnType::BigInt, NativeType::BigInt),
    (ColumnType::Blob, NativeType::Blob),
    (ColumnType::Boolean, NativeType::Boolean),
    (ColumnType::Counter, NativeType::Counter),
    (ColumnType::Date, NativeType::Date),
    (ColumnType::Decimal, NativeType::Decimal),
    (ColumnType::Double, NativeType::Double),
    (ColumnType::Duration, NativeType::Duration),
    (ColumnType::Float, NativeType::Float),
    (ColumnType::Inet, NativeType::Inet),
    (ColumnType::Int, NativeType::Int),
    (ColumnType::SmallInt, NativeType::SmallInt),
    (ColumnType::Text, NativeType::Text),
    (ColumnType::Time, NativeType::Time),
    (ColumnType::Timestamp, NativeType::Timestamp),
    (ColumnType::TimeUuid, NativeType::Timeuuid),
    (ColumnType::TinyInt, NativeType::TinyInt),
    (ColumnType::Uuid, NativeType::Uuid),
    (ColumnType::Varint, NativeType::Varint),
];

fn native(ours: &ColumnType) -> Option<&'static NativeType> {
    NATIVE.iter().find(|(known, _)| known == ours).map(|(_, theirs)| theirs)
}

pub(super) fn same_event(ours: &Event, theirs: &TheirEvent) {
    match (ours, theirs) {
        (Event::TopologyChange { change, address }, TheirEvent::TopologyChange(theirs)) => {
            let theirs = match theirs {
                TopologyChangeEvent::NewNode(address) => (TopologyChange::NewNode, address),
                TopologyChangeEvent::RemovedNode(address) => (TopologyChange::RemovedNode, address),
            };
            assert_eq!((change, address), (&theirs.0, theirs.1));
        }
        (Event::StatusChange { change, address }, TheirEvent::StatusChange(theirs)) => {
            let theirs = match theirs {
                StatusChangeEvent::Up(address) => (StatusChange::Up, address),
                StatusChangeEvent::Down(address) => (StatusChange::Down, address),
            };
            assert_eq!((change, address), (&theirs.0, theirs.1));
        }
        (Event::SchemaChange(ours), TheirEvent::SchemaChange(theirs)) => {
            same_schema_change(ours, theirs);
        }
        (ours, theirs) => panic!("{ours:?} is {theirs:?} for them"),
    }
}

pub(super) fn same_schema_change(ours: &SchemaChange, theirs: &SchemaChangeEvent) {
    use SchemaChangeEvent as E;
    let (kind, target, keyspace) = match theirs {
        E::KeyspaceChange { change_type, keyspace_name } => {
            (change_type, SchemaTarget::Keyspace, keyspace_name)
        }
        E::TableChange { change_type, keyspace_name, object_name } => {
            (change_type, SchemaTarget::Table(object_name.clone()), keyspace_name)
        }
        E::TypeChange { change_type, keyspace_name, type_name } => {
            (change_type, SchemaTarget::Type(type_name.clone()), keyspace_name)
        }
        E::FunctionChange { change_type, keyspace_name, function_name, arguments } => {
            let target = SchemaTarget::Function(function_name.clone(), arguments.clone());
            (change_type, target, keyspace_name)
        }
        E::AggregateChange { change_type, keyspace_name, aggregate_name, arguments } => {
            let target = SchemaTarget::Aggregate(aggregate_name.clone(), arguments.clone());
            (change_type, target, keyspace_name)
        }
    };
    assert_eq!((&ours.target, &ours.keyspace), (&target, keyspace));
    match kind {
        SchemaChangeType::Created => assert_eq!(ours.kind, SchemaChangeKind::Created),
        SchemaChangeType::Updated => assert_eq!(ours.kind, SchemaChangeKind::Updated),
        SchemaChangeType::Dropped => assert_eq!(ours.kind, SchemaChangeKind::Dropped),
        SchemaChangeType::Invalid => assert!(matches!(ours.kind, SchemaChangeKind::Other(_))),
    }
}
