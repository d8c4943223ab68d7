//! Statements: as users write them, and as servers read them.

use cqlwire::bytes::Bytes;
use cqlwire::codec::{ColumnSpec, ColumnType, Opcode};
use cqlwire_testkit::node::{Received, columns};
use cqlwire_testkit::schema::{Keyspace, Table};

/// The tables that are read and written by key.
pub(crate) const NAMES: [&str; 3] = ["a", "b", "c"];

/// Where rows of loads go, as if it were one more of these tables.
pub(crate) const LOADED: usize = NAMES.len();

pub(crate) const ROWS: &str = "SELECT n, i FROM app.many WHERE n = ? AND c = ?";
pub(crate) const LOAD: &str = "INSERT INTO app.loads (k, c, v) VALUES (?, ?, ?)";

pub(crate) fn read(table: usize) -> String {
    format!("SELECT * FROM app.{} WHERE k = ? AND n = ?", NAMES[table])
}

pub(crate) fn write(table: usize) -> String {
    format!("INSERT INTO app.{} (k, v) VALUES (?, ?)", NAMES[table])
}

/// With literals where the markers are.
pub(crate) fn with_literals(text: &str, values: &[i64]) -> String {
    let mut parts = text.split('?');
    let first = parts.next().unwrap_or_default().to_owned();
    let rest = parts.zip(values).map(|(part, value)| format!("{value}{part}"));
    rest.fold(first, |text, part| text + &part)
}

/// The keyspace, as its servers describe it.
pub(crate) fn keyspace() -> Keyspace {
    let by_key = |name: &&str| {
        let table = Table::new(name).partition_key("k", "bigint");
        table.column("v", "bigint").column("n", "bigint")
    };
    let many = Table::new("many").partition_key("n", "bigint");
    let loads = Table::new("loads").partition_key("k", "bigint").clustering("c", "bigint");
    NAMES
        .iter()
        .map(by_key)
        .chain([many.column("c", "bigint").column("i", "bigint"), loads.column("v", "bigint")])
        .fold(Keyspace::simple("app", 2), Keyspace::table)
}

/// The columns of what is read by key, in the order in which the table has them for now.
pub(crate) fn columns_by_key(altered: bool) -> Vec<ColumnSpec> {
    let mut shape = ["k", "v", "n"].map(|name| (name, ColumnType::BigInt));
    if altered {
        shape.reverse();
    }
    columns(shape)
}

pub(crate) fn columns_of_many() -> Vec<ColumnSpec> {
    columns([("n", ColumnType::BigInt), ("i", ColumnType::BigInt)])
}

/// What a server is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    Read {
        table: usize,
        key: i64,
        nonce: i64,
    },
    Rows {
        nonce: i64,
        count: i64,
    },
    Writes(Vec<Write>),
    Prepare,
    /// Whatever no user asks for.
    Other,
}

#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) struct Write {
    pub(crate) table: usize,
    pub(crate) key: i64,
    /// What tells it from all others.
    pub(crate) value: i64,
}

impl Asked {
    pub(crate) fn of(received: &Received) -> Self {
        if received.opcode == Opcode::Prepare {
            return Self::Prepare;
        }
        let mut values = received.values.iter();
        let statements = received.statements.iter();
        let mut found = statements.map(|text| one(text, &mut values)).collect::<Vec<_>>();
        match found.len() {
            1 => found.remove(0),
            _ => Self::Writes(found.into_iter().flat_map(Self::writes).collect()).unless_empty(),
        }
    }

    fn unless_empty(self) -> Self {
        if self == Self::Writes(Vec::new()) { Self::Other } else { self }
    }

    fn writes(self) -> Vec<Write> {
        match self {
            Self::Writes(writes) => writes,
            _ => Vec::new(),
        }
    }
}

/// What one statement asks for.
fn one<'a>(text: &str, values: &mut impl Iterator<Item = &'a Option<Bytes>>) -> Asked {
    let Some((_, rest)) = text.split_once(" app.") else { return Asked::Other };
    let Some((name, rest)) = rest.split_once(' ') else { return Asked::Other };
    let numbers = numbers(rest, values);
    let table = NAMES.iter().position(|own| *own == name);
    let is_read = text.starts_with("SELECT");
    match (table, name, numbers[..].as_ref()) {
        (Some(table), _, &[key, nonce]) if is_read => Asked::Read { table, key, nonce },
        (Some(table), _, &[key, value]) => Asked::Writes(vec![Write { table, key, value }]),
        (None, "many", &[nonce, count]) => Asked::Rows { nonce, count },
        (None, "loads", &[key, _, value]) => {
            Asked::Writes(vec![Write { table: LOADED, key, value }])
        }
        _ => Asked::Other,
    }
}

/// The literals of a statement, and the values of its markers, in order.
fn numbers<'a>(text: &str, values: &mut impl Iterator<Item = &'a Option<Bytes>>) -> Vec<i64> {
    let mut found = Vec::new();
    for word in text.split([' ', ',', '(', ')']).filter(|word| !word.is_empty()) {
        if let Ok(number) = word.parse() {
            found.push(number);
        } else if word == "?" {
            let bytes = values.next().and_then(Option::as_deref);
            let bytes = bytes.and_then(|bytes| bytes.try_into().ok());
            found.push(bytes.map_or(i64::MIN, i64::from_be_bytes));
        }
    }
    found
}
