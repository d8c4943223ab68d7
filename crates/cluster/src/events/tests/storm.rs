//! Ten thousand events a second for a minute.

use super::super::hints::MOST_ADDRESSES;
use super::super::stale::{MOST_KEYSPACES, MOST_OF_A_KEYSPACE};
use super::*;

const EVENTS: u32 = 600_000;
const BETWEEN: Duration = Duration::from_micros(100);

/// What a minute of events led to.
#[derive(Default)]
struct Seen {
    refreshes: Vec<(Instant, Refresh)>,
    ups: Vec<(Instant, Hint)>,
    downs: usize,
}

/// Notes a minute of these events and does what is due, as the refresh task does.
fn minute(start: Instant, event: impl Fn(u32) -> Event) -> Seen {
    let mut seen = Seen::default();
    let mut pending = pending();
    for number in 0..EVENTS {
        let now = start + number * BETWEEN;
        pending.note(event(number), now);
        for hint in hints(&mut pending, now) {
            match hint {
                Hint::Down(_) => seen.downs += 1,
                up => seen.ups.push((now, up)),
            }
        }
        if let Some(refresh) = pending.take(now) {
            seen.refreshes.push((now, refresh));
        }
        assert!(pending.due().is_none_or(|due| due > now));
        assert_bounded(&pending.refresh);
    }
    let last = start + EVENTS * BETWEEN + WINDOW;
    seen.refreshes.extend(pending.take(last).map(|refresh| (last, refresh)));
    seen
}

fn assert_bounded(refresh: &Refresh) {
    let StaleSchema::Keyspaces(keyspaces) = &refresh.schema else { return };
    assert!(keyspaces.len() <= MOST_KEYSPACES);
    for stale in keyspaces.values() {
        if let StaleKeyspace::Targets(targets) = stale {
            assert!(targets.len() <= MOST_OF_A_KEYSPACE);
        }
    }
}

fn assert_one_a_window(start: Instant, refreshes: &[(Instant, Refresh)]) {
    assert!(refreshes.first().is_some_and(|(at, _)| *at <= start + WINDOW));
    assert!(refreshes.windows(2).all(|pair| pair[1].0 - pair[0].0 >= WINDOW));
    assert!((59..=61).contains(&refreshes.len()), "{}", refreshes.len());
}

#[test]
fn g12_2_a_minute_of_one_change_over_and_over() {
    let start = Instant::now();
    let seen = minute(start, |_| table("k", "t"));
    assert_one_a_window(start, &seen.refreshes);
    let one = StaleKeyspace::Targets(vec![SchemaTarget::Table("t".to_owned())]);
    let schema = StaleSchema::Keyspaces([("k".to_owned(), one)].into());
    let only_it = Refresh { hosts: false, schema };
    assert!(seen.refreshes.iter().all(|(_, refresh)| *refresh == only_it));
}

#[test]
fn g12_2_a_minute_of_all_kinds_of_changes_loses_none() {
    let start = Instant::now();
    let seen = minute(start, |number| match number % 5 {
        0 => topology(TopologyChange::MovedNode),
        1 => table(&format!("k{}", number / 5 % 100), "t"),
        2 => table("k", &format!("t{number}")),
        3 => up(number % 3000),
        _ => down(number % 3000),
    });
    assert_one_a_window(start, &seen.refreshes);
    let all = seen.refreshes.iter().rev().skip(1).all(|(_, refresh)| *refresh == Refresh::whole());
    assert!(all, "hosts and more keyspaces than are read one by one");
    assert_eq!(seen.downs, EVENTS as usize / 5);
    // Two addresses of five are named, 600 of 3,000: all of them fit.
    for number in (3..3000).step_by(5) {
        let hint = Hint::Up(address(number));
        let times: Vec<_> = seen.ups.iter().filter(|(_, up)| *up == hint).collect();
        assert!(times.len() >= 59, "{number} was tried {} times", times.len());
        assert!(times.windows(2).all(|pair| pair[1].0 - pair[0].0 >= WINDOW));
    }
}

#[test]
fn g12_2_a_minute_of_addresses_that_never_come_back_is_bounded() {
    let start = Instant::now();
    let seen = minute(start, up);
    let any: Vec<_> = seen.ups.iter().filter(|(_, up)| *up == Hint::UpAny).collect();
    assert!(any.len() >= 20);
    assert!(any.windows(2).all(|pair| pair[1].0 - pair[0].0 >= WINDOW));
    assert!(seen.ups.len() <= 60 * (MOST_ADDRESSES + 1));
    assert_eq!(seen.refreshes, []);
}
