//! UP and DOWN, address by address.

use super::super::hints::MOST_ADDRESSES;
use super::*;

#[test]
fn g12_6_up_is_handed_out_at_once_and_once_a_window() {
    let start = Instant::now();
    let mut pending = pending();
    pending.note(up(1), start);
    pending.note(up(1), start);
    assert_eq!(pending.due(), Some(start));
    assert_eq!(hints(&mut pending, start), [Hint::Up(address(1))]);
    assert_eq!(pending.due(), None);
    for after in 1..10 {
        let now = start + millis(after * 100);
        pending.note(up(1), now);
        assert_eq!(hints(&mut pending, now), []);
        assert_eq!(pending.due(), Some(start + WINDOW));
    }
    // The last word counts, even if it was one too many.
    let end = start + WINDOW;
    assert_eq!(hints(&mut pending, end), [Hint::Up(address(1))]);
    assert_eq!(pending.due(), None);
    let much_later = end + 5 * WINDOW;
    pending.note(up(1), much_later);
    assert_eq!(hints(&mut pending, much_later), [Hint::Up(address(1))]);
}

#[test]
fn down_is_a_hint_and_makes_nothing_stale() {
    let now = Instant::now();
    let mut pending = pending();
    pending.note(down(1), now);
    pending.note(up(1), now);
    pending.note(up(2), now);
    let expected = [Hint::Down(address(1)), Hint::Up(address(1)), Hint::Up(address(2))];
    assert_eq!(hints(&mut pending, now), expected);
    assert_eq!(pending.due(), None);
}

#[test]
fn too_many_addresses_are_any_host_and_no_host_is_tried_twice_in_a_window() {
    let start = Instant::now();
    let most = u32::try_from(MOST_ADDRESSES).unwrap();
    let mut pending = pending();
    for number in 0..most {
        pending.note(up(number), start);
    }
    assert_eq!(hints(&mut pending, start).len(), MOST_ADDRESSES);
    let over = start + millis(1);
    (0..2 * most).for_each(|number| pending.note(up(number), over));
    assert_eq!(pending.due(), Some(over + WINDOW));
    assert_eq!(hints(&mut pending, over + WINDOW - millis(1)), []);
    assert_eq!(hints(&mut pending, over + WINDOW), [Hint::UpAny]);
    // All were tried then, whether they were named or not.
    let soon = over + WINDOW + millis(1);
    pending.note(up(7), soon);
    pending.note(up(3 * most), soon);
    assert_eq!(hints(&mut pending, soon), []);
    let both = [Hint::Up(address(7)), Hint::Up(address(3 * most))];
    assert_eq!(hints(&mut pending, over + 2 * WINDOW), both);
}

#[test]
fn addresses_of_earlier_windows_take_no_room() {
    let start = Instant::now();
    let most = u32::try_from(MOST_ADDRESSES).unwrap();
    let mut pending = pending();
    for round in 0..5 {
        let now = start + round * WINDOW;
        (0..most).for_each(|number| pending.note(up(round * most + number), now));
        assert_eq!(hints(&mut pending, now).len(), MOST_ADDRESSES);
    }
}

#[test]
fn too_many_that_are_down_are_a_case_for_the_list_of_hosts() {
    let now = Instant::now();
    let mut pending = pending();
    let most = u32::try_from(MOST_ADDRESSES).unwrap();
    (0..most).for_each(|number| pending.note(down(number), now));
    assert_eq!(pending.due(), None);
    pending.note(down(most), now);
    assert_eq!(hints(&mut pending, now).len(), MOST_ADDRESSES);
    assert_eq!(pending.take(now + GATHER), Some(hosts()));
}
