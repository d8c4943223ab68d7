//! When a refresh is due, and of what.

use super::*;

#[test]
fn a_lone_event_is_seen_to_soon_and_by_each_client_at_a_time_of_its_own() {
    let now = Instant::now();
    for (jitter, after) in [(0.0, 100), (0.5, 300), (1.0, 500), (7.0, 500), (f64::NAN, 100)] {
        let mut pending = PendingEvents::new(WINDOW, jitter);
        assert_eq!(pending.due(), None);
        pending.note(topology(TopologyChange::NewNode), now);
        assert_eq!(pending.due(), Some(now + millis(after)), "{jitter}");
        assert_eq!(pending.take(now + millis(after - 1)), None);
        assert_eq!(pending.take(now + millis(after)), Some(hosts()));
        assert_eq!(pending.due(), None);
    }
}

#[test]
fn g12_2_followers_do_not_put_a_refresh_off() {
    let start = Instant::now();
    let mut pending = pending();
    let mut now = start;
    while now < start + GATHER {
        pending.note(topology(TopologyChange::NewNode), now);
        now += millis(1);
    }
    assert_eq!(pending.due(), Some(start + GATHER));
}

#[test]
fn g12_2_one_refresh_a_window() {
    let start = Instant::now();
    let mut pending = pending();
    pending.note_all(start);
    assert_eq!(pending.take(start + GATHER), Some(Refresh::whole()));
    pending.note(table("k", "t"), start + GATHER + millis(1));
    assert_eq!(pending.due(), Some(start + GATHER + WINDOW));
    // Late in the window, the delay of its own is what counts.
    assert!(pending.take(start + GATHER + WINDOW).is_some());
    let late = start + GATHER + 2 * WINDOW - millis(10);
    pending.note(table("k", "t"), late);
    assert_eq!(pending.due(), Some(late + GATHER));
}

#[test]
fn every_change_of_topology_is_one_of_the_ring() {
    let now = Instant::now();
    let other = TopologyChange::Other("SHUFFLED_NODE".to_owned());
    let changes =
        [TopologyChange::NewNode, TopologyChange::RemovedNode, TopologyChange::MovedNode, other];
    for change in changes {
        let mut pending = pending();
        pending.note(topology(change), now);
        assert_eq!(pending.take(now + GATHER), Some(hosts()));
    }
}

#[test]
fn what_is_not_known_is_passed_over() {
    let now = Instant::now();
    let mut pending = pending();
    pending.note(Event::Other("GRACEFUL_DISCONNECT".to_owned()), now);
    let change = StatusChange::Other("SIDEWAYS".to_owned());
    pending.note(Event::StatusChange { change, address: address(1) }, now);
    assert_eq!(pending.due(), None);
    assert_eq!(pending.next_hint(now), None);
}

#[test]
fn lost_events_make_everything_stale() {
    let now = Instant::now();
    let mut pending = pending();
    pending.note(table("k", "t"), now);
    pending.note_lost(now);
    assert_eq!(pending.take(now + GATHER), Some(Refresh::whole()));
    assert_eq!(pending.due(), Some(now + WINDOW));
    assert_eq!(hints(&mut pending, now + WINDOW), [Hint::UpAny]);
}

#[test]
fn a_refresh_that_failed_is_due_again_with_what_came_meanwhile() {
    let now = Instant::now();
    let mut pending = pending();
    pending.note(topology(TopologyChange::NewNode), now);
    pending.note(table("k", "t"), now);
    let failed = pending.take(now + GATHER).unwrap();
    pending.note(table("k", "u"), now + GATHER);
    pending.restore(failed, now + 2 * GATHER);
    let again = now + GATHER + WINDOW;
    assert_eq!(pending.due(), Some(again));
    let both = ["u", "t"].map(|name| SchemaTarget::Table(name.to_owned())).to_vec();
    let keyspaces = [("k".to_owned(), StaleKeyspace::Targets(both))];
    let schema = StaleSchema::Keyspaces(keyspaces.into());
    assert_eq!(pending.take(again), Some(Refresh { hosts: true, schema }));
    // Nothing to put back is nothing to do.
    pending.restore(Refresh::default(), again);
    assert_eq!(pending.due(), None);
}

