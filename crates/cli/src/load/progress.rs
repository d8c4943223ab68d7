//! How far a load has got, as a small file: where a second run goes on.
//!
//! ```text
//!   cqlwire-load-2
//!   table shop.orders
//!   input 4711 93            so many bytes, the line that begins there
//!   crc 907060870 part       of these bytes, which tell this input from another; or whole, at its end
//!   rejected 2 117 130       so many lines, the bytes of their file and of the one with the reasons
//!   in "/data/bad.csv"       their file, or -
//! ```

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use super::ledger::Mark;
use super::rejected::Synced;
use crate::exit::Failure;
use crate::transfer::{read_saved, save};

const BEGINS: &str = "cqlwire-load-2";

/// See the [module](self).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Progress {
    pub(super) table: String,
    pub(super) mark: Mark,
    /// The input ended there.
    pub(super) is_complete: bool,
    /// Changed by nothing but what is [saved](Self::save).
    rejected: RejectedSoFar,
    /// The file that these bytes are of, as [`named`] has it. What is in another one is of another load.
    pub(super) rejected_file: Option<String>,
}

/// What is in the files of rejected lines.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct RejectedSoFar {
    pub(super) lines: u64,
    pub(super) bytes: u64,
    pub(super) reason_bytes: u64,
}

impl RejectedSoFar {
    /// Is nothing in them? A line that was too long to be kept is only in that of the reasons.
    pub(super) const fn is_nothing(self) -> bool {
        self.reason_bytes == 0
    }
}

impl Progress {
    /// At the start of the input.
    pub(super) fn at_start(table: String) -> Self {
        let mark = Mark { bytes: 0, line: 1, crc: 0 };
        let rejected = RejectedSoFar::default();
        Self { table, mark, is_complete: false, rejected, rejected_file: None }
    }

    /// From now on rejected lines go to this file, if to any. Is what is there of this load?
    pub(super) fn goes_on_in(&mut self, file: Option<String>) -> bool {
        let is_known = file.is_none() || self.rejected_file == file;
        if !is_known {
            self.rejected_file = file;
            self.rejected =
                RejectedSoFar { lines: self.rejected.lines, ..RejectedSoFar::default() };
        }
        is_known
    }

    /// What a run before has left in this file, if there was one.
    pub(super) fn read(path: &Path, table: &str) -> Result<Option<Self>, Failure> {
        read_saved(path, |text| {
            let progress: Self = text.parse()?;
            match progress.table == table {
                true => Ok(progress),
                false => Err(format!("it is of a load into {}", progress.table)),
            }
        })
    }

    /// Keeps it, behind the rejected lines.
    pub(super) fn save(&mut self, path: &Path, rejected: Synced) -> std::io::Result<()> {
        self.rejected = rejected.into();
        save(path, &self.to_string())
    }

    pub(super) const fn rejected(&self) -> RejectedSoFar {
        self.rejected
    }
}

/// A file in one line, wherever it is named from.
pub(super) fn named(file: &Path) -> std::io::Result<String> {
    Ok(format!("{:?}", std::path::absolute(file)?))
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { table, mark, is_complete, rejected, rejected_file } = self;
        let Mark { bytes, line, crc } = mark;
        let part = if *is_complete { "whole" } else { "part" };
        let RejectedSoFar { lines, bytes: of_lines, reason_bytes } = rejected;
        writeln!(f, "{BEGINS}\ntable {table}\ninput {bytes} {line}\ncrc {crc} {part}")?;
        writeln!(f, "rejected {lines} {of_lines} {reason_bytes}")?;
        writeln!(f, "in {}", rejected_file.as_deref().unwrap_or("-"))
    }
}

impl FromStr for Progress {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        read(text).ok_or("it is no progress of a load")
    }
}

fn read(text: &str) -> Option<Progress> {
    let rest = text.strip_prefix(BEGINS)?.strip_prefix("\ntable ")?;
    // A name may have a line break in it; what follows has none.
    let (table, rest) = rest.rsplit_once("\ninput ")?;
    let (input, rest) = rest.strip_suffix('\n')?.split_once("\ncrc ")?;
    let (crc, rejected) = rest.split_once("\nrejected ")?;
    let (crc, is_complete) = match crc.split_once(' ')? {
        (crc, "whole") => (crc.parse().ok()?, true),
        (crc, "part") => (crc.parse().ok()?, false),
        _ => return None,
    };
    let (rejected, file) = rejected.split_once("\nin ")?;
    let numbers =
        |text: &str| text.split(' ').map(|n| n.parse().ok()).collect::<Option<Vec<u64>>>();
    let (&[bytes, line], &[lines, of_lines, reason_bytes]) =
        (&*numbers(input)?, &*numbers(rejected)?)
    else {
        return None;
    };
    let rejected = RejectedSoFar { lines, bytes: of_lines, reason_bytes };
    let rejected_file = Some(file).filter(|file| *file != "-").map(ToOwned::to_owned);
    let (table, mark) = (table.to_owned(), Mark { bytes, line, crc });
    Some(Progress { table, mark, is_complete, rejected, rejected_file })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_saved_is_read_and_nothing_else_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("progress");
        let table = "\"k\".\"a\ninput b\"";
        assert_eq!(Progress::read(&path, table), Ok(None));
        let rejected = RejectedSoFar { lines: 2, bytes: 117, reason_bytes: 130 };
        let mark = Mark { bytes: 4711, line: 93, crc: 7 };
        let rejected_file = Some(named(Path::new("/a\ninput b")).unwrap());
        let is_complete = true;
        let progress =
            Progress { table: table.to_owned(), mark, is_complete, rejected, rejected_file };
        save(&path, &progress.to_string()).unwrap();
        assert_eq!(Progress::read(&path, table), Ok(Some(progress.clone())));
        assert!(Progress::read(&path, "\"k\".\"b\"").is_err(), "it is of another table");
        let text = progress.to_string();
        for end in 0..text.len() {
            assert!(text[..end].parse::<Progress>().is_err(), "{end}");
        }
        for wrong in [
            "",
            "x",
            &text.replace("-2\n", "-1\n"),
            &text.replace("whole", "all"),
            &text.replace("93", "x"),
        ] {
            assert!(wrong.parse::<Progress>().is_err(), "{wrong}");
        }
        let nowhere = Progress { rejected_file: None, is_complete: false, ..progress };
        assert_eq!(nowhere.to_string().parse(), Ok(nowhere));
    }

    #[test]
    fn what_is_in_another_file_is_not_of_this_load() {
        let file = |name: &str| Some(named(Path::new(name)).unwrap());
        let kept = RejectedSoFar { lines: 2, bytes: 117, reason_bytes: 130 };
        let mut progress = Progress::at_start("k.t".to_owned());
        assert!(!progress.goes_on_in(file("bad.csv")));
        progress.rejected = kept;
        assert!(progress.goes_on_in(file("./bad.csv")));
        assert!(progress.goes_on_in(None), "nothing is written there");
        assert_eq!((progress.rejected, &progress.rejected_file), (kept, &file("bad.csv")));
        assert!(!progress.goes_on_in(file("other.csv")));
        let lines_alone = RejectedSoFar { lines: 2, ..RejectedSoFar::default() };
        assert_eq!((progress.rejected, &progress.rejected_file), (lines_alone, &file("other.csv")));
    }
}
