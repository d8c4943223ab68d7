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
    /// What else of each row, in CQL.
    pub(super) selectors: Vec<String>,
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
        let columns = self.select(&known);
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

impl Wanted {
    /// What stands between `SELECT` and `FROM`. With a `*`, nothing else may stand there.
    fn select(&self, known: &[&str]) -> String {
        if self.columns.is_empty() && self.selectors.is_empty() {
            return "*".to_owned();
        }
        let named: Vec<&str> = match self.columns.is_empty() {
            true => known.to_vec(),
            false => self.columns.iter().map(String::as_str).collect(),
        };
        let columns = named.into_iter().map(quoted);
        columns.chain(self.selectors.iter().cloned()).collect::<Vec<_>>().join(", ")
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

    #[test]
    fn what_is_selected_besides_columns_stands_behind_them() {
        let select = |columns: &[&str], selectors: &[&str]| {
            let owned = |names: &[&str]| names.iter().map(ToString::to_string).collect();
            let (columns, selectors) = (owned(columns), owned(selectors));
            Wanted { columns, selectors, ..Wanted::default() }.select(&["a", "B"])
        };
        assert_eq!(select(&[], &[]), "*");
        assert_eq!(select(&["B"], &[]), "\"B\"");
        assert_eq!(select(&["B"], &["ttl(a)"]), "\"B\", ttl(a)");
        assert_eq!(select(&[], &["ttl(a)", "ttl(\"B\")"]), "\"a\", \"B\", ttl(a), ttl(\"B\")");
    }
}
