//! Types of Rust in the words of an error: what was given, and what would have fitted.

use crate::ColumnType;

/// A type's name without the paths: `Option<String>`, not
/// `core::option::Option<alloc::string::String>`. (The path of what a function declares may have a
/// `{{closure}}` in it.)
pub(super) fn short(name: &str) -> String {
    let mut short = String::with_capacity(name.len());
    let mut rest = name;
    while let Some(end) = rest.find(|c: char| !(c.is_alphanumeric() || "_:{}".contains(c))) {
        let (path, tail) = rest.split_at(end);
        short.push_str(last_segment(path));
        let punctuation = tail.chars().next().map_or(0, char::len_utf8);
        let (punctuation, tail) = tail.split_at(punctuation);
        short.push_str(punctuation);
        rest = tail;
    }
    short.push_str(last_segment(rest));
    short
}

fn last_segment(path: &str) -> &str {
    path.rsplit("::").next().unwrap_or(path)
}

/// Of an element whose name is longer, in bytes, one container is named and not two: each level of
/// a type would double the text, and a server may send 64 of them.
const LONGEST_CHOICE: usize = 100;

/// The Rust type that goes with this type of CQL, of those that need no feature.
pub(super) fn of(cql: &ColumnType) -> String {
    match cql {
        ColumnType::List(element) => format!("Vec<{}>", of(element)),
        ColumnType::Set(element) => match of(element) {
            long if long.len() > LONGEST_CHOICE => format!("HashSet<{long}>"),
            element => format!("HashSet<{element}> or Vec<{element}>"),
        },
        ColumnType::Map(key, value) => format!("HashMap<{}, {}>", of(key), of(value)),
        ColumnType::Tuple(elements) => {
            let fields: Vec<String> =
                elements.iter().map(|element| format!("Option<{}>", of(element))).collect();
            format!("({})", fields.join(", "))
        }
        ColumnType::Vector(element, dimension) => match of(element) {
            long if long.len() > LONGEST_CHOICE => format!("Vec<{long}>"),
            element => format!("Vec<{element}> or [{element}; {dimension}]"),
        },
        native => of_native(native).to_owned(),
    }
}

const fn of_native(cql: &ColumnType) -> &'static str {
    match cql {
        ColumnType::Ascii | ColumnType::Text => "String",
        ColumnType::BigInt => "i64",
        ColumnType::Counter => "i64 or Counter",
        ColumnType::Blob | ColumnType::Custom(_) => "Bytes",
        ColumnType::Boolean => "bool",
        ColumnType::Decimal => "CqlDecimal",
        ColumnType::Double => "f64",
        ColumnType::Float => "f32",
        ColumnType::Int => "i32",
        ColumnType::Timestamp => "CqlTimestamp",
        ColumnType::Uuid | ColumnType::TimeUuid => "Uuid",
        ColumnType::Varint => "CqlVarint",
        ColumnType::Inet => "IpAddr",
        ColumnType::Date => "CqlDate",
        ColumnType::Time => "CqlTime",
        ColumnType::SmallInt => "i16",
        ColumnType::TinyInt => "i8",
        ColumnType::Duration => "CqlDuration",
        ColumnType::UserType(_) => "CqlValue, or a struct that derives UserType",
        _ => "CqlValue",
    }
}

#[cfg(test)]
mod tests {
    use super::short;

    #[test]
    fn a_name_is_shown_without_its_paths() {
        let long = "core::option::Option<alloc::vec::Vec<(&str, [my::Own<'_>; 3])>>";
        assert_eq!(short(long), "Option<Vec<(&str, [Own<'_>; 3])>>");
        assert_eq!(short("a::b::{{closure}}::Own"), "Own");
    }
}
