//! Where a file goes: standard output, a pipe or a device, or a file that has its name once it is whole.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::place::Place;
use crate::exit::Failure;
use crate::output;
use crate::transfer::beside;

/// See the [module](self).
pub(super) enum Sink {
    Stream(Box<dyn Write>),
    Part(Part),
}

/// So many bytes of a file are written, and stay also if the machine stops. A progress tells of nothing
/// else: a second run would go on behind rows that are not there.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
#[must_use = "a progress is saved with it"]
pub(super) struct Synced(u64);

impl From<Synced> for u64 {
    fn from(synced: Synced) -> Self {
        synced.0
    }
}

/// A file that is not whole yet.
#[derive(Debug)]
pub(super) struct Part {
    file: File,
    path: PathBuf,
    /// The name that it gets.
    whole: PathBuf,
    written: u64,
    /// Nobody goes on with it: dropped, it is gone.
    is_of_no_use: bool,
}

impl Sink {
    /// What is there, or a file of which so many bytes are there already, if somebody goes on with it.
    pub(super) fn open(path: &Path, known: Known) -> Result<Self, Failure> {
        match Place::of(path)? {
            Place::Stdout => Ok(Self::Stream(Box::new(output::stdout()))),
            Place::Stream => {
                let opened = OpenOptions::new().write(true).open(path);
                let stream = opened.map_err(|error| failed(path, &error))?;
                Ok(Self::Stream(Box::new(stream)))
            }
            Place::File(path) => Part::open(&path, known).map(Self::Part),
        }
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Stream(stream) => stream.write_all(bytes),
            Self::Part(part) => {
                part.file.write_all(bytes)?;
                part.written += bytes.len() as u64;
                Ok(())
            }
        }
    }

    /// How many bytes of a file are written, and stay also if the machine stops.
    pub(super) fn sync(&mut self) -> io::Result<Synced> {
        match self {
            Self::Stream(stream) => stream.flush().map(|()| Synced(0)),
            Self::Part(part) => part.file.sync_data().map(|()| Synced(part.written)),
        }
    }

    /// Somebody knows of the file, and may go on with it.
    pub(super) const fn is_known(&mut self) {
        if let Self::Part(part) = self {
            part.is_of_no_use = false;
        }
    }

    /// It is whole.
    pub(super) fn finish(mut self) -> io::Result<()> {
        let _whole = self.sync()?;
        match &mut self {
            Self::Stream(_) => Ok(()),
            Self::Part(part) => {
                std::fs::rename(&part.path, &part.whole)?;
                part.is_of_no_use = false;
                Ok(())
            }
        }
    }
}

fn failed(path: &Path, error: &io::Error) -> Failure {
    Failure::refused(format_args!("{}: {error}", path.display()))
}

/// Who knows of a file that is not whole yet, and may go on with it.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// Nobody: what is left of it is of no use.
    ToNobody,
    /// The progress that is to be kept of it.
    FromNowOn,
    /// A progress, by which so many bytes of it are to stay.
    Since(u64),
}

impl Part {
    /// Opens it, and holds it by a lock until it is dropped.
    fn open(whole: &Path, known: Known) -> Result<Self, Failure> {
        let kept = beside(whole, ".part");
        let is_there = |path: &Path| {
            Failure::usage(format_args!(
                "{} is there: another export writes it, or one has ended before it was whole. Go on with \
                 its --progress, or remove it",
                path.display()
            ))
        };
        let path = match known {
            // What an export has left that somebody may go on with is not passed over, either.
            Known::ToNobody if kept.exists() => return Err(is_there(&kept)),
            Known::ToNobody => beside(whole, ".part.tmp"),
            Known::FromNowOn | Known::Since(_) => kept,
        };
        let written = if let Known::Since(bytes) = known { bytes } else { 0 };
        let mut options = OpenOptions::new();
        let options = options.write(true).truncate(false);
        let opened = match known {
            Known::ToNobody => options.create(true).open(&path),
            Known::FromNowOn => options.create_new(true).open(&path),
            // Where nothing was written, it may not have been kept, either.
            Known::Since(bytes) => options.create(bytes == 0).open(&path),
        };
        let not_opened = |error: io::Error| match error.kind() {
            ErrorKind::AlreadyExists => is_there(&path),
            _ => failed(&path, &error),
        };
        let mut file = opened.map_err(not_opened)?;
        if !is_held(&file, &path).map_err(not_opened)? {
            let path = path.display();
            return Err(Failure::usage(format_args!("another export writes {path}")));
        }
        let there = file.metadata().map_err(not_opened)?.len();
        if there < written {
            return Err(Failure::usage(format_args!(
                "{} has {there} bytes, and there were {written}",
                path.display()
            )));
        }
        // What was written since it was last kept comes again.
        file.set_len(written).map_err(not_opened)?;
        file.seek(SeekFrom::Start(written)).map_err(not_opened)?;
        let (whole, is_of_no_use) = (whole.to_owned(), !matches!(known, Known::Since(_)));
        Ok(Self { file, path, whole, written, is_of_no_use })
    }
}