/// What is stale of keyspace `k` after these changes.
fn stale(changes: impl IntoIterator<Item = (SchemaChangeKind, SchemaTarget)>) -> StaleKeyspace {
    let now = Instant::now();
    let mut pending = pending();
    for (kind, target) in changes {
        pending.note(schema(kind, "k", target), now);
    }
    let schema = pending.take(now + GATHER).unwrap().schema;
    let StaleSchema::Keyspaces(mut keyspaces) = schema else { panic!("the whole schema") };
    assert_eq!(keyspaces.len(), 1);
    keyspaces.remove("k").unwrap()
}

#[test]
fn a_keyspace_that_is_new_or_gone_is_read_whole_and_an_altered_one_is_not() {
    use SchemaChangeKind::{Created, Dropped, Updated};
    let keyspace = || SchemaTarget::Keyspace;
    let altered = StaleKeyspace::Targets(vec![keyspace()]);
    assert_eq!(stale([(Updated, keyspace()), (Updated, keyspace())]), altered);
    assert_eq!(stale([(Created, keyspace())]), StaleKeyspace::Whole);
    assert_eq!(stale([(Updated, keyspace()), (Dropped, keyspace())]), StaleKeyspace::Whole);
    let unknown = SchemaTarget::Other("TRIGGER".to_owned());
    assert_eq!(stale([(Created, unknown)]), StaleKeyspace::Whole);
}

#[test]
fn a_thing_that_was_changed_in_two_ways_is_read_once() {
    use SchemaChangeKind::{Created, Dropped};
    let table = || SchemaTarget::Table("t".to_owned());
    let overloads = ["int", "text"]
        .map(|argument| SchemaTarget::Function("f".to_owned(), vec![argument.to_owned()]));
    let [of_int, of_text] = overloads.clone();
    let changes = [(Dropped, table()), (Created, of_int), (Created, table()), (Created, of_text)];
    let [of_int, of_text] = overloads;
    assert_eq!(stale(changes), StaleKeyspace::Targets(vec![table(), of_int, of_text]));
}

#[test]
fn over_a_limit_the_whole_of_it_is_stale() {
    use super::super::stale::{LONGEST, MOST_KEYSPACES, MOST_OF_A_KEYSPACE};
    use SchemaChangeKind::Updated;
    let tables =
        |count: usize| (0..count).map(|number| (Updated, SchemaTarget::Table(number.to_string())));
    let StaleKeyspace::Targets(all) = stale(tables(MOST_OF_A_KEYSPACE)) else { panic!("whole") };
    assert_eq!(all.len(), MOST_OF_A_KEYSPACE);
    assert_eq!(stale(tables(MOST_OF_A_KEYSPACE + 1)), StaleKeyspace::Whole);
    let long = |length| [(Updated, SchemaTarget::Table("t".repeat(length)))];
    assert!(matches!(stale(long(LONGEST)), StaleKeyspace::Targets(_)));
    assert_eq!(stale(long(LONGEST + 1)), StaleKeyspace::Whole);
    let arguments = vec![String::new(); LONGEST];
    let wide = SchemaTarget::Function("f".to_owned(), arguments);
    assert_eq!(stale([(Updated, wide)]), StaleKeyspace::Whole);

    let now = Instant::now();
    let after = |names: &mut dyn Iterator<Item = String>| {
        let mut pending = pending();
        names.for_each(|name| pending.note(table(&name, "t"), now));
        pending.take(now + GATHER).unwrap().schema
    };
    let names = |count: usize| (0..count).map(|number| number.to_string());
    assert_ne!(after(&mut names(MOST_KEYSPACES)), StaleSchema::Whole);
    assert_eq!(after(&mut names(MOST_KEYSPACES + 1)), StaleSchema::Whole);
    assert_eq!(after(&mut std::iter::once("k".repeat(LONGEST + 1))), StaleSchema::Whole);
}
