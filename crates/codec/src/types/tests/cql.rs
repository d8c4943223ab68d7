//! Types as CQL writes them.

use std::collections::HashMap;
use std::sync::Arc;

use proptest::prelude::*;

use crate::types::arbitrary::column_type;
use crate::types::{ColumnType, CqlTypeError, Measured, TypeExtent, UserType};

type Known = HashMap<(String, String), Measured<Arc<UserType>>>;

fn parse(text: &str) -> Result<ColumnType, CqlTypeError> {
    ColumnType::from_cql(text, &|_, _| None).map(|read| read.value)
}

fn list(element: ColumnType) -> ColumnType {
    ColumnType::List(Box::new(element))
}

/// A user type of the keyspace `ks` with these fields.
fn user(name: &str, fields: Vec<(String, ColumnType)>) -> Arc<UserType> {
    Arc::new(UserType { keyspace: "ks".into(), name: name.into(), fields })
}

#[test]
fn what_system_tables_say_is_the_type_that_it_is() {
    use ColumnType as T;
    let map = |key, value| T::Map(Box::new(key), Box::new(value));
    let known = [
        ("text", T::Text),
        ("varchar", T::Text),
        ("INT", T::Int),
        ("duration", T::Duration),
        ("frozen<map<text, list<frozen<set<int>>>>>", {
            map(T::Text, list(T::Set(Box::new(T::Int))))
        }),
        ("map<text,int>", map(T::Text, T::Int)),
        (" List < frozen < inet > > ", list(T::Inet)),
        ("tuple<int, text>", T::Tuple(vec![T::Int, T::Text])),
        ("tuple<>", T::Tuple(vec![])),
        ("vector<float, 3>", T::Vector(Box::new(T::Float), 3)),
        ("vector<vector<int,2>,2147483647>", {
            T::Vector(Box::new(T::Vector(Box::new(T::Int), 2)), 2_147_483_647)
        }),
        ("'org.example.Point(a=>b)'", T::Custom("org.example.Point(a=>b)".into())),
        ("list<'it''s'>", list(T::Custom("it's".into()))),
        ("'org.apache.cassandra.db.marshal.ListType(Int32Type)'", list(T::Int)),
        ("empty", T::Custom("org.apache.cassandra.db.marshal.EmptyType".into())),
    ];
    for (text, ty) in known {
        assert_eq!(parse(text), Ok(ty), "{text}");
    }
}

