//! Values by name and values that are not set, on every way to a server; and what errors say of
//! those that do not fit.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use cqlwire_testkit::node::{Received, ScriptedNode};

use super::memory::{Memory, at_rest};
use super::statements::{WRITE, alter};
use crate::codec::{ColumnType, MaybeUnset, NamedValues, Opcode, ProtocolVersion, Unset};
use crate::{EncodeValue, EncodeValues, Error, Session};

const VERSIONS: [ProtocolVersion; 3] =
    [ProtocolVersion::V3, ProtocolVersion::V4, ProtocolVersion::V5];
/// With names of its own, in the order of its markers.
const NAMED: &str = "INSERT INTO t (k, a) VALUES (:k, :a)";

/// A node that takes `a` for this, and a session that has prepared nothing.
async fn with(version: ProtocolVersion, a: &ColumnType) -> (Arc<Memory>, Session) {
    let memory = Memory::of([ScriptedNode::builder().versions([version]).in_memory()]);
    alter(memory.nodes(), a);
    let session = memory.session().await;
    (memory, session)
}

#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum Way {
    Prepared,
    Text,
    Unprepared,
    Pages,
    PagesOfText,
    Batch,
    BatchOfText,
    Load,
}

const WAYS: [Way; 8] = [
    Way::Prepared,
    Way::Text,
    Way::Unprepared,
    Way::Pages,
    Way::PagesOfText,
    Way::Batch,
    Way::BatchOfText,
    Way::Load,
];

/// Has these values written, each time by a session that has not seen the text before, but where it
/// is told to prepare it.
async fn write<V: EncodeValues + Send + Sync + Clone>(
    session: &Session,
    way: Way,
    values: V,
) -> Result<(), Error> {
    match way {
        Way::Prepared => {
            let write = session.prepare(WRITE).await?;
            session.execute(&write, values).await.map(drop)
        }
        Way::Text => session.query(WRITE, values).await.map(drop),
        Way::Unprepared => session.query(NAMED, values).unprepared().await.map(drop),
        Way::Pages => {
            let write = session.prepare(WRITE).await?;
            session.execute(&write, values).pages().try_next().await.map(drop)
        }
        Way::PagesOfText => session.query(WRITE, values).pages().try_next().await.map(drop),
        Way::Batch => {
            let write = session.prepare(WRITE).await?;
            let mut batch = session.batch();
            batch.add(&write, values)?;
            batch.execute().await.map(drop)
        }
        Way::BatchOfText => {
            let mut batch = session.batch();
            batch.add(WRITE, values)?;
            batch.execute().await.map(drop)
        }
        Way::Load => {
            let load = session.insert_all(WRITE, [values]).await;
            load.map(drop).map_err(Error::from)
        }
    }
}

/// What was sent that has values.
fn sent(memory: &Memory) -> Vec<Received> {
    let is_it = |one: &Received| {
        matches!(one.opcode, Opcode::Query | Opcode::Execute | Opcode::Batch)
            && one.statements.iter().any(|text| text == WRITE || text == NAMED)
    };
    memory.node().received().into_iter().filter(is_it).collect()
}

fn only_sent(memory: &Memory) -> Received {
    let mut sent = sent(memory);
    assert_eq!(sent.len(), 1, "{sent:?}");
    sent.remove(0)
}

#[derive(Clone, crate::BindValues)]
#[cql(crate = "crate::codec")]
struct Other {
    a: MaybeUnset<i32>,
    k: i32,
}