/// Locks the file, and sees that it has its name still: who held it until now may have given it another.
/// Where files cannot be locked, nobody holds one.
fn is_held(file: &File, path: &Path) -> io::Result<bool> {
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) if error.kind() != ErrorKind::Unsupported => Err(error),
        Ok(()) | Err(TryLockError::Error(_)) => is_at(file, path),
    }
}

#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let (held, named) = (file.metadata()?, std::fs::metadata(path));
    Ok(named.is_ok_and(|named| (named.dev(), named.ino()) == (held.dev(), held.ino())))
}

/// A file that is open is not renamed there.
#[cfg(not(unix))]
#[allow(clippy::unnecessary_wraps)]
fn is_at(_: &File, _: &Path) -> io::Result<bool> {
    Ok(true)
}

impl Drop for Part {
    fn drop(&mut self) {
        if self.is_of_no_use
            && let Err(error) = std::fs::remove_file(&self.path)
        {
            output::complain(&format!("{} is left behind: {error}", self.path.display()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_its_name_once_it_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let (path, part) = (folder.path().join("a.csv"), folder.path().join("a.csv.part.tmp"));
        let mut sink = Sink::open(&path, Known::ToNobody).unwrap();
        sink.write(b"one\n").unwrap();
        assert!(Sink::open(&path, Known::ToNobody).is_err(), "somebody writes it");
        drop(sink);
        assert!(!part.exists() && !path.exists());
        let mut sink = Sink::open(&path, Known::ToNobody).unwrap();
        sink.write(b"two\n").unwrap();
        assert!(part.exists() && !path.exists());
        sink.finish().unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "two\n");
        assert!(!part.exists());
    }

    #[test]
    fn what_nobody_holds_is_replaced_unless_somebody_may_go_on_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        let refusal = |known| Sink::open(&path, known).err().map(|error| error.to_string());
        std::fs::write(beside(&path, ".part.tmp"), "left by one that was killed").unwrap();
        let mut sink = Sink::open(&path, Known::ToNobody).unwrap();
        let said = refusal(Known::ToNobody).unwrap();
        assert!(said.starts_with("another export writes"), "{said}");
        sink.write(b"one\n").unwrap();
        sink.finish().unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "one\n");
        let mut sink = Sink::open(&path, Known::FromNowOn).unwrap();
        sink.is_known();
        let said = refusal(Known::Since(0)).unwrap();
        assert!(said.starts_with("another export writes"), "{said}");
        drop(sink);
        for known in [Known::ToNobody, Known::FromNowOn] {
            let said = refusal(known).unwrap();
            assert!(said.contains("a.csv.part is there"), "{said}");
        }
        assert_eq!(refusal(Known::Since(0)), None);
    }

    /// Between its being opened and its being locked, whoever held it may have come to an end.
    #[cfg(unix)]
    #[test]
    fn what_has_another_name_by_then_is_not_written_to() {
        let folder = tempfile::tempdir().unwrap();
        let (path, whole) = (folder.path().join("part"), folder.path().join("whole"));
        let file = File::create(&path).unwrap();
        assert!(is_held(&file, &path).unwrap());
        std::fs::rename(&path, &whole).unwrap();
        assert!(!is_held(&file, &path).unwrap());
        File::create(&path).unwrap();
        assert!(!is_held(&file, &path).unwrap());
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_a_link_and_a_device_a_device() {
        use std::os::unix::fs::FileTypeExt;
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        std::fs::write(&file, "old").unwrap();
        std::os::unix::fs::symlink("file", &link).unwrap();
        let mut sink = Sink::open(&link, Known::ToNobody).unwrap();
        sink.write(b"new").unwrap();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "old");
        sink.finish().unwrap();
        assert!(link.is_symlink());
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "new");
        let device = folder.path().join("device");
        std::os::unix::fs::symlink("/dev/null", &device).unwrap();
        let mut sink = Sink::open(&device, Known::ToNobody).unwrap();
        sink.write(b"x").unwrap();
        sink.finish().unwrap();
        assert!(device.is_symlink());
        assert!(std::fs::metadata("/dev/null").unwrap().file_type().is_char_device());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 3);
    }

    #[test]
    fn what_was_written_too_much_is_taken_off() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        let mut sink = Sink::open(&path, Known::Since(0)).unwrap();
        sink.write(b"one\n").unwrap();
        let kept = u64::from(sink.sync().unwrap());
        sink.write(b"lost\n").unwrap();
        drop(sink);
        let mut sink = Sink::open(&path, Known::Since(kept)).unwrap();
        sink.write(b"two\n").unwrap();
        sink.finish().unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "one\ntwo\n");
        let error = Sink::open(&path, Known::Since(99)).err().unwrap().to_string();
        assert!(!error.contains("has 0 bytes"), "there is none: {error}");
        Sink::open(&path, Known::ToNobody)
            .unwrap_or_else(|error| panic!("in the way of others: {error}"));
    }
}
