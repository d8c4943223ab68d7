//! Files as people name them: their paths, and their text, as far as one may be long.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

/// The longest text that is read as a whole: as much as servers take for one request.
pub(crate) const LONGEST: usize = 16 << 20;

/// The path with the home for a `~` that it begins with, as shells have it.
pub(crate) fn expanded(path: &str) -> PathBuf {
    match (path.strip_prefix("~/"), std::env::home_dir()) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(path),
    }
}

/// The text of a file.
pub(crate) fn text(path: &Path) -> io::Result<String> {
    text_of(File::open(path)?)
}

/// The text of a source, to its end: one that is too long, or has no end, is refused and not cut off.
pub(crate) fn text_of(source: impl Read) -> io::Result<String> {
    let wrong = |why: String| io::Error::new(ErrorKind::InvalidData, why);
    let mut bytes = Vec::new();
    // One more, so that what is too long is seen to be.
    source.take(LONGEST as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > LONGEST {
        return Err(wrong(format!("it is longer than {LONGEST} bytes")));
    }
    String::from_utf8(bytes).map_err(|_| wrong("it is not UTF-8".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_is_refused_and_not_cut_off() {
        for (length, is_taken) in [(LONGEST, true), (LONGEST + 1, false)] {
            let source = io::repeat(b'x').take(length as u64);
            assert_eq!(text_of(source).is_ok_and(|text| text.len() == length), is_taken);
        }
        assert_eq!(text_of(io::repeat(b'x')).unwrap_err().kind(), ErrorKind::InvalidData);
        assert!(text_of(&b"\xFF"[..]).unwrap_err().to_string().contains("not UTF-8"));
    }

    #[test]
    fn a_home_is_only_what_a_path_begins_with() {
        let home = std::env::home_dir().unwrap();
        assert_eq!(expanded("~/a/~"), home.join("a/~"));
        for path in ["/a", "a/~/b", "~", "~ada/b"] {
            assert_eq!(expanded(path), PathBuf::from(path));
        }
    }
}
