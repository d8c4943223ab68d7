//! The values of bind markers, from texts by their types.

use std::collections::HashMap;

use cqlwire::PreparedStatement;
use cqlwire::codec::ColumnSpec;
use cqlwire::value::CqlValue;

use crate::exit::Failure;
use crate::value::parse;

/// One value for each marker, in their order.
pub(super) fn bound(
    prepared: &PreparedStatement,
    values: &[String],
    named: &[(String, String)],
    null: &str,
) -> Result<Vec<CqlValue>, Failure> {
    let markers = prepared.bind_markers();
    let texts = match named.is_empty() {
        true => in_order(&markers, values)?,
        false => by_name(&markers, named)?,
    };
    let read = |(marker, text): (&ColumnSpec, &str)| match text == null {
        true => Ok(CqlValue::Null),
        false => parse(text, &marker.column_type)
            .map_err(|error| Failure::usage(format_args!("{}: {error}", marker.name))),
    };
    markers.iter().zip(texts).map(read).collect()
}

fn in_order<'a>(markers: &[ColumnSpec], values: &'a [String]) -> Result<Vec<&'a str>, Failure> {
    if markers.len() != values.len() {
        let (wanted, given) = (markers.len(), values.len());
        let names: Vec<_> = markers.iter().map(described).collect();
        let why = format!(
            "the statement wants {wanted} values, {given} were given: {}",
            names.join(", ")
        );
        return Err(Failure::usage(why));
    }
    Ok(values.iter().map(String::as_str).collect())
}

fn by_name<'a>(
    markers: &[ColumnSpec],
    named: &'a [(String, String)],
) -> Result<Vec<&'a str>, Failure> {
    let mut given: HashMap<&str, &str> = HashMap::new();
    for (name, text) in named {
        if given.insert(name, text).is_some() {
            return Err(Failure::usage(format_args!("the value of `{name}` was given twice")));
        }
        if markers.iter().all(|marker| marker.name != *name) {
            let names: Vec<_> = markers.iter().map(described).collect();
            let why = format!("there is no bind marker `{name}`, but {}", names.join(", "));
            return Err(Failure::usage(why));
        }
    }
    let find = |marker: &ColumnSpec| {
        let why = || Failure::usage(format_args!("the value of {} is lacking", described(marker)));
        given.get(marker.name.as_str()).copied().ok_or_else(why)
    };
    markers.iter().map(find).collect()
}

fn described(marker: &ColumnSpec) -> String {
    format!("`{}` ({})", marker.name, marker.column_type)
}

#[cfg(test)]
mod tests {
    use cqlwire::codec::ColumnType;

    use super::*;

    fn markers() -> Vec<ColumnSpec> {
        let marker = |name: &str, column_type| ColumnSpec {
            keyspace: "shop".into(),
            table: "users".into(),
            name: name.to_owned(),
            column_type,
        };
        vec![marker("id", ColumnType::Int), marker("name", ColumnType::Text)]
    }

    fn pairs(named: &[(&str, &str)]) -> Vec<(String, String)> {
        named.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
    }

    #[test]
    fn values_go_to_markers_by_position_or_by_name() {
        let values = ["7".to_owned(), "Ada".to_owned()];
        assert_eq!(in_order(&markers(), &values).unwrap(), ["7", "Ada"]);
        let named = pairs(&[("name", "Ada"), ("id", "7")]);
        assert_eq!(by_name(&markers(), &named).unwrap(), ["7", "Ada"]);
    }

    #[test]
    fn what_does_not_fit_is_told_with_what_would() {
        let told = |failure: Failure| failure.to_string();
        let text = told(in_order(&markers(), &["7".to_owned()]).unwrap_err());
        assert_eq!(text, "the statement wants 2 values, 1 were given: `id` (int), `name` (text)");
        let by_name =
            |named: &[(&str, &str)]| told(by_name(&markers(), &pairs(named)).unwrap_err());
        assert_eq!(by_name(&[("id", "7")]), "the value of `name` (text) is lacking");
        assert_eq!(by_name(&[("id", "7"), ("id", "8")]), "the value of `id` was given twice");
        let unknown = by_name(&[("nmae", "x")]);
        assert_eq!(unknown, "there is no bind marker `nmae`, but `id` (int), `name` (text)");
    }
}
