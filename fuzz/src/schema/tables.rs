//! The system tables: which columns each has, and rows made of bytes.

use cqlwire::bytes::{BufMut, Bytes, BytesMut};
use cqlwire::codec::{ColumnSpec, ColumnType};
use cqlwire_testkit::node::{Prime, Row};

use crate::input::Input;

/// How many rows one has.
const MOST_ROWS: usize = 16;

/// One of them.
#[derive(Copy, Clone, Debug)]
pub(super) struct SystemTable {
    name: &'static str,
    /// With their types.
    columns: &'static [(&'static str, Kind)],
}

#[derive(Copy, Clone, Debug)]
enum Kind {
    Text,
    Texts,
    Set,
    Map,
    Int,
    Bool,
    Uuid,
}

use Kind::{Bool, Int, Map, Set, Text, Texts, Uuid};

const TABLES: [SystemTable; 11] = [
    of(
        "system_schema.keyspaces",
        &[("keyspace_name", Text), ("replication", Map), ("durable_writes", Bool)],
    ),
    of(
        "system_schema.types",
        &[
            ("keyspace_name", Text),
            ("type_name", Text),
            ("field_names", Texts),
            ("field_types", Texts),
        ],
    ),
    of(
        "system_schema.tables",
        &[
            ("keyspace_name", Text),
            ("table_name", Text),
            ("id", Uuid),
            ("comment", Text),
            ("default_time_to_live", Int),
            ("flags", Set),
        ],
    ),
    of(
        "system_schema.views",
        &[
            ("keyspace_name", Text),
            ("view_name", Text),
            ("base_table_name", Text),
            ("include_all_columns", Bool),
            ("where_clause", Text),
        ],
    ),
    of("system_schema.columns", &COLUMNS),
    of(
        "system_schema.indexes",
        &[
            ("keyspace_name", Text),
            ("table_name", Text),
            ("index_name", Text),
            ("kind", Text),
            ("options", Map),
        ],
    ),
    of(
        "system_schema.functions",
        &[
            ("keyspace_name", Text),
            ("function_name", Text),
            ("argument_types", Texts),
            ("argument_names", Texts),
            ("return_type", Text),
            ("language", Text),
            ("called_on_null_input", Bool),
        ],
    ),
    of(
        "system_schema.aggregates",
        &[
            ("keyspace_name", Text),
            ("aggregate_name", Text),
            ("argument_types", Texts),
            ("state_func", Text),
            ("state_type", Text),
            ("return_type", Text),
            ("final_func", Text),
            ("initcond", Text),
        ],
    ),
    of("system_virtual_schema.keyspaces", &[("keyspace_name", Text)]),
    of(
        "system_virtual_schema.tables",
        &[("keyspace_name", Text), ("table_name", Text), ("comment", Text)],
    ),
    of("system_virtual_schema.columns", &COLUMNS),
];

const COLUMNS: [(&str, Kind); 7] = [
    ("keyspace_name", Text),
    ("table_name", Text),
    ("column_name", Text),
    ("kind", Text),
    ("type", Text),
    ("clustering_order", Text),
    ("position", Int),
];

