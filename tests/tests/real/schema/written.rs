//! What the driver knows of a schema, written as a server writes it, as far as it tells.

use std::collections::BTreeMap;

use cqlwire::cluster::{ClusteringOrder, Column, ColumnKind, Index, Keyspace, Table, TableKind};

use super::Element;

/// For each element, what a server says of it: all of these, among other things.
pub(super) type Written = BTreeMap<Element, Vec<String>>;

/// A statement of a keyspace without what says nothing, or nothing that the driver tells: white space,
/// quotes around names, the name of the keyspace before others, and what is frozen.
pub(super) fn bare(statement: &str, keyspace: &str) -> String {
    let shown = statement.chars().filter(|c| !c.is_whitespace() && *c != '"');
    let mut bare = shown.collect::<String>().replace(&format!("{keyspace}."), "");
    while let Some(start) = bare.find("frozen<") {
        let inner = start + "frozen<".len();
        let mut depth = 1;
        let is_its_end = |c| {
            depth += match c {
                '<' => 1,
                '>' => -1,
                _ => 0,
            };
            depth == 0
        };
        let end = inner + bare[inner..].find(is_its_end).unwrap();
        bare.remove(end);
        bare.replace_range(start..inner, "");
    }
    in_order(bare)
}

/// The statement of a table with its columns in the order of their names: servers have those first that
/// are one cell each, and others after them.
fn in_order(statement: String) -> String {
    let Some((head, rest)) = statement.split_once("TABLE").and_then(|(before, rest)| {
        let name = rest.find('(')?;
        let (head, rest) = statement.split_at(before.len() + "TABLE".len() + name + 1);
        Some((head, rest))
    }) else {
        return statement;
    };
    let (mut columns, mut depth, mut begins, mut is_quoted) = (Vec::new(), 0, 0, false);
    for (at, c) in rest.char_indices() {
        match c {
            // A class that is no type of CQL may have anything in it.
            '\'' => is_quoted = !is_quoted,
            _ if is_quoted => {}
            ',' | ')' if depth == 0 => {
                columns.push(&rest[begins..at]);
                begins = at + 1;
                if c == ')' {
                    break;
                }
            }
            '(' | '<' => depth += 1,
            ')' | '>' => depth -= 1,
            _ => {}
        }
    }
    columns.sort_unstable();
    format!("{head}{}){}", columns.join(","), &rest[begins..])
}

/// Everything of a keyspace.
pub(super) fn written(keyspace: &Keyspace) -> Written {
    let mut written = Written::new();
    let mut add = |kind: &str, name: &str, parts: Vec<String>| {
        let bare = |text: &str| bare(text, keyspace.name());
        let parts = parts.iter().map(|part| bare(part)).collect();
        let before = written.insert((kind.to_owned(), bare(name)), parts);
        assert_eq!(before, None, "{kind} {name} came twice");
    };
    add("keyspace", keyspace.name(), head(keyspace));
    for user in keyspace.user_types() {
        let fields = list(&user.fields, |(name, ty)| format!("{name} {ty}"));
        add("type", &user.name, vec![format!("CREATE TYPE {} ({fields})", user.name)]);
    }
    for function in keyspace.functions() {
        let null = match function.called_on_null_input {
            true => "CALLED ON NULL INPUT",
            false => "RETURNS NULL ON NULL INPUT",
        };
        let arguments = list(&function.arguments, |(name, ty)| format!("{name} {ty}"));
        let types = list(&function.arguments, |(_, ty)| ty.to_string());
        let text = format!(
            "CREATE FUNCTION {}({arguments}) {null} RETURNS {} LANGUAGE {} AS",
            function.name, function.return_type, function.language
        );
        add("function", &format!("{}({types})", function.name), vec![text]);
    }
    for aggregate in keyspace.aggregates() {
        let types = list(&aggregate.argument_types, ToString::to_string);
        let own = format!("{}({types})", aggregate.name);
        let optional = |word: &str, value: &Option<String>| {
            value.as_ref().map_or_else(String::new, |value| format!(" {word} {value}"))
        };
        let text = format!(
            "CREATE AGGREGATE {own} SFUNC {} STYPE {}{}{};",
            aggregate.state_function,
            aggregate.state_type,
            optional("FINALFUNC", &aggregate.final_function),
            optional("INITCOND", &aggregate.initial_condition)
        );
        add("aggregate", &own, vec![text]);
    }
    for table in keyspace.tables() {
        add("table", table.name(), of_table(table));
        for own in table.indexes() {
            add("index", &own.name, index(own, table));
        }
    }
    for view in keyspace.views() {
        add("materialized_view", view.name(), of_view(view));
    }
    written
}