#[tokio::test(start_paused = true)]
async fn what_is_not_set_is_left_alone_by_every_way_and_null_is_null() {
    for (version, way) in VERSIONS[1..].iter().flat_map(|version| WAYS.map(|way| (*version, way))) {
        let case = format!("{version}, {way:?}");
        let unset: [(&str, &dyn Fn(Session) -> Writing); 3] = [
            ("Unset", &|session| writing(session, way, (1, Unset))),
            ("MaybeUnset", &|session| writing(session, way, (1, MaybeUnset::<i32>::Unset))),
            ("a struct", &|session| writing(session, way, Other { a: MaybeUnset::Unset, k: 1 })),
        ];
        for (what, write) in unset {
            let (memory, session) = with(version, &ColumnType::Int).await;
            write(session).await.unwrap_or_else(|error| panic!("{case}, {what}: {error}"));
            let sent = only_sent(&memory);
            let at = sent.names.iter().position(|name| name == "a").unwrap_or(1);
            assert_eq!(sent.unset, [at], "{case}, {what}");
            assert_eq!(sent.values[1 - at].as_deref(), Some(&1_i32.to_be_bytes()[..]));
        }
        let (memory, session) = with(version, &ColumnType::Int).await;
        write(&session, way, (1, None::<i32>)).await.unwrap();
        let sent = only_sent(&memory);
        assert_eq!((sent.unset, sent.values[1].as_ref()), (vec![], None), "{case}");
    }
}

type Writing = std::pin::Pin<Box<dyn Future<Output = Result<(), Error>>>>;

fn writing<V>(session: Session, way: Way, values: V) -> Writing
where
    V: EncodeValues + Send + Sync + Clone + 'static,
{
    Box::pin(async move { write(&session, way, values).await })
}

/// It would be taken for null there, and delete what was to be left alone.
#[tokio::test(start_paused = true)]
async fn what_is_not_set_is_refused_on_v3_before_anything_is_sent() {
    for way in WAYS {
        let (memory, session) = with(ProtocolVersion::V3, &ColumnType::Int).await;
        let error = write(&session, way, (1, Unset)).await.unwrap_err();
        let text = error.to_string();
        assert!(text.contains("unset value") && text.contains("v3"), "{way:?}: {text}");
        assert!(!error.may_have_been_applied(), "{way:?}: {text}");
        assert_eq!(sent(&memory).len(), 0, "{way:?}");
        at_rest(&session).await;
        write(&session, way, (1, 2)).await.unwrap();
        assert_eq!(only_sent(&memory).values[1].as_deref(), Some(&2_i32.to_be_bytes()[..]));
    }
}

