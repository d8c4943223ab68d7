//! The statement that reads a range of a table.

use std::borrow::Cow;
use std::fmt::Write;

use cqlwire_cluster::{Replication, Schema, Table, TableKind};

/// What is to be read, as it was said.
#[derive(Clone, Debug, Default)]
pub(super) struct Wanted {
    pub(super) table: String,
    /// All of them, if none is named.
    pub(super) columns: Vec<String>,
    /// What rows have to be like.
    pub(super) filter: Option<String>,
}

impl Wanted {
    /// The statement that reads a range of it, or why there is none: in words, since the names come from
    /// people.
    pub(super) fn find(
        &self,
        (keyspace, name): &(String, String),
        schema: &Schema,
    ) -> Result<String, String> {
        let table = schema.table(keyspace, name).ok_or_else(|| {
            format!(
                "there is no table {keyspace}.{name} in the schema, as far as the session reads it \
                 (`schema.scope`)"
            )
        })?;
        let is_local = schema.keyspace(keyspace).is_some_and(|keyspace| {
            let options = keyspace.replication().iter();
            Replication::parse(options.map(|(name, value)| (&**name, &**value)))
                == Replication::Local
        });
        if *table.kind() == TableKind::Virtual || is_local {
            return Err(format!(
                "each host has a {keyspace}.{name} of its own: query it, with `host(…)`"
            ));
        }
        self.statement(keyspace, table)
    }

    /// Those of keyspace and table, as CQL reads them: in lower case, unless they are in quotes.
    pub(super) fn names(&self, keyspace: Option<&str>) -> Result<(String, String), String> {
        let wrong = || format!("`{}` is no name of a table, as `keyspace.table`", self.table);
        let (first, rest) = name(&self.table).ok_or_else(wrong)?;
        match (rest.strip_prefix('.'), keyspace) {
            (Some(rest), _) => match name(rest) {
                Some((second, "")) => Ok((first.into_owned(), second.into_owned())),
                _ => Err(wrong()),
            },
            (None, _) if !rest.is_empty() => Err(wrong()),
            (None, Some(keyspace)) => Ok((keyspace.to_owned(), first.into_owned())),
            (None, None) => Err(format!(
                "`{}` is in no keyspace, and the session is in none: `keyspace.table`",
                self.table
            )),
        }
    }

    fn statement(&self, keyspace: &str, table: &Table) -> Result<String, String> {
        let known: Vec<&str> = table.columns().iter().map(|column| &*column.name).collect();
        if let Some(unknown) = self.columns.iter().find(|name| !known.contains(&name.as_str())) {
            let known = known.join(", ");
            return Err(format!("there is no column `{unknown}` in it; there are {known}"));
        }
        let columns: Vec<String> = self.columns.iter().map(|name| quoted(name)).collect();
        let columns = if columns.is_empty() { "*".to_owned() } else { columns.join(", ") };
        let key: Vec<String> = table.partition_key().iter().map(|key| quoted(&key.name)).collect();
        let (key, keyspace, name) = (key.join(", "), quoted(keyspace), quoted(table.name()));
        let mut statement = format!(
            "SELECT {columns} FROM {keyspace}.{name} WHERE token({key}) > ? AND token({key}) <= ?"
        );
        if let Some(filter) = &self.filter {
            // A line of its own: it may end in a comment.
            let _infallible = write!(statement, " AND {filter}\nALLOW FILTERING");
        }
        Ok(statement)
    }
}

/// The first name of a text, and what follows it.
fn name(text: &str) -> Option<(Cow<'_, str>, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let in_names = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let end = text.find(|c| !in_names(c)).unwrap_or(text.len());
        return (end > 0).then(|| (text[..end].to_ascii_lowercase().into(), &text[end..]));
    };
    // A quote in it is doubled.
    let mut quotes = quoted.match_indices('"').map(|(at, _)| at).peekable();
    while let Some(at) = quotes.next() {
        if quotes.next_if_eq(&(at + 1)).is_none() {
            let name = &quoted[..at];
            return (at > 0).then(|| (name.replace("\"\"", "\"").into(), &quoted[at + 1..]));
        }
    }
    None
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(table: &str, keyspace: Option<&str>) -> Result<(String, String), String> {
        Wanted { table: table.to_owned(), ..Wanted::default() }.names(keyspace)
    }

    #[test]
    fn names_are_read_as_cql_reads_them() {
        let both = |keyspace: &str, table: &str| Ok((keyspace.to_owned(), table.to_owned()));
        assert_eq!(names("shop.Orders", None), both("shop", "orders"));
        assert_eq!(names("\"Shop\".\"a.\"\"b\"", None), both("Shop", "a.\"b"));
        assert_eq!(names("orders", Some("Shop")), both("Shop", "orders"));
        for wrong in ["", ".", "shop.", "shop.orders.x", "\"shop", "a b", "shop.\"\"", "orders;"] {
            names(wrong, Some("k")).unwrap_err();
        }
        names("orders", None).unwrap_err();
    }
}
