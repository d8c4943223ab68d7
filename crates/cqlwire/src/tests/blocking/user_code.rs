//! Code of users', which runs on the thread that waits.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use super::{Node, at_rest};
use crate::blocking::Wait;
use crate::codec::{ColumnSpec, DecodeRow, RowCells, RowPlan, ValueError};
use crate::tests::{INSERT, SELECT};

/// A row that cannot be made.
struct Panics;

impl<'row> DecodeRow<'row> for Panics {
    fn plan(_: &[ColumnSpec]) -> Result<RowPlan, ValueError> {
        Ok(RowPlan::by_position())
    }

    fn decode_row(_: &RowPlan, _: &mut RowCells<'row>) -> Result<Self, ValueError> {
        panic!("of the user's")
    }
}

#[test]
fn g16_1_a_panic_in_a_row_goes_through_and_leaves_nothing() {
    let node = Node::with(25);
    let session = node.session();
    let mut rows = session.query(SELECT, ("Oslo",)).page_size(10).rows::<Panics>().wait();
    assert!(catch_unwind(AssertUnwindSafe(|| rows.next().is_some())).is_err());
    drop(rows);
    at_rest(&session);
    // This thread waits as ever, and belongs to no runtime.
    assert!(tokio::runtime::Handle::try_current().is_err());
    session.query(INSERT, ()).wait().unwrap();
}

#[test]
fn g16_1_a_hook_that_panics_is_not_called_again() {
    let node = Node::with(25);
    let session = node.session();
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let stream = session.query(SELECT, ("Oslo",)).page_size(10).stream().on_progress(move |_| {
        counted.fetch_add(1, Relaxed);
        panic!("of the user's");
    });
    assert_eq!(stream.rows::<(i64, String)>().wait().map(Result::unwrap).count(), 25);
    assert_eq!(calls.load(Relaxed), 1);
    assert!(session.resources().is_idle(), "{}", session.resources());
}

/// A wait within a wait, on the same thread: neither takes a wake-up from the other.
#[test]
fn g16_1_a_hook_may_wait_for_its_own_session() {
    let node = Node::with(25);
    let session = node.session();
    let hook = {
        let session = session.clone();
        move |_: &crate::Progress| {
            session.query(INSERT, ()).wait().unwrap();
        }
    };
    let stream = session.query(SELECT, ("Oslo",)).page_size(10).stream().on_progress(hook);
    assert_eq!(stream.rows::<(i64, String)>().wait().map(Result::unwrap).count(), 25);
    assert_eq!(node.node.count_statement(INSERT), 4, "of three pages and the end");
    assert!(session.resources().is_idle(), "{}", session.resources());
}
