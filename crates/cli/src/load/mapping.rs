//! Which field of the input goes to which column, and the statements that write a row.
//!
//! ```text
//!   INSERT INTO t (k, c, s, v) VALUES (?, ?, ?, ?) [USING TIMESTAMP ? AND TTL ?]     a row
//!   INSERT INTO t (k, s) VALUES (?, ?) ...                  a partition that has statics and no rows
//!   UPDATE t SET n = n + ? WHERE k = ? AND c = ?                                     counters
//! ```

use cqlwire::cluster::{Column, ColumnKind};
use cqlwire::codec::ColumnType;

use super::args::Args;
use crate::exit::Failure;
use crate::name::quoted;
use crate::transfer::{Format, Target, is_key};

/// What is done with the values of one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Goal {
    /// They are those of this column, by its position in the table.
    Column(usize),
    /// They are the write time of the row, in microseconds since 1970.
    Timestamp,
    /// They are how long the row stays, in seconds.
    TimeToLive,
    /// They are passed over.
    Nothing,
}

/// See the [module](self).
#[derive(Clone, Debug)]
pub(super) struct Mapping {
    /// For each field of CSV; of JSON, those that are known, by their names.
    pub(super) fields: Vec<(String, Goal)>,
    /// The columns that are written, by their positions, in the order of the table.
    pub(super) columns: Vec<usize>,
    pub(super) has_timestamp: bool,
    pub(super) has_ttl: bool,
}

impl Mapping {
    /// By the names of the header, or by those that were named, in the order of the fields.
    pub(super) fn new(
        args: &Args,
        format: Format,
        target: &Target,
        header: Option<&[String]>,
    ) -> Result<Self, Failure> {
        let all = || target.columns().iter().map(|column| column.name.to_string());
        let named = &args.columns;
        let by_name = format == Format::Json;
        let names: Vec<String> = match header {
            Some(header) => header.to_vec(),
            None if named.is_empty() && by_name => {
                all().chain(args.timestamp_column.clone()).chain(args.ttl_column.clone()).collect()
            }
            None if named.is_empty() => all().collect(),
            None => named.clone(),
        };
        let mut mapping = Self {
            fields: Vec::with_capacity(names.len()),
            columns: Vec::new(),
            has_timestamp: args.timestamp_column.is_some(),
            has_ttl: args.ttl_column.is_some(),
        };
        for name in names {
            let is_wanted = match header {
                Some(_) => named.is_empty() || is_among(named, &name, target),
                None => named.is_empty() || name != NOTHING,
            };
            let (name, goal) = mapping.goal(args, target, name, is_wanted)?;
            mapping.fields.push((name, goal));
        }
        if by_name {
            mapping.add_missing(args);
        }
        mapping.columns.sort_unstable();
        mapping.check(args, target)?;
        Ok(mapping)
    }

    /// What is done with the field of this name; of a column, under the name that it has in the schema.
    fn goal(
        &mut self,
        args: &Args,
        target: &Target,
        name: String,
        is_wanted: bool,
    ) -> Result<(String, Goal), Failure> {
        let is = |named: &Option<String>| named.as_ref() == Some(&name);
        if is(&args.timestamp_column) {
            return Ok((name, Goal::Timestamp));
        }
        if is(&args.ttl_column) {
            return Ok((name, Goal::TimeToLive));
        }
        if !is_wanted {
            return Ok((name, Goal::Nothing));
        }
        // Whatever a name looks like, a column that has it is what is meant.
        let Some(at) = position(target, &name) else {
            if name == NOTHING || is_of_export(&name) {
                return Ok((name, Goal::Nothing));
            }
            return Err(Failure::usage(format_args!(
                "the table has no column `{name}`; it has {}. --columns names those to load",
                target.names()
            )));
        };
        if self.columns.contains(&at) {
            return Err(Failure::usage(format_args!("the column `{name}` is there twice")));
        }
        self.columns.push(at);
        let column = target.columns().get(at).map(|column| column.name.to_string());
        Ok((column.unwrap_or(name), Goal::Column(at)))
    }

