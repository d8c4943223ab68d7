//! Which changes become which refresh.

use cqlwire_codec::SchemaTarget;

use crate::schema::SchemaRefresh;
use crate::schema::refresh::KeyspaceRefresh;

fn change(keyspace: &str, target: SchemaTarget) -> SchemaRefresh {
    SchemaRefresh::of(keyspace, &target)
}

fn table(keyspace: &str, name: &str) -> SchemaRefresh {
    change(keyspace, SchemaTarget::Table(name.to_owned()))
}

fn merged(all: impl IntoIterator<Item = SchemaRefresh>) -> SchemaRefresh {
    let mut refresh = SchemaRefresh::default();
    all.into_iter().for_each(|one| refresh.merge(one));
    refresh
}

#[test]
fn g12_2_changes_add_up_and_none_is_lost() {
    let functions = [
        change("a", SchemaTarget::Function("f".into(), Vec::new())),
        change("a", SchemaTarget::Aggregate("g".into(), Vec::new())),
    ];
    let expected =
        KeyspaceRefresh::Parts { tables: ["t".into(), "u".into()].into(), functions: true };
    // The last one says nothing of functions, and takes none back.
    let tables = ["t", "u", "t"].map(|name| table("a", name));
    let both = merged(functions.into_iter().chain(tables));
    assert_eq!(both, SchemaRefresh::Keyspaces([("a".into(), expected)].into()));
    let wholes = [
        SchemaTarget::Keyspace,
        SchemaTarget::Type("t".into()),
        SchemaTarget::Other("TRIGGER".into()),
    ];
    for target in wholes {
        let whole = SchemaRefresh::Keyspaces([("a".into(), KeyspaceRefresh::Whole)].into());
        assert_eq!(merged([table("a", "t"), change("a", target.clone())]), whole);
        assert_eq!(merged([change("a", target), table("a", "t")]), whole);
    }
    assert_eq!(merged([table("a", "t"), SchemaRefresh::Whole]), SchemaRefresh::Whole);
    assert_eq!(merged([SchemaRefresh::Whole, table("a", "t")]), SchemaRefresh::Whole);
}

#[test]
fn g12_2_however_many_changes_there_are_a_refresh_is_small() {
    let tables = (0..10_000).map(|number| table("a", &number.to_string()));
    let whole = SchemaRefresh::Keyspaces([("a".into(), KeyspaceRefresh::Whole)].into());
    assert_eq!(merged(tables), whole);
    let keyspaces = |count| merged((0..count).map(|number: u32| table(&number.to_string(), "t")));
    assert!(matches!(keyspaces(16), SchemaRefresh::Keyspaces(all) if all.len() == 16));
    assert_eq!(keyspaces(17), SchemaRefresh::Whole);
}
