//! The statements of a session that somebody holds.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::inner::Inner;

/// How many texts are remembered before those that nobody holds any more are forgotten.
const FIRST_LOOK: usize = 64;

/// The statements of a session that somebody holds, by their texts: whatever one handle learns of a
/// text, all know.
#[derive(Default)]
pub(crate) struct Held(Mutex<Texts>);

#[derive(Default)]
struct Texts {
    by_text: HashMap<String, Weak<Inner>>,
    /// From so many on, those that nobody holds are looked for.
    look_at: usize,
}

impl Held {
    /// The statement of the same text, if somebody holds it. Otherwise it is this one from now on.
    pub(super) fn hold(&self, new: &Arc<Inner>) -> Option<Arc<Inner>> {
        let mut texts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(held) = texts.by_text.get(&new.text).and_then(Weak::upgrade) {
            return Some(held);
        }
        if texts.by_text.len() >= texts.look_at.max(FIRST_LOOK) {
            texts.by_text.retain(|_, held| held.strong_count() > 0);
            texts.look_at = 2 * texts.by_text.len();
        }
        texts.by_text.insert(new.text.clone(), Arc::downgrade(new));
        None
    }
}
