//! The bind markers of statements about tables of the schema, as far as tests write them: which
//! column each is compared with or written to, and which of them make up the partition key.
//!
//! `SELECT … FROM ks.t WHERE a = ? AND b IN (?, ?)`, `INSERT INTO ks.t (a, b) VALUES (?, ?)`,
//! `UPDATE ks.t SET a = ? WHERE b = ?`, `DELETE FROM ks.t WHERE a = ?`, all in one table.

use cqlwire_codec::{ColumnSpec, ColumnType};

use super::select::Token;
use crate::schema::{ColumnKind, Schema, Table};

use super::super::rows::columns_of;

/// The types that have no parts.
const NATIVE: [ColumnType; 20] = [
    ColumnType::Ascii,
    ColumnType::BigInt,
    ColumnType::Blob,
    ColumnType::Boolean,
    ColumnType::Counter,
    ColumnType::Decimal,
    ColumnType::Double,
    ColumnType::Float,
    ColumnType::Int,
    ColumnType::Timestamp,
    ColumnType::Uuid,
    ColumnType::Text,
    ColumnType::Varint,
    ColumnType::TimeUuid,
    ColumnType::Inet,
    ColumnType::Date,
    ColumnType::Time,
    ColumnType::SmallInt,
    ColumnType::TinyInt,
    ColumnType::Duration,
];

/// The markers of a statement and the indices of the partition key among them; `None` if it is not
/// about a table of the schema, or a marker is not about a column of it.
pub(in super::super) fn markers(
    schema: &Schema,
    text: &str,
) -> Option<(Vec<ColumnSpec>, Vec<u16>)> {
    let tokens = super::select::tokens(text);
    let (keyspace, name) = table_of(&tokens)?;
    let table = schema.keyspaces.get(keyspace)?.tables.get(name)?;
    let inserts = tokens.first().is_some_and(|token| token.is("insert"));
    let names = if inserts { inserted(&tokens) } else { compared(&tokens) };
    let types = names.iter().map(|name| type_of(table, name));
    let types: Vec<_> = types.collect::<Option<_>>()?;
    let specs = columns_of(keyspace, name, names.iter().copied().zip(types));
    let key = partition_key(table).into_iter().map(|column| {
        let index = names.iter().position(|name| *name == column)?;
        u16::try_from(index).ok()
    });
    // A key that is not whole is none.
    let key = key.collect::<Option<_>>().unwrap_or_default();
    Some((specs, key))
}

fn table_of(tokens: &[Token]) -> Option<(&str, &str)> {
    let at = tokens.iter().position(|token| {
        ["from", "into", "update"].into_iter().any(|keyword| token.is(keyword))
    })?;
    match tokens.get(at + 1..at + 4)? {
        [Token::Word(keyspace), Token::Symbol('.'), Token::Word(table)] => Some((keyspace, table)),
        _ => None,
    }
}

/// The columns of an INSERT whose values are markers.
fn inserted(tokens: &[Token]) -> Vec<&str> {
    let mut lists = tokens.split(|token| *token == Token::Symbol('(')).skip(1);
    let items = |list: &'_ [Token]| -> Vec<Token> {
        let inside = list.iter().take_while(|token| **token != Token::Symbol(')'));
        inside.filter(|token| **token != Token::Symbol(',')).cloned().collect()
    };
    let names = lists.next().unwrap_or_default().iter().filter_map(Token::word);
    let values = lists.next().map(items).unwrap_or_default();
    let pairs = names.zip(values).filter(|(_, value)| *value == Token::Symbol('?'));
    pairs.map(|(name, _)| name).collect()
}

/// The columns that markers are compared with, or assigned to.
fn compared(tokens: &[Token]) -> Vec<&str> {
    let mut names = Vec::new();
    let mut current = None;
    for pair in tokens.windows(2) {
        let [before, token] = pair else { continue };
        match token {
            Token::Symbol('=' | '<' | '>') => current = before.word().or(current),
            Token::Symbol('?') => names.extend(current),
            _ if token.is("in") => current = before.word(),
            _ => {}
        }
    }
    names
}

fn partition_key(table: &Table) -> Vec<&str> {
    let parts = table.columns.iter().filter(|column| column.kind == ColumnKind::PartitionKey);
    let mut parts: Vec<_> = parts.map(|column| (column.position, column.name.as_str())).collect();
    parts.sort_unstable();
    parts.into_iter().map(|(_, name)| name).collect()
}

/// The type of a column; a blob if it has parts.
fn type_of(table: &Table, name: &str) -> Option<ColumnType> {
    let column = table.columns.iter().find(|column| column.name == name)?;
    let native = NATIVE.iter().find(|native| native.to_string() == column.column_type);
    Some(native.cloned().unwrap_or(ColumnType::Blob))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Keyspace;

    fn read(text: &str) -> Option<(Vec<String>, Vec<u16>)> {
        let mut table = Table::new("t")
            .partition_key("b", "int")
            .partition_key("a", "text")
            .clustering("c", "timeuuid")
            .column("v", "list<int>");
        // Their positions count, not their order.
        table.columns.reverse();
        let mut schema = Schema::default();
        schema.keyspaces.insert("k".to_owned(), Keyspace::simple("k", 1).table(table));
        let (specs, key) = markers(&schema, text)?;
        let shown = |spec: &ColumnSpec| format!("{} {}", spec.name, spec.column_type);
        Some((specs.iter().map(shown).collect(), key))
    }

    #[test]
    fn markers_have_the_types_of_their_columns_and_the_key_its_order() {
        let key = ["a text", "b int"].map(str::to_owned).to_vec();
        let (mut written, mut ranged) = (key.clone(), key.clone());
        assert_eq!(read("SELECT v FROM k.t WHERE a = ? AND b = ?"), Some((key, vec![1, 0])));
        ranged.extend(["c timeuuid".to_owned(), "c timeuuid".to_owned()]);
        let text = "SELECT v FROM k.t WHERE a=? AND b=? AND c>=? AND c < ? LIMIT 3";
        assert_eq!(read(text), Some((ranged, vec![1, 0])));
        written.insert(0, "v blob".to_owned());
        let text = "UPDATE k.t SET v = ? WHERE a = ? AND b = ? AND c = 50554d6e-29bb-11e5";
        assert_eq!(read(text), Some((written.clone(), vec![2, 1])));
        let text = "insert into k.t (v, c, a, b) values (?, 50554d6e-29bb-11e5, ?, ?)";
        assert_eq!(read(text), Some((written, vec![2, 1])));
        let part = vec!["b int".to_owned(), "c timeuuid".to_owned(), "c timeuuid".to_owned()];
        let text = "DELETE FROM k.t WHERE a = 'x' AND b = ? AND c IN (?, ?)";
        assert_eq!(read(text), Some((part, Vec::new())));
    }

    #[test]
    fn what_is_not_known_is_none() {
        for text in ["SELECT v FROM t WHERE a = ?", "SELECT v FROM k.u WHERE a = ?", "USE k", ""] {
            assert_eq!(read(text), None, "{text}");
        }
        assert_eq!(read("SELECT v FROM k.t WHERE x = ?"), None);
    }
}
