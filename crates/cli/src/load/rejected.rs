//! The files of rejected lines: one with the lines as they were, so that they can be loaded again once they
//! are mended, and one beside with the reasons.

use std::fs::{File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use cqlwire::codec::in_one_line;

use super::ledger::Rejected;
use super::progress::RejectedSoFar;
use crate::exit::Failure;
use crate::transfer::{beside, say};

/// Without a file for them, so many are told.
const MOST_TOLD: u64 = 10;

/// See the [module](self).
#[derive(Debug)]
pub(super) struct RejectedLines {
    files: Option<Files>,
    so_far: RejectedSoFar,
}

/// What is in the files, and stays there also if the machine stops. A progress tells of nothing else: a
/// second run would miss lines that were rejected and are not there.
#[derive(Debug)]
#[must_use = "a progress is saved with it"]
pub(super) struct Synced(RejectedSoFar);

impl From<Synced> for RejectedSoFar {
    fn from(synced: Synced) -> Self {
        synced.0
    }
}

#[derive(Debug)]
struct Files {
    lines: File,
    reasons: File,
    paths: [PathBuf; 2],
    /// What a file of lines begins with, so that it is one that can be loaded.
    header: Vec<u8>,
}

impl RejectedLines {
    /// Goes on where a run before has stopped, if this was its file: what it wrote since is taken off.
    pub(super) fn open(
        path: Option<&Path>,
        before: RejectedSoFar,
        is_known: bool,
        header: Vec<u8>,
    ) -> Result<Self, Failure> {
        let known = is_known.then_some(before);
        let files = path.map(|path| Files::open(path, known, header)).transpose()?;
        Ok(Self { files, so_far: before })
    }

    pub(super) const fn so_far(&self) -> RejectedSoFar {
        self.so_far
    }

    pub(super) fn write(&mut self, rejected: &[Rejected]) -> io::Result<()> {
        for Rejected { line, reason } in rejected {
            // What was read may have anything in it.
            let reason = in_one_line(reason);
            let said = format!("line {}, byte {}: {reason}\n", line.start.line, line.start.bytes);
            match &mut self.files {
                Some(files) => files.write(&mut self.so_far, &line.raw, &said)?,
                None if self.so_far.lines < MOST_TOLD => say(said.trim_end()),
                None if self.so_far.lines == MOST_TOLD => {
                    say("more lines are rejected; --rejected FILE keeps them, and why");
                }
                None => {}
            }
            self.so_far.lines += 1;
        }
        Ok(())
    }

    /// What was written is there also if the machine stops.
    pub(super) fn sync(&self) -> io::Result<Synced> {
        if let Some(files) = &self.files {
            files.lines.sync_data()?;
            files.reasons.sync_data()?;
        }
        Ok(Synced(self.so_far))
    }

    /// Files that have nothing in them are taken away.
    pub(super) fn finish(self) -> io::Result<()> {
        match self.files {
            Some(files) if self.so_far.is_nothing() => {
                files.paths.iter().try_for_each(std::fs::remove_file)
            }
            _ => Ok(()),
        }
    }
}

impl Files {
    fn open(path: &Path, before: Option<RejectedSoFar>, header: Vec<u8>) -> Result<Self, Failure> {
        let paths = [path.to_owned(), beside(path, ".reasons")];
        let [lines, reasons] = &paths;
        let lines = open(lines, before.map(|before| before.bytes))?;
        let reasons = open(reasons, before.map(|before| before.reason_bytes))?;
        Ok(Self { lines, reasons, paths, header })
    }

    fn write(&mut self, so_far: &mut RejectedSoFar, raw: &[u8], reason: &str) -> io::Result<()> {
        let mut bytes = Vec::with_capacity(raw.len() + 1);
        if so_far.bytes == 0 && !raw.is_empty() {
            put_line(&self.header, &mut bytes);
        }
        put_line(raw, &mut bytes);
        self.lines.write_all(&bytes)?;
        self.reasons.write_all(reason.as_bytes())?;
        so_far.bytes += bytes.len() as u64;
        so_far.reason_bytes += reason.len() as u64;
        Ok(())
    }
}

/// The last line of an input may have no line break.
fn put_line(line: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(line);
    if !line.is_empty() && !line.ends_with(b"\n") && !line.ends_with(b"\r") {
        out.push(b'\n');
    }
}

/// A file of so many bytes, to which more are added. One of which nothing is known may be of another load:
/// what is in it is not thrown away.
fn open(path: &Path, before: Option<u64>) -> Result<File, Failure> {
    let bytes = before.unwrap_or_default();
    let failed = |error: io::Error| Failure::refused(format_args!("{}: {error}", path.display()));
    let mut options = OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(false).open(path).map_err(failed)?;
    let there = file.metadata().map_err(failed)?.len();
    if there > 0 && before.is_none() {
        return Err(Failure::usage(format_args!(
            "{} is there already, and may have lines of another load",
            path.display()
        )));
    }
    if there < bytes {
        return Err(Failure::usage(format_args!(
            "{} has {there} bytes, and there were {bytes}",
            path.display()
        )));
    }
    file.set_len(bytes).map_err(failed)?;
    file.seek(SeekFrom::Start(bytes)).map_err(failed)?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::super::ledger::{Line, Mark};
    use super::*;

    fn rejected(line: u64, raw: &[u8]) -> Rejected {
        let start = Mark { bytes: line * 10, line, crc: 0 };
        let line = Line { start, end: start, raw: raw.to_vec() };
        Rejected { line, reason: "wrong:\n\u{1b}[31m".to_owned() }
    }

    impl RejectedLines {
        /// Into a file that is there, and cannot be written.
        pub(in crate::load) fn into_read_only(path: &Path) -> Self {
            std::fs::write(path, "").unwrap();
            let (lines, reasons) = (File::open(path).unwrap(), File::open(path).unwrap());
            let paths = [path.to_owned(), path.to_owned()];
            let files = Files { lines, reasons, paths, header: Vec::new() };
            Self { files: Some(files), so_far: RejectedSoFar::default() }
        }
    }

    #[test]
    fn lines_are_as_they_were_and_what_was_written_too_much_is_taken_off() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bad.csv");
        let open = |so_far: Option<RejectedSoFar>| {
            let before = so_far.unwrap_or_default();
            RejectedLines::open(Some(&path), before, so_far.is_some(), b"a,b\r\n".to_vec())
        };
        let mut files = open(None).unwrap();
        files.write(&[rejected(2, b"\xFF,1\r\n")]).unwrap();
        let kept = files.so_far();
        files.write(&[rejected(3, b"lost, as it was not kept\n")]).unwrap();
        drop(files);

        let before = std::fs::read(&path).unwrap();
        assert!(open(None).is_err(), "it may be of another load");
        assert_eq!(std::fs::read(&path).unwrap(), before);
        let mut files = open(Some(kept)).unwrap();
        files.write(&[rejected(4, b"\"x\ny\"")]).unwrap();
        let synced: RejectedSoFar = files.sync().unwrap().into();
        assert_eq!(synced, files.so_far());
        files.finish().unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"a,b\r\n\xFF,1\r\n\"x\ny\"\n");
        let reasons = std::fs::read_to_string(folder.path().join("bad.csv.reasons")).unwrap();
        assert_eq!(
            reasons,
            "line 2, byte 20: wrong:\\n\\u{1b}[31m\nline 4, byte 40: wrong:\\n\\u{1b}[31m\n"
        );
        let more = RejectedSoFar { lines: 9, bytes: 999, reason_bytes: 0 };
        assert!(open(Some(more)).is_err(), "it is shorter than it was");
    }

    #[test]
    fn without_rejected_lines_there_are_no_files() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bad.csv");
        // Those that were told of before have no file.
        let before = RejectedSoFar { lines: 3, ..RejectedSoFar::default() };
        let files = RejectedLines::open(Some(&path), before, false, Vec::new()).unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "it could be written");
        files.finish().unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