/// Names go with values where nothing else says where they belong; else values are sent in the order
/// of their markers, as everywhere in batches, where the protocol has no names.
#[tokio::test(start_paused = true)]
async fn values_by_name_go_to_the_markers_of_their_names_by_every_way() {
    for (version, way) in VERSIONS.iter().flat_map(|version| WAYS.map(|way| (*version, way))) {
        let case = format!("{version}, {way:?}");
        let by_name: [&dyn Fn(Session) -> Writing; 4] = [
            &|session| writing(session, way, Other { a: MaybeUnset::Set(7), k: 1 }),
            &|session| writing(session, way, NamedValues(&[("a", 7), ("k", 1)])),
            &|session| writing(session, way, BTreeMap::from([("a", 7), ("k", 1)])),
            &|session| {
                writing(session, way, HashMap::from([("k".to_owned(), 1), ("a".to_owned(), 7)]))
            },
        ];
        for write in by_name {
            let (memory, session) = with(version, &ColumnType::Int).await;
            write(session).await.unwrap_or_else(|error| panic!("{case}: {error}"));
            let sent = only_sent(&memory);
            let names = match way {
                Way::Unprepared => sent.names.clone(),
                _ => vec!["k".to_owned(), "a".to_owned()],
            };
            assert_eq!(sent.names.is_empty(), way != Way::Unprepared, "{case}");
            let by_name: BTreeMap<_, _> = names.into_iter().zip(sent.values).collect();
            assert_eq!(by_name.len(), 2, "{case}");
            assert_eq!(by_name["k"].as_deref(), Some(&1_i32.to_be_bytes()[..]), "{case}");
            assert_eq!(by_name["a"].as_deref(), Some(&7_i32.to_be_bytes()[..]), "{case}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_name_that_no_marker_has_is_refused_by_every_way_before_anything_is_executed() {
    for (version, way) in VERSIONS.iter().flat_map(|version| WAYS.map(|way| (*version, way))) {
        let (memory, session) = with(version, &ColumnType::Int).await;
        let values = NamedValues(&[("a", 7), ("k", 1), ("b", 2)]);
        let error = write(&session, way, values).await.unwrap_err();
        let text = error.to_string();
        assert!(text.contains("no bind marker `b`"), "{version}, {way:?}: {text}");
        assert!(!error.may_have_been_applied(), "{way:?}: {text}");
        assert_eq!(sent(&memory).len(), 0, "{way:?}");
    }
}

/// Whatever becomes of it: of the second statement.
async fn refused_in_batch(
    session: &Session,
    is_prepared: bool,
    value: &(dyn EncodeValue + Send + Sync),
    fits: &(dyn EncodeValue + Send + Sync),
) -> Error {
    let write = if is_prepared { Some(session.prepare(WRITE).await.unwrap()) } else { None };
    let mut batch = session.batch();
    let values: [[&(dyn EncodeValue + Send + Sync); 2]; 2] = [[&1, fits], [&1, value]];
    for values in values {
        let added = match &write {
            Some(write) => batch.add(write, values).map(drop),
            None => batch.add(WRITE, values).map(drop),
        };
        if let Err(error) = added {
            return error;
        }
    }
    let error = batch.execute().await.unwrap_err();
    assert!(!error.may_have_been_applied(), "{error}");
    error
}

#[tokio::test(start_paused = true)]
async fn g15_5_a_value_of_a_batch_that_does_not_fit_is_named_with_its_statement_and_its_types() {
    struct Tag;
    impl EncodeValue for Tag {
        fn encode(
            &self,
            ty: Option<&ColumnType>,
            out: &mut bytes::BytesMut,
        ) -> Result<(), crate::ValueError> {
            "tag".encode(ty, out)
        }

        fn own_type(&self) -> Option<ColumnType> {
            Some(ColumnType::Text)
        }
    }

    let floats = || ColumnType::List(Box::new(ColumnType::Float));
    let three = ColumnType::Vector(Box::new(ColumnType::Float), 3);
    let of_floats = || Vec::<f32>::new();
    let cases: [(
        ColumnType,
        &(dyn EncodeValue + Send + Sync),
        &(dyn EncodeValue + Send + Sync),
        &str,
    ); 6] = [
        (floats(), &vec![1_i32], &of_floats(), "list<float> does not go with Vec<i32>"),
        (floats(), &Some(vec![1_i32]), &of_floats(), "list<float> does not go with Vec<i32>"),
        (floats(), &Arc::new(vec!["x"]), &of_floats(), "list<float> does not go with Vec<&str>"),
        (ColumnType::Float, &"x".to_owned(), &1_f32, "float does not go with String"),
        (ColumnType::Int, &Tag, &1_i32, "int does not go with Tag"),
        (three, &vec![1_f32], &vec![1_f32; 3], "vector<float, 3>"),
    ];
    for (column, value, fits, expected) in cases {
        for is_prepared in [true, false] {
            let (memory, session) = with(ProtocolVersion::V5, &column).await;
            let error = refused_in_batch(&session, is_prepared, value, fits).await;
            let text = error.to_string();
            let begins = format!("statement 2 of the batch: column `a`: {expected}");
            assert!(text.starts_with(&begins), "{is_prepared}: {text}");
            assert!(!text.contains("CqlValue"), "{is_prepared}: {text}");
            assert_eq!(memory.node().count(Opcode::Batch), 0);
            at_rest(&session).await;
        }
    }
}

/// Its table was altered since it was added: what it was then stands for its Rust type.
#[tokio::test(start_paused = true)]
async fn g15_1_a_value_of_a_batch_that_fits_no_more_is_named_with_its_statement_and_its_types() {
    let (memory, session) = with(ProtocolVersion::V5, &ColumnType::Int).await;
    let write = session.prepare(WRITE).await.unwrap();
    let mut batch = session.batch();
    batch.add(&write, (1, 5)).unwrap();
    alter(memory.nodes(), &ColumnType::Float);
    let error = batch.execute().await.unwrap_err();
    let expected = "statement 1 of the batch: column `a`: float does not go with i32; use f32";
    assert!(error.to_string().starts_with(expected), "{error}");
    assert!(!error.may_have_been_applied(), "{error}");
}
