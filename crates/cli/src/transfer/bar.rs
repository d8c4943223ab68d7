//! How far it has got, on standard error, if that is a terminal.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// A line that is drawn again and again, and gone in the end. Where standard error is no terminal, none is
/// drawn.
#[derive(Debug)]
pub(crate) struct Bar(ProgressBar);

/// How often it is drawn.
pub(crate) const PACE: Duration = Duration::from_millis(200);

impl Bar {
    /// Of so many; `None` if that is not known.
    pub(crate) fn of(all: Option<u64>) -> Self {
        let bar = match all {
            Some(all) => ProgressBar::new(all),
            None => ProgressBar::new_spinner(),
        };
        let template = match all {
            Some(_) => "{percent:>3}% [{bar:30}] {msg}",
            None => "{spinner} {msg}",
        };
        // A template that is wrong would be drawn in the usual style.
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        Self(bar)
    }

    /// Says something on a line of its own.
    pub(crate) fn say(&self, what: &str) {
        self.0.suspend(|| super::say(what));
    }

    pub(crate) fn show(&self, done: u64, message: String) {
        self.0.set_position(done);
        self.0.set_message(message);
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
