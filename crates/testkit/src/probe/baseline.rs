//! The counts before a test, and the wait until they are back.

use std::time::Duration;

use super::{Alone, descriptors, tasks};
use crate::eventually;

/// How long things may take to come back: far more than they need, so that a failure means a leak.
const PATIENCE: Duration = Duration::from_secs(10);

/// What there was before the test began.
#[derive(Copy, Clone, Debug)]
#[must_use = "a baseline proves something once it is regained"]
pub struct Baseline {
    tasks: usize,
    descriptors: Option<usize>,
}

impl Baseline {
    /// The tasks of the current runtime.
    ///
    /// # Panics
    ///
    /// Outside a runtime.
    pub fn of_tasks() -> Self {
        Self { tasks: tasks(), descriptors: None }
    }

    /// The tasks of the current runtime and the descriptors of the process. Descriptors belong to
    /// the whole process: see [`alone`](super::alone).
    ///
    /// # Panics
    ///
    /// Outside a runtime, and where the descriptors cannot be counted.
    pub fn of_tasks_and_descriptors(_alone: &Alone) -> Self {
        Self { tasks: tasks(), descriptors: Some(descriptors()) }
    }

    /// Waits until no more than at the baseline is there.
    ///
    /// # Panics
    ///
    /// If that takes over ten seconds: something leaked, and the message says how much.
    pub async fn regained(&self) {
        let task_limit = self.tasks;
        eventually(PATIENCE, &format!("at most {task_limit} tasks"), || tasks() <= task_limit)
            .await;
        if let Some(limit) = self.descriptors {
            eventually(PATIENCE, &format!("at most {limit} descriptors"), || {
                descriptors() <= limit
            })
            .await;
        }
    }
}
