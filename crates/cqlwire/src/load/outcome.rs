//! What becomes of rows whose request came to its end.

use cqlwire_codec::ErrorCode;

use super::Load;
use super::failure::FailedRow;
use super::flight::Landed;
use super::guarded::Guarded;
use super::window::HeldRow;
use crate::error::{Error, ErrorKind, Result};
use crate::result::QueryResult;

impl<R> Load<'_, R> {
    /// A request came to its end.
    pub(super) fn land(&mut self, landed: Landed<Guarded<R>>, outcome: Result<QueryResult>) {
        self.counters.request_ended();
        let applied = outcome.and_then(|result| result.was_applied());
        match &applied {
            Ok(_) => self.width.went_well(),
            Err(error) if is_overloaded(error) => self.width.was_too_much(),
            Err(_) => {}
        }
        let goes_again = applied.as_ref().is_err_and(|error| self.may_go_again(error, &landed));
        if !goes_again {
            self.crowd.is_over();
        }
        match landed {
            Landed::Alone(row) if goes_again => self.intake.window.put_back(row),
            Landed::Alone(row) => self.row_ended(row, &applied),
            Landed::Together(mut group) => {
                while let Some(row) = group.rows.pop() {
                    match goes_again {
                        true => self.intake.window.put_back(HeldRow { place: None, ..row }),
                        false => self.row_ended(row, &applied),
                    }
                }
                self.spare.push(group);
            }
        }
    }

    /// Was nothing of it done, and may it go better the next time?
    fn may_go_again(&mut self, error: &Error, landed: &Landed<Guarded<R>>) -> bool {
        if error.may_have_been_applied() {
            return false;
        }
        match error.kind() {
            // It may go once one of the others has come to its end, or else after a pause.
            ErrorKind::Overloaded { .. } => !self.flights.is_empty() || self.waits_for_room(),
            // What one of many is refused for is a matter of that one alone.
            _ => matches!(landed, Landed::Together(_)) && is_refused(error),
        }
    }

    /// Waits where others leave no room; false if it has waited for long enough.
    #[cold]
    fn waits_for_room(&mut self) -> bool {
        let patience = self.options().settings.timeout;
        self.crowd.wait(patience, &self.shared.runtime)
    }

    fn row_ended(&mut self, row: HeldRow<Guarded<R>>, applied: &Result<bool>) {
        let HeldRow { row: Guarded(row), number, bytes, .. } = row;
        self.intake.held_bytes -= bytes;
        match applied {
            Ok(true) => self.counters.written(bytes),
            Ok(false) => self.counters.not_applied(),
            Err(error) => {
                self.counters.failed();
                self.failures.push_back(FailedRow { row, number, error: error.clone() });
            }
        }
    }
}

/// Was it too much, for the session or for a server?
fn is_overloaded(error: &Error) -> bool {
    match error.kind() {
        ErrorKind::Overloaded { .. } => true,
        ErrorKind::Server { error, .. } => error.code == ErrorCode::Overloaded,
        _ => false,
    }
}

/// Was it refused for what it says, as it would be everywhere?
fn is_refused(error: &Error) -> bool {
    match error.kind() {
        ErrorKind::Encode(_) | ErrorKind::BatchTooLarge { .. } => true,
        ErrorKind::Server { error, .. } => error.code == ErrorCode::Invalid,
        _ => false,
    }
}
