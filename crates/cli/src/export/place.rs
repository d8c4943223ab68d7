//! Where an export goes: what is at its name, and whether that may be replaced by a file.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use crate::exit::Failure;

/// How many links are followed.
const MOST_LINKS: usize = 40;

/// See the [module](self).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Stdout,
    /// A pipe or a device, which is written to as it is: to replace it would do damage.
    Stream,
    /// A file, or none yet. It is the one that a link leads to, so that the link stays one.
    File(PathBuf),
}

impl Place {
    pub(super) fn of(path: &Path) -> Result<Self, Failure> {
        // That of a shell that sends it to a file would be taken for the file.
        if path == Path::new("-") || path == Path::new("/dev/stdout") {
            return Ok(Self::Stdout);
        }
        let failed =
            |error: io::Error| Failure::refused(format_args!("{}: {error}", path.display()));
        let there = match std::fs::metadata(path) {
            Ok(there) => there,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return followed(path).map(Self::File).map_err(failed);
            }
            Err(error) => return Err(failed(error)),
        };
        if there.is_dir() {
            return Err(Failure::usage(format_args!("{} is a folder", path.display())));
        }
        if !there.is_file() {
            return Ok(Self::Stream);
        }
        // What may not be written may not be replaced, either, though its folder lets that be done.
        if there.permissions().readonly() {
            let error = io::Error::from(ErrorKind::PermissionDenied);
            return Err(failed(error));
        }
        std::fs::OpenOptions::new().write(true).open(path).map_err(failed)?;
        path.canonicalize().map(Self::File).map_err(failed)
    }
}

/// Where a link leads to that leads to nothing yet.
fn followed(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..MOST_LINKS {
        match std::fs::read_link(&path) {
            Ok(next) => path = path.parent().unwrap_or_else(|| Path::new("")).join(next),
            // It is no link, or nothing is there.
            Err(_) => return Ok(path),
        }
    }
    Err(io::Error::other("too many links"))
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn what_is_no_file_is_written_to_and_links_are_followed() {
        let folder = tempfile::tempdir().unwrap();
        let within = |name: &str| folder.path().canonicalize().unwrap().join(name);
        let place = |name: &str| Place::of(&within(name));
        assert_eq!(Place::of(Path::new("/dev/null")), Ok(Place::Stream));
        assert_eq!(Place::of(Path::new("/dev/stdout")), Ok(Place::Stdout));
        assert_eq!(place("new"), Ok(Place::File(within("new"))));
        std::fs::write(within("file"), "x").unwrap();
        symlink("file", within("link")).unwrap();
        symlink("new", within("ahead")).unwrap();
        symlink("round", within("round")).unwrap();
        assert_eq!(place("link"), Ok(Place::File(within("file"))));
        assert_eq!(place("ahead"), Ok(Place::File(within("new"))));
        assert!(place("round").is_err() && place(".").is_err());
        std::fs::set_permissions(within("file"), PermissionsExt::from_mode(0o444)).unwrap();
        let error = place("link").unwrap_err().to_string();
        assert!(error.contains("permission denied"), "{error}");
        assert_eq!(std::fs::read_to_string(within("file")).unwrap(), "x");
    }
}