fn head(keyspace: &Keyspace) -> Vec<String> {
    let mut parts = vec![format!("KEYSPACE {}", keyspace.name())];
    if keyspace.is_virtual() {
        assert!(keyspace.replication().is_empty());
        parts.push("virtual".to_owned());
        return parts;
    }
    // From 6.0 on: DESCRIBE says MetaStrategy, and the tables, for drivers that do not know it, another.
    let is_of_tables = |key: &str| key == "class" && keyspace.name() == "system_cluster_metadata";
    for (key, value) in keyspace.replication().iter().filter(|(key, _)| !is_of_tables(key)) {
        let value = value.rsplit('.').next().unwrap();
        parts.push(format!("'{key}': '{value}'"));
    }
    parts.push(format!("durable_writes = {}", keyspace.durable_writes()));
    parts
}

fn of_table(table: &Table) -> Vec<String> {
    let is_single = table.partition_key().len() == 1 && table.clustering().is_empty();
    let columns = list(table.columns(), |column| {
        let is_key = is_single && column.kind == ColumnKind::PartitionKey;
        let kind = match column.kind {
            ColumnKind::PartitionKey if is_key => " PRIMARY KEY",
            ColumnKind::Static => " static",
            _ => "",
        };
        format!("{} {}{kind}", column.name, column.column_type)
    });
    let key = if is_single { String::new() } else { format!(", {}", primary_key(table)) };
    let mut parts = vec![format!("TABLE {} ({columns}{key})", table.name())];
    parts.extend(clustering_order(table));
    let comment = table.comment().replace('\'', "''");
    parts.push(format!("comment = '{comment}'"));
    match table.kind() {
        TableKind::Virtual => parts.push("VIRTUAL TABLE".to_owned()),
        _ => parts.push(format!("default_time_to_live = {}", table.default_time_to_live())),
    }
    parts
}

fn of_view(table: &Table) -> Vec<String> {
    let TableKind::View(view) = table.kind() else { panic!("{} is no view", table.name()) };
    let columns = match view.has_all_columns {
        true => "*".to_owned(),
        false => list(table.columns(), |column| column.name.to_string()),
    };
    let mut parts = vec![format!(
        "CREATE MATERIALIZED VIEW {} AS SELECT {columns} FROM {} WHERE {} {}",
        table.name(),
        view.base_table,
        view.where_clause,
        primary_key(table)
    )];
    parts.extend(clustering_order(table));
    parts
}

fn index(index: &Index, table: &Table) -> Vec<String> {
    let target = index.target().unwrap();
    match index.options.get("class_name") {
        None => vec![format!("CREATE INDEX {} ON {} ({target})", index.name, table.name())],
        Some(class) => vec![format!(
            "CREATE CUSTOM INDEX {} ON {} ({target}) USING '{class}'",
            index.name,
            table.name()
        )],
    }
}

fn primary_key(table: &Table) -> String {
    let names = |columns: &[Column]| list(columns, |column| column.name.to_string());
    let partition = match table.partition_key() {
        [one] => one.name.to_string(),
        several => format!("({})", names(several)),
    };
    let comma = if table.clustering().is_empty() { "" } else { ", " };
    format!("PRIMARY KEY ({partition}{comma}{})", names(table.clustering()))
}

fn clustering_order(table: &Table) -> Option<String> {
    let order = list(table.clustering(), |column| {
        let order = match column.kind {
            ColumnKind::Clustering(ClusteringOrder::Descending) => "DESC",
            _ => "ASC",
        };
        format!("{} {order}", column.name)
    });
    (!order.is_empty()).then(|| format!("CLUSTERING ORDER BY ({order})"))
}

fn list<T>(items: &[T], show: impl Fn(&T) -> String) -> String {
    items.iter().map(show).collect::<Vec<_>>().join(", ")
}
