//! What became of each request, as the process of a driver tells it.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

/// What kind of a request.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Class {
    /// A read of a row that is there: idempotent.
    Read,
    /// An insert of a new id: idempotent, and said to be.
    Write,
    /// A value appended to the list of a new id, not said to be idempotent: done twice, the list has
    /// two.
    Append,
}

impl Class {
    /// The class of a request, counted from 0, where so many of each second are idempotent, half of
    /// them reads, and so many are not.
    pub const fn of(number: u64, idempotent: u64, appends: u64) -> Self {
        let all = if idempotent + appends == 0 { 1 } else { idempotent + appends };
        let before = number * appends / all;
        if (number + 1) * appends / all > before {
            return Self::Append;
        }
        if (number - before).is_multiple_of(2) { Self::Read } else { Self::Write }
    }

    /// May it be done twice?
    pub const fn is_idempotent(self) -> bool {
        !matches!(self, Self::Append)
    }
}

/// One request. Times are those of the clock that all processes of the machine share, in microseconds.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    /// What kind.
    #[serde(rename = "c")]
    pub class: Class,
    /// Its row.
    #[serde(rename = "i")]
    pub id: i64,
    /// When it was to begin.
    #[serde(rename = "d")]
    pub due: u64,
    /// How long it took from then.
    #[serde(rename = "t")]
    pub took: u64,
    /// Which of the [`kinds`](Record::kinds) it failed by.
    #[serde(rename = "f", default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<usize>,
    /// Which of the [`hosts`](Record::hosts) answered, if the driver tells.
    #[serde(rename = "h", default, skip_serializing_if = "Option::is_none")]
    pub host: Option<usize>,
}

/// All of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// In the order in which they were over.
    pub samples: Vec<Sample>,
    /// By what requests failed.
    pub kinds: Vec<String>,
    /// Who answered.
    pub hosts: Vec<SocketAddr>,
    /// How often a host had been told a statement that it did not know, by when, by a driver that
    /// counts.
    pub taught: Vec<(u64, u64)>,
    /// The first few failures in full: when, and what the driver said.
    pub examples: Vec<(u64, String)>,
}

/// The moments that the figures go by, by the same clock.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// From here on it counts.
    pub measured: u64,
    /// The fault begins.
    pub begin: u64,
    /// The fault is over.
    pub end: u64,
    /// Nothing counts any more.
    pub over: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_as_many_as_they_are_to_be() {
        for (idempotent, appends) in [(300, 60), (300, 0), (0, 50), (10, 10), (7, 3)] {
            let all = idempotent + appends;
            let classes: Vec<_> =
                (0..all * 10).map(|number| Class::of(number, idempotent, appends)).collect();
            let count = |class| classes.iter().filter(|one| **one == class).count() as u64;
            assert_eq!(count(Class::Append), appends * 10);
            assert_eq!(count(Class::Read), idempotent * 5);
            assert_eq!(count(Class::Write), idempotent * 5);
        }
    }
}
