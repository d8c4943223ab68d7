//! Where results go: standard output, or the file that CAPTURE names.

use std::fmt::Debug;
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::exit::Failure;
use crate::output;

/// Where results go.
#[derive(Debug, Default)]
pub(super) struct Sink {
    file: Option<(PathBuf, BufWriter<File>)>,
    /// What goes to standard output, until it is flushed.
    pending: Vec<u8>,
}

/// As much as is kept back for one write.
const PENDING: usize = 64 << 10;

impl Sink {
    /// From now on to this file, behind what it has.
    pub(super) fn capture(&mut self, path: &Path) -> Result<(), Failure> {
        self.flush()?;
        let file = OpenOptions::new().append(true).create(true).open(path);
        let file =
            file.map_err(|error| Failure::refused(format_args!("{}: {error}", path.display())))?;
        self.file = Some((path.to_owned(), BufWriter::new(file)));
        Ok(())
    }

    /// From now on to standard output.
    pub(super) fn release(&mut self) -> Result<(), Failure> {
        self.flush()?;
        self.file = None;
        Ok(())
    }

    /// The file, if it is one.
    pub(super) fn path(&self) -> Option<&Path> {
        self.file.as_ref().map(|(path, _)| path.as_path())
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.file {
            Some((_, file)) => file.write(bytes),
            None => {
                self.pending.extend_from_slice(bytes);
                if self.pending.len() >= PENDING {
                    self.flush()?;
                }
                Ok(bytes.len())
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        if let Some((_, file)) = &mut self.file {
            return file.flush();
        }
        let mut out = output::stdout();
        let written = out.write_all(&self.pending).and_then(|()| out.flush());
        // What could not be written is not tried again.
        self.pending.clear();
        written
    }
}
