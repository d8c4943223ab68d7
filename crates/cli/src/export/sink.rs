//! Where lines go: standard output, a pipe or a device, or a file that has its name once it is whole.

use std::fs::{File, OpenOptions};
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
    pub(super) fn open(path: &Path, before: Option<u64>) -> Result<Self, Failure> {
        match Place::of(path)? {
            Place::Stdout => Ok(Self::Stream(Box::new(output::stdout()))),
            Place::Stream => {
                let opened = OpenOptions::new().write(true).open(path);
                let stream = opened.map_err(|error| failed(path, &error))?;
                Ok(Self::Stream(Box::new(stream)))
            }
            Place::File(path) => Part::open(&path, before).map(Self::Part),
        }
    }

    pub(super) fn write(&mut self, text: &str) -> io::Result<()> {
        match self {
            Self::Stream(stream) => stream.write_all(text.as_bytes()),
            Self::Part(part) => {
                part.file.write_all(text.as_bytes())?;
                part.written += text.len() as u64;
                Ok(())
            }
        }
    }

    /// How many bytes of a file are written, and stay also if the machine stops.
    pub(super) fn sync(&mut self) -> io::Result<u64> {
        match self {
            Self::Stream(stream) => stream.flush().map(|()| 0),
            Self::Part(part) => part.file.sync_data().map(|()| part.written),
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
        self.sync()?;
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

impl Part {
    fn open(whole: &Path, before: Option<u64>) -> Result<Self, Failure> {
        let (whole, path) = (whole.to_owned(), beside(whole, ".part"));
        let not_opened = |error: io::Error| match error.kind() {
            ErrorKind::AlreadyExists => Failure::usage(format_args!(
                "{} is there: another export writes it, or one has ended before it was whole. Go on with \
                 its --progress, or remove it",
                path.display()
            )),
            _ => failed(&path, &error),
        };
        let mut options = OpenOptions::new();
        let options = options.write(true);
        let opened = match before {
            // Where nothing was written, it may not have been kept, either.
            Some(bytes) => options.create(bytes == 0).truncate(false).open(&path),
            None => options.create_new(true).open(&path),
        };
        let mut file = opened.map_err(not_opened)?;
        let written = before.unwrap_or_default();
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
        let is_of_no_use = before.is_none();
        Ok(Self { file, path, whole, written, is_of_no_use })
    }
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
        let (path, part) = (folder.path().join("a.csv"), folder.path().join("a.csv.part"));
        let mut sink = Sink::open(&path, None).unwrap();
        sink.write("one\n").unwrap();
        assert!(Sink::open(&path, None).is_err(), "somebody writes it");
        drop(sink);
        assert!(!part.exists() && !path.exists());
        let mut sink = Sink::open(&path, None).unwrap();
        sink.write("two\n").unwrap();
        assert!(part.exists() && !path.exists());
        sink.finish().unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "two\n");
        assert!(!part.exists());
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_a_link_and_a_device_a_device() {
        use std::os::unix::fs::FileTypeExt;
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        std::fs::write(&file, "old").unwrap();
        std::os::unix::fs::symlink("file", &link).unwrap();
        let mut sink = Sink::open(&link, None).unwrap();
        sink.write("new").unwrap();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "old");
        sink.finish().unwrap();
        assert!(link.is_symlink());
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "new");
        let device = folder.path().join("device");
        std::os::unix::fs::symlink("/dev/null", &device).unwrap();
        let mut sink = Sink::open(&device, None).unwrap();
        sink.write("x").unwrap();
        sink.finish().unwrap();
        assert!(device.is_symlink());
        assert!(std::fs::metadata("/dev/null").unwrap().file_type().is_char_device());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 3);
    }

    #[test]
    fn what_was_written_too_much_is_taken_off() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        let mut sink = Sink::open(&path, Some(0)).unwrap();
        sink.write("one\n").unwrap();
        let kept = sink.sync().unwrap();
        sink.write("lost\n").unwrap();
        drop(sink);
        let mut sink = Sink::open(&path, Some(kept)).unwrap();
        sink.write("two\n").unwrap();
        sink.finish().unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "one\ntwo\n");
        let error = Sink::open(&path, Some(99)).err().unwrap().to_string();
        assert!(!error.contains("has 0 bytes"), "there is none: {error}");
        Sink::open(&path, None).unwrap_or_else(|error| panic!("in the way of others: {error}"));
    }
}