const fn of(name: &'static str, columns: &'static [(&'static str, Kind)]) -> SystemTable {
    SystemTable { name, columns }
}

/// Texts that mean something there, so that rows belong to each other.
const WORDS: [&str; 40] = [
    "a",
    "b",
    "c",
    "A",
    "a b",
    "\"",
    "system",
    "", // names
    "partition_key",
    "clustering",
    "static",
    "regular",
    "desc",
    "asc", // of columns
    "int",
    "text",
    "list<int>",
    "frozen<a>",
    "a",
    "map<text, frozen<b>>",
    "tuple<a, b>", // types
    "frozen<tuple<c>>",
    "vector<float, 3>",
    "counter",
    "list<",
    "'org.apache.Any'",
    "empty",
    "frozen<frozen<set<a>>>",
    "set<list<map<int, b>>>",
    "\"A\"", // and no types
    "class",
    "SimpleStrategy",
    "replication_factor",
    "3",
    "NetworkTopologyStrategy", // options
    "target",
    "compound",
    "dense",
    "super",
    "counter",
];

/// One of the names.
pub(super) const fn name(number: u8) -> &'static str {
    WORDS[number as usize % 8]
}

impl SystemTable {
    /// The one that a statement asks for.
    pub(super) fn asked_for(statement: &str) -> Option<&'static Self> {
        let (_, rest) = statement.split_once(" FROM ")?;
        let name = rest.split(' ').next()?;
        TABLES.iter().find(|table| table.name == name)
    }

    /// The rows that its part of the bytes makes, but for so many of the first.
    pub(super) fn read(&self, bytes: &[u8], without: usize) -> Vec<Row> {
        let length = bytes.len() / TABLES.len();
        let number = TABLES.iter().position(|table| table.name == self.name).unwrap_or_default();
        let mut input = Input(&bytes[number * length..][..length]);
        let rows = std::iter::from_fn(|| (!input.rest().is_empty()).then(|| self.row(&mut input)));
        rows.take(MOST_ROWS).skip(without).collect()
    }

    fn row(&self, input: &mut Input<'_>) -> Row {
        self.columns.iter().map(|(_, kind)| cell(*kind, input)).collect()
    }

    pub(super) fn rows(&self, rows: Vec<Row>) -> Prime {
        let column = |(name, kind): &(&str, Kind)| ColumnSpec {
            keyspace: "system_schema".into(),
            table: self.name.into(),
            name: (*name).to_owned(),
            column_type: kind.column_type(),
        };
        Prime::any().rows(self.columns.iter().map(column).collect(), rows)
    }
}

impl Kind {
    fn column_type(self) -> ColumnType {
        match self {
            Text => ColumnType::Text,
            Texts => ColumnType::List(Box::new(ColumnType::Text)),
            Set => ColumnType::Set(Box::new(ColumnType::Text)),
            Map => ColumnType::Map(Box::new(ColumnType::Text), Box::new(ColumnType::Text)),
            Int => ColumnType::Int,
            Bool => ColumnType::Boolean,
            Uuid => ColumnType::Uuid,
        }
    }
}

fn cell(kind: Kind, input: &mut Input<'_>) -> Option<Bytes> {
    let choice = input.byte();
    // Null, and what is none of its type.
    match choice {
        255 => return None,
        254 => return Some(some(input, usize::from(choice % 16))),
        _ => {}
    }
    let choice = usize::from(choice);
    Some(match kind {
        Text => text(choice, input),
        Int => Bytes::copy_from_slice(&(i32::from(input.byte()) - 5).to_be_bytes()),
        Bool => Bytes::copy_from_slice(&[input.byte() % 2]),
        Uuid => Bytes::from(vec![7; 16]),
        Texts | Set => texts(choice % 5, choice % 5, input),
        Map => texts(choice % 4, choice % 4 * 2, input),
    })
}

/// A word, or whatever comes.
fn text(choice: usize, input: &mut Input<'_>) -> Bytes {
    match WORDS.get(choice % 48) {
        Some(word) => Bytes::from_static(word.as_bytes()),
        None => some(input, choice % 48),
    }
}

/// So many are said to be there, and so many are.
fn texts(said: usize, count: usize, input: &mut Input<'_>) -> Bytes {
    let mut out = BytesMut::new();
    out.put_i32(i32::try_from(said).expect("few"));
    for _ in 0..count {
        let choice = usize::from(input.byte());
        let text = text(choice, input);
        out.put_i32(i32::try_from(text.len()).expect("short"));
        out.put_slice(&text);
    }
    out.freeze()
}

fn some(input: &mut Input<'_>, most: usize) -> Bytes {
    let (some, rest) = input.rest().split_at(most.min(input.rest().len()));
    *input = Input(rest);
    Bytes::copy_from_slice(some)
}