    /// Fields of JSON that are no columns are known by their names, too.
    fn add_missing(&mut self, args: &Args) {
        let others =
            [(&args.timestamp_column, Goal::Timestamp), (&args.ttl_column, Goal::TimeToLive)];
        for (name, goal) in others {
            if let Some(name) = name
                && !self.fields.iter().any(|(_, known)| *known == goal)
            {
                self.fields.push((name.clone(), goal));
            }
        }
    }

    fn check(&self, args: &Args, target: &Target) -> Result<(), Failure> {
        let missing = |name: &str| {
            Err(Failure::usage(format_args!(
                "the input has no field `{name}`, of --columns or other"
            )))
        };
        let has = |goal: &Goal| self.fields.iter().any(|(_, known)| known == goal);
        if let Some(name) = &args.timestamp_column
            && !has(&Goal::Timestamp)
        {
            return missing(name);
        }
        if let Some(name) = &args.ttl_column
            && !has(&Goal::TimeToLive)
        {
            return missing(name);
        }
        let is_known =
            |name: &str| self.fields.iter().any(|(known, _)| is_same(name, known, target));
        if let Some(name) = args.columns.iter().find(|name| *name != NOTHING && !is_known(name)) {
            return missing(name);
        }
        let mut columns = target.columns().iter().enumerate();
        let key_missing = columns.find(|(at, column)| {
            is_key(column) && !self.columns.contains(at) && !self.may_miss(column, target)
        });
        if let Some((_, column)) = key_missing {
            return Err(Failure::usage(format_args!(
                "`{}` is of the primary key, and the input has no such field",
                column.name
            )));
        }
        let changes_time = self.has_timestamp || self.has_ttl || args.ttl.is_some();
        if target.counts() && changes_time {
            return Err(Failure::usage("counters have neither a write time nor a TTL"));
        }
        Ok(())
    }

    /// Statics alone are written without clustering columns.
    fn may_miss(&self, column: &Column, target: &Target) -> bool {
        let of_kind = |kind: fn(ColumnKind) -> bool| {
            self.columns(target).filter(move |column| kind(column.kind)).count()
        };
        let regulars = of_kind(|kind| kind == ColumnKind::Regular);
        let clusterings = of_kind(|kind| matches!(kind, ColumnKind::Clustering(_)));
        let statics = of_kind(|kind| kind == ColumnKind::Static);
        let is_clustering = matches!(column.kind, ColumnKind::Clustering(_));
        is_clustering && clusterings == 0 && regulars == 0 && statics > 0
    }

    /// The columns that are written, in the order of the table.
    pub(super) fn columns<'a>(&'a self, target: &'a Target) -> impl Iterator<Item = &'a Column> {
        self.columns.iter().filter_map(|at| target.columns().get(*at))
    }

    /// The statement that writes a row.
    pub(super) fn row_statement(&self, args: &Args, target: &Target) -> Option<String> {
        let columns: Vec<&Column> = self.columns(target).collect();
        let clustering = target.table.clustering();
        if !clustering.iter().all(|key| columns.contains(&key)) {
            return None;
        }
        Some(match target.counts() {
            true => self.add(target),
            false => self.insert(args, target, &columns),
        })
    }

    /// The statement that writes what a partition has once, if any of that is loaded.
    pub(super) fn static_statement(&self, args: &Args, target: &Target) -> Option<String> {
        let columns: Vec<&Column> =
            self.columns(target).filter(|column| is_of_partition(column)).collect();
        let has_statics = columns.iter().any(|column| column.kind == ColumnKind::Static);
        let is_needed = has_statics && !target.table.clustering().is_empty() && !target.counts();
        is_needed.then(|| self.insert(args, target, &columns))
    }

    /// What is said of fields that an export has added and that are not taken.
    pub(super) fn passed_over(&self) -> Option<String> {
        let untaken = self.fields.iter().filter(|(_, goal)| *goal == Goal::Nothing);
        passed_over(untaken.map(|(name, _)| name.as_str()))
    }

