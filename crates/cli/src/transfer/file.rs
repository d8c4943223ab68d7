//! Small files that are there whole: written beside, and renamed.

use std::fmt::Display;
use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::exit::Failure;
use crate::file;

/// The file of this name with something behind it.
pub(crate) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Refuses to keep a small file where something else is: to replace it would do damage.
pub(crate) fn check_replaceable(path: &Path) -> Result<(), Failure> {
    match std::fs::metadata(path) {
        Ok(there) if !there.is_file() => Err(Failure::usage(format_args!(
            "{} is no regular file: --progress replaces it again and again",
            path.display()
        ))),
        // What is wrong with it otherwise is said when it is read.
        _ => Ok(()),
    }
}

/// What a run before has [saved](save) in this file, if there was one. What nothing can be made of is not
/// replaced: it is of something else.
pub(crate) fn read_saved<T>(
    path: &Path,
    read: impl FnOnce(&str) -> Result<T, String>,
) -> Result<Option<T>, Failure> {
    let wrong = |why: &dyn Display| Failure::usage(format_args!("{}: {why}", path.display()));
    match file::text(path) {
        Ok(text) => read(&text).map(Some).map_err(|why| wrong(&why)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(wrong(&error)),
    }
}

/// Replaces a small file by this text: whoever reads it, also after a crash, has the old text or the new
/// one.
pub(crate) fn save(path: &Path, text: &str) -> io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut new = NamedTempFile::new_in(folder)?;
    new.write_all(text.as_bytes())?;
    new.as_file().sync_data()?;
    new.persist(path).map_err(|error| error.error)?;
    // The name as well: not every system can open a folder for that, and then there is nothing to do.
    if let Ok(folder) = File::open(folder) {
        folder.sync_all()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_file_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("progress");
        assert_eq!(check_replaceable(&path), Ok(()));
        save(&path, "one").unwrap();
        assert_eq!(check_replaceable(&path), Ok(()));
        assert!(check_replaceable(folder.path()).is_err());
        if cfg!(unix) {
            assert!(check_replaceable(Path::new("/dev/null")).is_err());
        }
    }

    #[test]
    fn a_file_is_replaced_as_a_whole_and_nothing_is_left_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("progress");
        for text in ["one", "a longer one", ""] {
            save(&path, text).unwrap();
            let read = read_saved(&path, |read| Ok(read.to_owned()));
            assert_eq!(read, Ok(Some(text.to_owned())));
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(save(&path.join("none"), "x").is_err());
        let wrong = read_saved(&path, |_| Err::<(), _>("it is of another".to_owned())).unwrap_err();
        assert_eq!(wrong.to_string(), format!("{}: it is of another", path.display()));
        assert_eq!(read_saved(&folder.path().join("none"), |_| Ok(())), Ok(None));
    }
}
