//! Classes by their names.

use std::sync::Arc;

use proptest::prelude::*;

use super::{custom, read};
use crate::ProtocolVersion;
use crate::types::class_name::ClassName;
use crate::types::{ColumnType, UserType, class};
use crate::vectors::section;

fn parse(class: &str) -> ColumnType {
    class::parse(class, 64, &mut 1_000_000)
}

fn opaque(class: &str) {
    assert_eq!(parse(class), ColumnType::Custom(class.to_owned()), "{class}");
}

fn marshal(classes: &str) -> String {
    classes.replace('~', "org.apache.cassandra.db.marshal.")
}

fn list(element: ColumnType) -> ColumnType {
    ColumnType::List(Box::new(element))
}

#[test]
fn g11_3_every_type_vector_is_read_and_what_has_no_id_is_known_by_its_class() {
    use ColumnType as T;
    for vector in section("type_option") {
        let ty = read(&vector.bytes).unwrap_or_else(|error| panic!("{}: {error}", vector.name));
        let expected = match vector.name.as_str() {
            "custom vector<vector<int,2>,2>" => {
                T::Vector(Box::new(T::Vector(Box::new(T::Int), 2)), 2)
            }
            "custom vector<frozen<list<int>>,2>" => T::Vector(Box::new(list(T::Int)), 2),
            "udt ks.ty{a int,b text}" => T::UserType(Arc::new(UserType {
                keyspace: "ks".into(),
                name: "ty".into(),
                fields: vec![("a".into(), T::Int), ("b".into(), T::Text)],
            })),
            name => {
                let name = name.trim_start_matches("custom ").split(" (").next().unwrap();
                let shown = ty.to_string().replace(", ", ",").replace("text", "varchar");
                assert_eq!(shown, name.replace("text", "varchar"));
                continue;
            }
        };
        assert_eq!(ty, expected, "{}", vector.name);
        if matches!(ty, T::Vector(..)) {
            let mut out = bytes::BytesMut::new();
            ty.write_option(ProtocolVersion::V5, &mut out).unwrap();
            assert_eq!(out, vector.bytes, "{}", vector.name);
        }
    }
}

#[test]
fn classes_of_the_server_are_the_types_that_they_are() {
    use ColumnType as T;
    let map = |key, value| T::Map(Box::new(key), Box::new(value));
    let user = UserType {
        keyspace: "ks".into(),
        name: "añb".into(),
        fields: vec![("x".into(), T::Duration), ("list".into(), list(T::Date))],
    };
    let known = [
        ("~ListType(~DurationType)", list(T::Duration)),
        ("~MapType(~ByteType,~SetType(~ShortType))", {
            map(T::TinyInt, T::Set(Box::new(T::SmallInt)))
        }),
        ("~ReversedType(~TimeType)", T::Time),
        ("~FrozenType(~ListType( ~Int32Type ))", list(T::Int)),
        ("~TupleType(~Int32Type,~UTF8Type)", T::Tuple(vec![T::Int, T::Text])),
        ("~TupleType()", T::Tuple(vec![])),
        (
            "~UserType(ks,61c3b162,78:~DurationType,6C697374:~ListType(~SimpleDateType))",
            T::UserType(Arc::new(user)),
        ),
        (
            "~UserType(,,:~Int32Type)",
            T::UserType(Arc::new(UserType {
                keyspace: String::new(),
                name: String::new(),
                fields: vec![(String::new(), T::Int)],
            })),
        ),
        ("~VectorType(~FloatType,2147483647)", T::Vector(Box::new(T::Float), 2_147_483_647)),
        ("Int32Type", T::Int),
        ("~ListType(org.example.Point(a=>b,(c)))", {
            list(T::Custom("org.example.Point(a=>b,(c))".into()))
        }),
    ];
    for (class, ty) in known {
        assert_eq!(parse(&marshal(class)), ty, "{class}");
    }
}

#[test]
fn f16_a_class_that_is_not_understood_is_opaque() {
    for class in ["", " ", "(", ")", "A(", "org.example.Point", "org.example.ListType(x)", "é("] {
        opaque(class);
    }
    let classes = [
        "~VectorType(~Int32Type , 0)",
        "~VectorType(~Int32Type , -1)",
        "~VectorType(~Int32Type , 2147483648)",
        "~VectorType(~Int32Type , x)",
        "~VectorType(~Int32Type)",
        "~VectorType(~Int32Type , 2",
        "~ListType",
        "~ListType()",
        "~ListType(~Int32Type",
        "~ListType(~Int32Type))",
        "~ListType(~Int32Type) trailing",
        "~ListType(~Int32Type,~Int32Type)",
        "~ListType(org.example.Point(a)",
        "~MapType(~Int32Type)",
        "~UserType()",
        "~UserType(ks)",
        "~UserType(ks,zz)",
        "~UserType(ks,616)",
        "~UserType(ks,ff)",
        "~UserType(ks,61,62)",
        "~UserType(ks,61,62:)",
        "~Int32Type(~Int32Type)",
        "~CompositeType(~Int32Type,~UTF8Type)",
        "~DynamicCompositeType(a=>~Int32Type)",
        "~EmptyType",
    ];
    for class in classes {
        opaque(&marshal(class));
    }
    assert_eq!(read(&custom("")), Ok(ColumnType::Custom(String::new())));
}

#[test]
fn f16_f12_classes_nested_too_deep_are_opaque_without_deep_recursion() {
    let nested = |levels| "ListType(".repeat(levels) + "Int32Type" + &")".repeat(levels);
    assert!(matches!(parse(&nested(63)), ColumnType::List(_)));
    opaque(&nested(64));
    opaque(&nested(6_000));
    opaque(&"A(".repeat(32_000));
    // A class counts from the depth where it stands, so that both nestings together are bounded.
    let mut bytes = [0, 0x20].repeat(60);
    bytes.extend(custom(&nested(3)));
    assert!(!format!("{:?}", read(&bytes)).contains("Custom"));
    let mut bytes = [0, 0x20].repeat(60);
    bytes.extend(custom(&nested(4)));
    assert!(format!("{:?}", read(&bytes)).contains("Custom"));
}

#[test]
fn f13_the_types_of_a_class_are_counted_with_those_of_the_message() {
    let class = format!("TupleType({}ByteType)", "ByteType,".repeat(99));
    let mut left = 101;
    assert!(matches!(class::parse(&class, 64, &mut left), ColumnType::Tuple(_)));
    assert_eq!(left, 0);
    let mut left = 100;
    assert!(matches!(class::parse(&class, 64, &mut left), ColumnType::Custom(_)));
    assert_eq!(left, 100);
}

proptest! {
    #[test]
    fn f16_any_text_is_some_type(class in "[A(),: 0-9=>é]{0,64}") {
        parse(&class);
    }

    #[test]
    fn what_is_written_as_a_class_is_read(ty in crate::types::arbitrary::column_type()) {
        prop_assert_eq!(parse(&ClassName::of(&ty).to_string()), ty);
    }
}
