//! Where everything lies: jars, data, logs, and the locks that say whose it is.
//!
//! ```text
//! target/cassandra/            of the project, or what CQLWIRE_CASSANDRA_HOME says
//!   jars/5.0.9/                one folder a version, whole or not there at all
//!   java-11/                   a Java of its own, where the system has none that serves
//!   dev/                       a cluster: its name
//!     running.json             while it is up: what it is and which processes
//!     tls/                     its certificates
//!     node1/                   system.log, conf/, and its data
//!   dev.lock                   held by whoever starts, uses or stops that cluster
//! ```

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::{Error, environment, say};

/// How long the files of a killed server may go on changing.
const FILES_LINGER: Duration = Duration::from_secs(5);

/// The directory of everything.
#[derive(Clone, Debug)]
pub(super) struct Home {
    root: PathBuf,
}

impl Home {
    /// The one of this project. Not that of `CARGO_TARGET_DIR`: tests, `make` and a person in
    /// another terminal have to find the same one.
    pub(super) fn of_project() -> Result<Self, Error> {
        let root = environment::variable(environment::HOME)
            .map_or_else(|| project().join("target/cassandra"), PathBuf::from);
        Self::at(root)
    }

    /// One at a chosen place, made if it is not there.
    pub(super) fn at(root: PathBuf) -> Result<Self, Error> {
        fs::create_dir_all(&root).map_err(Error::file("create", &root))?;
        let root = fs::canonicalize(&root).map_err(Error::file("find", &root))?;
        Ok(Self { root })
    }

    /// The directory of a cluster.
    pub(super) fn cluster(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// Where the jars of the versions are.
    pub(super) fn jars(&self) -> PathBuf {
        self.root.join("jars")
    }

    /// Where the Java is that was downloaded.
    pub(super) fn java(&self) -> PathBuf {
        self.root.join("java-11")
    }

    /// The names of everything in it.
    pub(super) fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.root).into_iter().flatten().flatten();
        let mut names: Vec<String> =
            entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
        names.sort();
        names
    }

    /// Waits until nobody else uses what has this name.
    pub(super) fn lock(&self, name: &str) -> Result<File, Error> {
        let (file, path) = self.lock_file(name)?;
        if file.try_lock().is_err() {
            say(&format!("waiting until {name} is free: another test or command has it"));
            file.lock().map_err(Error::file("lock", path))?;
        }
        Ok(file)
    }

    /// The first of `name`, `name-2`, `name-3` and so on that nobody uses, with its lock.
    pub(super) fn lock_any(&self, name: &str) -> Result<(String, File), Error> {
        let mut number = 1;
        loop {
            let numbered = if number > 1 { format!("{name}-{number}") } else { name.to_owned() };
            let (file, _) = self.lock_file(&numbered)?;
            if file.try_lock().is_ok() {
                return Ok((numbered, file));
            }
            number += 1;
        }
    }

    fn lock_file(&self, name: &str) -> Result<(File, PathBuf), Error> {
        let path = self.root.join(format!("{name}.lock"));
        let file = File::create(&path).map_err(Error::file("create", &path))?;
        Ok((file, path))
    }
}

/// Where the project is whose tests these are: the checkout of this crate, or, where it came from a
/// registry, the workspace of whoever depends on it. Cargo runs tests in the folder of their package.
fn project() -> PathBuf {
    let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    if checkout.join("Cargo.lock").is_file() {
        return checkout;
    }
    let here = std::env::current_dir().unwrap_or_default();
    let workspace = here.ancestors().find(|folder| folder.join("Cargo.lock").is_file());
    workspace.unwrap_or(&here).to_owned()
}

/// Removes a directory with all that is in it, if it is there.
pub(super) fn remove(directory: &Path) -> Result<(), Error> {
    let begun = Instant::now();
    loop {
        match fs::remove_dir_all(directory) {
            Ok(()) => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            // A server that was killed a moment ago may still put a file into it.
            Err(error) if begun.elapsed() > FILES_LINGER => {
                return Err(Error::file("remove", directory)(error));
            }
            Err(_) => std::thread::sleep(Duration::from_millis(20)),
        }
    }
}

/// Writes a file, in a directory that is made if it is not there.
pub(super) fn write(path: &Path, content: &str) -> Result<(), Error> {
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory).map_err(Error::file("create", directory))?;
    }
    fs::write(path, content).map_err(Error::file("write", path))
}

/// How much of a line is shown: a server logs its class path, which has kilobytes.
const SHOWN: usize = 300;

/// The last lines of a text, each cut where it is long.
pub(super) fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let last = lines[lines.len().saturating_sub(count)..].iter();
    let cut = last.map(|line| match line.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{} ...", &line[..end]),
        None => (*line).to_owned(),
    });
    cut.collect::<Vec<_>>().join("\n")
}

/// The last lines of a file; what is wrong with it if it cannot be read.
pub(super) fn tail(path: &Path, count: usize) -> String {
    match fs::read(path) {
        Ok(bytes) => last_lines(&String::from_utf8_lossy(&bytes), count),
        Err(error) => format!("({error})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_locked_once_and_numbered_names_go_around_it() {
        let directory = tempfile::tempdir().unwrap();
        let home = Home::at(directory.path().join("below")).unwrap();
        let held = home.lock("shared").unwrap();
        let (second, _lock) = home.lock_any("shared").unwrap();
        assert_eq!(second, "shared-2");
        assert_eq!(home.lock_any("shared").unwrap().0, "shared-3");
        drop(held);
        assert_eq!(home.lock_any("shared").unwrap().0, "shared");
        assert_eq!(home.names(), ["shared-2.lock", "shared-3.lock", "shared.lock"]);
    }

    #[test]
    fn the_last_lines_are_all_when_there_are_few() {
        assert_eq!(last_lines("a\nb\nc\n", 2), "b\nc");
        assert_eq!(last_lines("a\nb", 20), "a\nb");
        assert_eq!(last_lines("", 20), "");
        let (fits, long) = ("é".repeat(SHOWN), "é".repeat(SHOWN + 1));
        assert_eq!(last_lines(&format!("{long}\n{fits}"), 2), format!("{fits} ...\n{fits}"));
    }

    #[test]
    fn what_is_not_there_is_removed_already() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("some/where/file");
        write(&file, "text").unwrap();
        assert_eq!(tail(&file, 5), "text");
        remove(&directory.path().join("some")).unwrap();
        remove(&directory.path().join("some")).unwrap();
        assert!(!file.exists());
    }
}
