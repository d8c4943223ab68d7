use std::sync::Arc;

use super::*;

fn line(number: u64) -> Line {
    let mark = |line: u64| Mark { bytes: (line - 1) * 10, line, crc: 0 };
    Line { start: mark(number), end: mark(number + 1), raw: format!("line {number:03}\n").into() }
}

fn ledger() -> Arc<Ledger> {
    Arc::new(Ledger::new(Mark { bytes: 0, line: 1, crc: 0 }, 3))
}

fn enter(ledger: &Arc<Ledger>, number: u64) -> Ticket {
    let number = ledger.try_enter(line(number)).unwrap();
    let mut ticket = Ticket::new(Arc::clone(ledger), number);
    ticket.take();
    ticket
}

fn reasons(due: &Due) -> Vec<&str> {
    due.rejected.iter().map(|rejected| rejected.reason.as_str()).collect()
}

#[test]
fn the_mark_moves_only_past_lines_that_have_their_outcome() {
    let ledger = ledger();
    let mut tickets: Vec<_> = (1..=5).map(|number| enter(&ledger, number)).collect();
    drop(tickets.remove(2));
    drop(tickets.remove(1));
    assert_eq!(ledger.reached(), Mark { bytes: 0, line: 1, crc: 0 });
    drop(tickets.remove(0));
    assert_eq!(ledger.reached(), Mark { bytes: 30, line: 4, crc: 0 });
    tickets.clear();
    assert_eq!(ledger.reached(), Mark { bytes: 50, line: 6, crc: 0 });
    ledger.input_ends(Mark { bytes: 53, line: 9, crc: 0 });
    assert_eq!(ledger.reached().bytes, 53);
}

#[test]
fn it_is_complete_once_the_input_ends_and_each_line_has_its_outcome() {
    let ledger = ledger();
    let is_complete = || ledger.take_due(Duration::ZERO).is_complete;
    let (first, second) = (enter(&ledger, 1), enter(&ledger, 2));
    ledger.input_ends(Mark { bytes: 20, line: 3, crc: 0 });
    drop(first);
    assert!(!is_complete());
    drop(second);
    assert!(is_complete());
}

/// What is behind the last line is done with once that is.
#[test]
fn the_input_may_end_before_the_last_line_has_its_outcome() {
    let ledger = ledger();
    let ticket = enter(&ledger, 1);
    ledger.input_ends(Mark { bytes: 13, line: 4, crc: 0 });
    assert_eq!(ledger.reached(), Mark { bytes: 0, line: 1, crc: 0 });
    drop(ticket);
    assert_eq!(ledger.reached(), Mark { bytes: 13, line: 4, crc: 0 });
}

#[test]
fn the_first_outcome_of_a_line_is_the_one_that_counts() {
    let ledger = ledger();
    let before = enter(&ledger, 1);
    let number = ledger.try_enter(line(2)).unwrap();
    ledger.reject(number, "wrong".to_owned());
    ledger.was_written(number);
    ledger.reject(number, "again".to_owned());
    drop(before);
    assert_eq!((ledger.written(), ledger.rejected()), (1, 1));
    assert_eq!(reasons(&ledger.take_due(Duration::ZERO)), ["wrong"]);
}

#[test]
fn rejected_lines_come_in_the_order_of_the_input_behind_those_before_them() {
    let ledger = ledger();
    let mut tickets: VecDeque<_> = (1..=4).map(|number| enter(&ledger, number)).collect();
    let first = tickets.pop_front().unwrap();
    tickets.pop_back().unwrap().reject("four".to_owned());
    tickets.pop_front().unwrap().reject("two".to_owned());
    assert!(ledger.take_due(Duration::ZERO).rejected.is_empty(), "the first may still be sent");
    drop(first);
    let due = ledger.take_due(Duration::ZERO);
    assert_eq!(reasons(&due), ["two"]);
    assert_eq!(due.rejected[0].line, line(2));
    assert_eq!((due.reached.line, due.is_last), (3, false));
    tickets.clear();
    ledger.close();
    let due = ledger.take_due(Duration::from_secs(60));
    assert_eq!((reasons(&due), due.reached.line, due.is_last), (vec!["four"], 5, true));
    assert!(!due.is_complete, "nobody has said that the input ends");
    assert_eq!(ledger.state().bytes, 0);
}

#[test]
fn what_was_never_taken_or_was_given_up_has_no_outcome() {
    let ledger = ledger();
    let number = ledger.try_enter(line(1)).unwrap();
    drop(Ticket::new(Arc::clone(&ledger), number));
    drop(enter(&ledger, 2));
    assert_eq!((ledger.reached().line, ledger.written()), (1, 1));
    let third = enter(&ledger, 3);
    ledger.abandon();
    drop(third);
    assert_eq!(ledger.written(), 1);
    assert_eq!(ledger.reached().line, 1);
    ledger.input_ends(Mark { bytes: 99, line: 9, crc: 0 });
    assert_eq!(ledger.reached().line, 1);
}

#[test]
fn what_is_left_has_no_outcome_and_is_gone_on_with() {
    let ledger = ledger();
    let (first, second, third) = (enter(&ledger, 1), enter(&ledger, 2), enter(&ledger, 3));
    drop(first);
    second.leave();
    drop(third);
    assert_eq!((ledger.reached().line, ledger.written(), ledger.rejected()), (2, 2, 0));
}

#[tokio::test]
async fn more_rejected_lines_than_may_be_stop_it() {
    let ledger = ledger();
    for number in 1..=3 {
        enter(&ledger, number).reject("no".to_owned());
    }
    assert_eq!(ledger.stopped(), None);
    let stopped = ledger.until_stopped();
    enter(&ledger, 4).reject("no".to_owned());
    ledger.stop(Stop::Interrupted(Exit::Interrupted));
    stopped.await;
    assert_eq!((ledger.stopped(), ledger.rejected()), (Some(Stop::TooManyRejected), 4));
}

#[test]
fn there_is_room_for_so_many_lines_and_who_waits_for_it_goes_on() {
    let ledger = ledger();
    let mut tickets: VecDeque<_> =
        (1..=MOST_LINES as u64).map(|number| enter(&ledger, number)).collect();
    assert_eq!(ledger.try_enter(line(9)), Err(line(9)));
    let (entered, enters) = (Arc::clone(&ledger), line(9));
    let waits = std::thread::spawn(move || {
        entered.wait_for_room(enters.raw.len());
        entered.try_enter(enters).is_ok()
    });
    drop(tickets.pop_front());
    assert!(waits.join().unwrap());
    let waits = std::thread::spawn({
        let ledger = Arc::clone(&ledger);
        move || ledger.wait_for_room(1)
    });
    ledger.stop(Stop::Failed);
    waits.join().unwrap();
}

#[test]
fn bytes_are_bounded_too_but_for_one_line() {
    let ledger = ledger();
    let long = |number| Line { raw: vec![0; MOST_BYTES + 1], ..line(number) };
    let number = ledger.try_enter(long(1)).unwrap();
    assert!(ledger.try_enter(line(2)).is_err());
    Ticket::new(Arc::clone(&ledger), number).reject("too long".to_owned());
    assert!(ledger.try_enter(line(2)).is_err(), "it is kept until somebody takes it");
    assert_eq!(ledger.take_due(Duration::from_secs(60)).rejected.len(), 1);
    assert!(ledger.try_enter(line(2)).is_ok());
}