    fn insert(&self, args: &Args, target: &Target, columns: &[&Column]) -> String {
        let names: Vec<String> = columns.iter().map(|column| quoted(&column.name)).collect();
        let markers = vec!["?"; names.len()].join(", ");
        let (table, names) = (target.name(), names.join(", "));
        let mut using = Vec::new();
        using.extend(self.has_timestamp.then(|| "TIMESTAMP ?".to_owned()));
        using.extend(self.has_ttl.then(|| "TTL ?".to_owned()));
        using.extend(args.ttl.map(|seconds| format!("TTL {seconds}")));
        let using = match using.is_empty() {
            true => String::new(),
            false => format!(" USING {}", using.join(" AND ")),
        };
        format!("INSERT INTO {table} ({names}) VALUES ({markers}){using}")
    }

    /// Bind markers are in the order of the statement: what is added, then the key.
    fn add(&self, target: &Target) -> String {
        let (key, counters): (Vec<_>, Vec<_>) = self
            .columns(target)
            .map(|column| (is_key(column), quoted(&column.name)))
            .partition(|(is_key, _)| *is_key);
        let counters: Vec<String> =
            counters.into_iter().map(|(_, name)| format!("{name} = {name} + ?")).collect();
        let key: Vec<String> = key.into_iter().map(|(_, name)| format!("{name} = ?")).collect();
        let (counters, key) = (counters.join(", "), key.join(" AND "));
        format!("UPDATE {} SET {counters} WHERE {key}", target.name())
    }

    /// May a row be written twice, and be as if it had been written once?
    ///
    /// What an INSERT sets is the same the second time. Not so what is added to a counter; nor a list that
    /// is not frozen: the elements of a whole list are cells whose names each execution draws anew, and
    /// what clears the list before them is older than they are by a microsecond of the same write time, so
    /// that a second execution with that time leaves the elements of both.
    pub(super) fn is_idempotent(&self, target: &Target) -> bool {
        let draws_names = |column: &Column| {
            matches!(column.column_type, ColumnType::List(_)) && target.is_in_parts(column)
        };
        !target.counts() && !self.columns(target).any(draws_names)
    }
}

/// Among the names of fields, what stands for one that is passed over.
const NOTHING: &str = "-";

/// Where the column is among those of the table that is meant by this name.
fn position(target: &Target, name: &str) -> Option<usize> {
    let column = target.column(name)?;
    target.columns().iter().position(|known| known.name == column.name)
}

/// Do both name the same? A column may be in quotes, as in CQL.
fn is_same(one: &str, other: &str, target: &Target) -> bool {
    one == other || position(target, one).is_some_and(|at| position(target, other) == Some(at))
}

fn is_among(names: &[String], name: &str, target: &Target) -> bool {
    names.iter().any(|known| is_same(known, name, target))
}

/// Is its value that of the partition?
pub(super) const fn is_of_partition(column: &Column) -> bool {
    matches!(column.kind, ColumnKind::PartitionKey | ColumnKind::Static)
}

/// What an export says about columns, which is loaded only if that is asked for.
pub(super) fn is_of_export(name: &str) -> bool {
    (name.starts_with("writetime(") || name.starts_with("ttl(")) && name.ends_with(')')
}

/// What is said of these names, if some are what an export adds, which nobody has asked for.
pub(super) fn passed_over<'a>(names: impl Iterator<Item = &'a str>) -> Option<String> {
    let names: Vec<&str> = names.filter(|name| is_of_export(name)).collect();
    let verb = if names.len() == 1 { "is" } else { "are" };
    (!names.is_empty()).then(|| {
        format!(
            "{} {verb} passed over: --timestamp-column and --ttl-column take them",
            names.join(", ")
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_export_adds_is_named_where_nobody_takes_it() {
        let mapping = |time: Goal| Mapping {
            fields: vec![
                ("v".to_owned(), Goal::Nothing),
                ("writetime(v)".to_owned(), time),
                ("ttl(v)".to_owned(), Goal::Nothing),
            ],
            columns: Vec::new(),
            has_timestamp: false,
            has_ttl: false,
        };
        let said = mapping(Goal::Nothing).passed_over().unwrap();
        let ends = "passed over: --timestamp-column and --ttl-column take them";
        assert_eq!(said, format!("writetime(v), ttl(v) are {ends}"));
        let said = mapping(Goal::Timestamp).passed_over().unwrap();
        assert_eq!(said, format!("ttl(v) is {ends}"));
        assert_eq!(passed_over(["v", "ttl"].into_iter()), None);
    }
}
