//! How much memory a schema may still take while its rows come.

/// How much more memory there is, in bytes.
#[derive(Debug, Default)]
pub(super) struct Budget(pub(super) usize);

impl Budget {
    /// Takes so much, unless there is less. Once there was, there is none at all: nothing small is
    /// taken in place of something large.
    pub(super) const fn take(&mut self, bytes: usize) -> bool {
        match self.0.checked_sub(bytes) {
            Some(left) => {
                self.0 = left;
                true
            }
            None => {
                self.0 = 0;
                false
            }
        }
    }
}
