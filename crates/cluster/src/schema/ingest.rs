//! What each row of a system table adds to a draft.

use std::collections::BTreeMap;

use super::draft::Draft;
use super::keyspace::KeyspaceHead;
use super::rows::{
    AggregateRow, ColumnRow, FunctionRow, IndexRow, KeyspaceRow, Options, TableRow, TabletsRow,
    TypeRow, ViewRow, VirtualKeyspaceRow, VirtualTableRow,
};
use super::table_draft::{Storage, TableDraft};
use super::user_types::TypeText;
use super::{
    Aggregate, ClusteringOrder, Column, ColumnKind, Function, Index, TableKind, View, size,
};

fn owned(options: Options<'_>) -> BTreeMap<String, String> {
    options.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

fn seconds(seconds: i32) -> u32 {
    u32::try_from(seconds).unwrap_or_default()
}

impl KeyspaceRow<'_> {
    pub(super) fn put(self, draft: &mut Draft) {
        draft.add_keyspace(KeyspaceHead {
            name: self.keyspace_name.into(),
            replication: owned(self.replication),
            durable_writes: self.durable_writes,
            is_virtual: false,
            has_tablets: false,
        });
    }
}

impl VirtualKeyspaceRow<'_> {
    pub(super) fn put(self, draft: &mut Draft) {
        draft.add_keyspace(KeyspaceHead {
            name: self.keyspace_name.into(),
            replication: BTreeMap::new(),
            durable_writes: false,
            is_virtual: true,
            has_tablets: false,
        });
    }
}

impl TabletsRow<'_> {
    pub(super) fn put(self, draft: &mut Draft) {
        if let Some(keyspace) = draft.keyspaces.get_mut(self.keyspace_name) {
            keyspace.head.has_tablets = self.initial_tablets.is_some();
        }
    }
}

impl TypeRow<'_> {
    pub(super) fn put(self, draft: &mut Draft) {
        let Some(keyspace) = draft.keyspaces.get_mut(self.keyspace_name) else { return };
        let fields = self.field_names.into_iter().zip(self.field_types);
        let fields = fields.map(|(name, text)| (name.to_owned(), text.to_owned())).collect();
        let text = TypeText { name: self.type_name.to_owned(), fields };
        if draft.room.take(size::type_text(&text)) {
            keyspace.texts.push(text);
        }
    }
}

impl TableRow<'_> {
    pub(super) fn put(self, draft: &mut Draft) {
        let mut table = TableDraft::new(TableKind::Table, self.comment);
        table.id = self.id;
        table.default_time_to_live = seconds(self.default_time_to_live);
        table.storage = Storage::of(&self.flags);
        draft.add_table(self.keyspace_name, self.table_name, table);
    }
}

impl VirtualTableRow<'_> {
    pub(super) fn put(self, draft: &mut Draft) {
        let table = TableDraft::new(TableKind::Virtual, self.comment);
        draft.add_table(self.keyspace_name, self.table_name, table);
    }
}

impl ViewRow<'_> {
    pub(super) fn put(self, draft: &mut Draft) {
        let view = View {
            base_table: self.base_table_name.to_owned(),
            has_all_columns: self.include_all_columns,
            where_clause: self.where_clause.to_owned(),
        };
        let mut table = TableDraft::new(TableKind::View(view), self.comment);
        table.id = self.id;
        table.default_time_to_live = seconds(self.default_time_to_live);
        draft.add_table(self.keyspace_name, self.view_name, table);
    }
}

impl ColumnRow<'_> {
    pub(super) fn put(self, draft: &mut Draft) {
        let Some(keyspace) = draft.keyspaces.get_mut(self.keyspace_name) else { return };
        let Some(table) = keyspace.tables.get_mut(self.table_name) else { return };
        let name = &keyspace.head.name;
        let column_type = keyspace.types.read_or_opaque(name, self.r#type, &mut draft.opaque);
        let column =
            Column { name: self.column_name.into(), kind: self.column_kind(), column_type };
        table.add_column(self.position, column, &mut draft.room);
    }

    fn column_kind(&self) -> ColumnKind {
        match self.kind {
            "partition_key" => ColumnKind::PartitionKey,
            "clustering" => ColumnKind::Clustering(match self.clustering_order {
                "desc" => ClusteringOrder::Descending,
                _ => ClusteringOrder::Ascending,
            }),
            "static" => ColumnKind::Static,
            _ => ColumnKind::Regular,
        }
    }
}

impl IndexRow<'_> {
    pub(super) fn put(self, draft: &mut Draft) {
        let Some(keyspace) = draft.keyspaces.get_mut(self.keyspace_name) else { return };
        let Some(table) = keyspace.tables.get_mut(self.table_name) else { return };
        let (name, kind) = (self.index_name.to_owned(), self.kind.to_owned());
        let index = Index { name, kind, options: owned(self.options) };
        table.add_index(index, &mut draft.room);
    }
}

impl FunctionRow<'_> {
    pub(super) fn put(self, draft: &mut Draft) {
        let Some(keyspace) = draft.keyspaces.get_mut(self.keyspace_name) else { return };
        let (of, types, opaque) = (&keyspace.head.name, &keyspace.types, &mut draft.opaque);
        let mut read = |text: &str| types.read_or_opaque(of, text, opaque);
        let names = self.argument_names.into_iter().chain(std::iter::repeat(""));
        let arguments = self.argument_types.iter().zip(names);
        let function = Function {
            name: self.function_name.to_owned(),
            arguments: arguments.map(|(ty, name)| (name.to_owned(), read(ty))).collect(),
            return_type: read(self.return_type),
            language: self.language.to_owned(),
            called_on_null_input: self.called_on_null_input,
        };
        if draft.room.take(size::function(&function)) {
            keyspace.functions.functions.push(function);
        }
    }
}

impl AggregateRow<'_> {
    pub(super) fn put(self, draft: &mut Draft) {
        let Some(keyspace) = draft.keyspaces.get_mut(self.keyspace_name) else { return };
        let (of, types, opaque) = (&keyspace.head.name, &keyspace.types, &mut draft.opaque);
        let mut read = |text: &str| types.read_or_opaque(of, text, opaque);
        let aggregate = Aggregate {
            name: self.aggregate_name.to_owned(),
            argument_types: self.argument_types.into_iter().map(&mut read).collect(),
            state_function: self.state_func.to_owned(),
            state_type: read(self.state_type),
            initial_condition: self.initcond.map(str::to_owned),
            final_function: self.final_func.map(str::to_owned),
            return_type: read(self.return_type),
        };
        if draft.room.take(size::aggregate(&aggregate)) {
            keyspace.functions.aggregates.push(aggregate);
        }
    }
}
