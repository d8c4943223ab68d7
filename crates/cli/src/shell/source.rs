//! SOURCE: the statements of a file.

use std::path::Path;

use super::input::Input;
use super::{Flow, Shell};
use crate::exit::Failure;

/// How many files may be read, one by another.
const DEEPEST: u8 = 8;

impl Shell {
    /// Executes the statements of a file, as far as the first that fails.
    pub(super) async fn source(&mut self, path: &Path) -> Result<Flow, Failure> {
        if self.depth >= DEEPEST {
            return Err(Failure::refused(format_args!("over {DEEPEST} files, one by another")));
        }
        let mut input = Input::of_file(path)?;
        let was_interactive = std::mem::replace(&mut self.is_interactive, false);
        self.depth += 1;
        // It may name another file, and so on.
        let read = Box::pin(self.read(&mut input)).await;
        self.depth -= 1;
        self.is_interactive = was_interactive;
        read.map(|()| Flow::On)
    }
}