#[test]
fn user_types_are_those_that_the_caller_finds() {
    let mine = user("My \"Type\"", vec![("a".into(), ColumnType::Int)]);
    let int = user("int", Vec::new());
    let find = |keyspace: Option<&str>, name: &str| {
        let value = match (keyspace, name) {
            (None, "my_type" | "My \"Type\"") | (Some("KS"), "my_type") => mine.clone(),
            (None | Some("ks"), "int") => int.clone(),
            _ => return None,
        };
        Some(Measured { value, extent: TypeExtent { levels: 2, types: 2 } })
    };
    let read = |text: &str| ColumnType::from_cql(text, &find);
    for text in ["my_type", "MY_TYPE", "\"My \"\"Type\"\"\"", "\"KS\".my_type"] {
        let extent = TypeExtent { levels: 3, types: 3 };
        let value = list(ColumnType::UserType(mine.clone()));
        assert_eq!(read(&format!("list<{text}>")), Ok(Measured { value, extent }), "{text}");
    }
    for text in ["\"int\"", "ks.int"] {
        assert_eq!(read(text).unwrap().value, ColumnType::UserType(int.clone()), "{text}");
    }
    assert_eq!(read("int").unwrap().value, ColumnType::Int);
    for (text, name) in [("\"My_type\"", "My_type"), ("ks.my_type", "my_type"), ("txt", "txt")] {
        assert_eq!(read(text), Err(CqlTypeError::Unknown { name: name.into() }), "{text}");
    }
    assert_eq!(ColumnType::UserType(mine).to_string(), r#"ks."My ""Type""""#);
}

#[test]
fn what_is_no_type_is_an_error_that_says_where() {
    let malformed = [
        ("", 0),
        (" ", 1),
        ("<", 0),
        ("list", 4),
        ("list<", 5),
        ("list<>", 5),
        ("list<int", 8),
        ("list<int>>", 9),
        ("list<int,int>", 8),
        ("map<int>", 7),
        ("tuple<int,>", 10),
        ("vector<int>", 10),
        ("vector<int, 0>", 12),
        ("vector<int, -1>", 12),
        ("vector<int, 2147483648>", 12),
        ("int text", 4),
        ("'int", 1),
        ("\"int", 1),
        ("ks.", 3),
        ("tëxt", 1),
    ];
    for (text, at) in malformed {
        match parse(text) {
            Err(CqlTypeError::Unknown { name }) => assert_eq!((text, &*name), ("tëxt", "t")),
            outcome => assert_eq!(outcome, Err(CqlTypeError::Malformed { at }), "{text}"),
        }
    }
}

#[test]
fn f12_types_nested_too_deep_are_refused_without_deep_recursion() {
    let nested = |levels| "list<".repeat(levels) + "int" + &">".repeat(levels);
    assert!(parse(&nested(63)).is_ok());
    assert_eq!(parse(&nested(64)), Err(CqlTypeError::TooLarge));
    assert_eq!(parse(&"frozen<".repeat(100_000)), Err(CqlTypeError::TooLarge));
    // A class stands as deep as where it is written.
    let class = |levels| "'".to_owned() + &"ListType(".repeat(levels) + "Int32Type";
    let classes = |levels| format!("list<{}{}'>", class(levels), ")".repeat(levels));
    assert_eq!(parse(&classes(62)), parse(&nested(63)));
    assert!(matches!(parse(&classes(63)), Ok(ColumnType::List(of)) if *of != ColumnType::Int));
}

#[test]
fn f13_user_types_count_as_if_they_were_spelled_out() {
    // Each type has two fields of the one before: a few lines that stand for 2^64 types.
    let mut known: HashMap<String, Measured<Arc<UserType>>> = HashMap::new();
    for level in 0..64 {
        let text = if level == 0 { "int".to_owned() } else { format!("t{}", level - 1) };
        let find = |_: Option<&str>, name: &str| known.get(name).cloned();
        let pair = ColumnType::from_cql(&format!("tuple<{text}, {text}>"), &find);
        // The types: 3, and from then on twice as many and two more.
        let Ok(pair) = pair else {
            assert_eq!((level, pair), (14, Err(CqlTypeError::TooLarge)));
            return;
        };
        let Measured { value, extent } = pair;
        assert_eq!(extent.levels, 2 + 2 * level);
        let (name, fields) = (format!("t{level}"), vec![("f".into(), value)]);
        let extent = TypeExtent { levels: extent.levels + 1, types: extent.types + 1 };
        known.insert(name.clone(), Measured { value: user(&name, fields), extent });
    }
    panic!("too large a type was read");
}

/// The user types in it, inner ones first; `None` if two are called the same.
fn collect(ty: &ColumnType, known: &mut Known) -> Option<()> {
    match ty {
        ColumnType::List(inner) | ColumnType::Set(inner) | ColumnType::Vector(inner, _) => {
            collect(inner, known)
        }
        ColumnType::Map(key, value) => collect(key, known).and_then(|()| collect(value, known)),
        ColumnType::Tuple(elements) => elements.iter().try_for_each(|ty| collect(ty, known)),
        ColumnType::UserType(user) => {
            user.fields.iter().try_for_each(|(_, field)| collect(field, known))?;
            let measured = Measured { value: user.clone(), extent: ty.extent() };
            let name = (user.keyspace.clone(), user.name.clone());
            let old = known.insert(name, measured.clone());
            old.is_none_or(|old| old == measured).then_some(())
        }
        _ => Some(()),
    }
}

proptest! {
    #[test]
    fn f16_any_text_is_a_type_or_an_error(text in "[a-z<>,'\". 0-9é]{0,64}") {
        // What is as short as this is never too large.
        prop_assert_ne!(parse(&text), Err(CqlTypeError::TooLarge));
    }

    #[test]
    fn what_is_shown_is_read(ty in column_type()) {
        let mut known = Known::new();
        prop_assume!(collect(&ty, &mut known).is_some());
        let find = |keyspace: Option<&str>, name: &str| {
            known.get(&(keyspace?.to_owned(), name.to_owned())).cloned()
        };
        let read = ColumnType::from_cql(&ty.to_string(), &find);
        prop_assert_eq!(read, Ok(Measured { extent: ty.extent(), value: ty }));
    }
}
