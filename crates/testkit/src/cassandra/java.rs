//! Finds a Java that a version of Cassandra runs on.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Where Debian, Fedora, SDKMAN and macOS put them, one directory each.
const PLACES: [&str; 3] =
    ["/usr/lib/jvm", "/Library/Java/JavaVirtualMachines", "/opt/homebrew/opt"];

/// The first fitting one of `JAVA_HOME`, the path, and the usual places.
pub(super) fn find(wanted: &[u32]) -> Option<PathBuf> {
    candidates()
        .into_iter()
        .find(|java| major_of(java).is_some_and(|major| wanted.contains(&major)))
}

fn candidates() -> Vec<PathBuf> {
    let home = env::var_os("JAVA_HOME").map(|home| Path::new(&home).join("bin/java"));
    let listed = PLACES.iter().flat_map(|place| {
        let mut entries: Vec<PathBuf> =
            fs::read_dir(place).into_iter().flatten().flatten().map(|e| e.path()).collect();
        entries.sort();
        entries
            .into_iter()
            .flat_map(|entry| ["bin/java", "Contents/Home/bin/java"].map(|java| entry.join(java)))
    });
    let all = home.into_iter().chain(in_path("java")).chain(listed);
    let mut seen = Vec::new();
    all.filter(|java| java.is_file())
        .filter(|java| {
            // The same one is found under several names.
            let real = fs::canonicalize(java).unwrap_or_else(|_| java.clone());
            let new = !seen.contains(&real);
            seen.push(real);
            new
        })
        .collect()
}

/// The programs of this name in the directories of `PATH`.
pub(super) fn in_path(program: &str) -> Vec<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).map(|dir| dir.join(program)).filter(|file| file.is_file()).collect()
}

fn major_of(java: &Path) -> Option<u32> {
    let output = Command::new(java).arg("-version").stdin(Stdio::null()).output().ok()?;
    output.status.success().then(|| parse(&String::from_utf8_lossy(&output.stderr)))?
}

/// The major version out of what `java -version` says: `openjdk version "17.0.15" 2025-04-15`.
fn parse(text: &str) -> Option<u32> {
    let quoted = text.split('"').nth(1)?;
    let mut numbers = quoted.split(['.', '-', '+', '_']).map(str::parse);
    match (numbers.next()?.ok()?, numbers.next()) {
        // Until 8 it was called 1.8.
        (1, Some(Ok(major))) => Some(major),
        (major, _) => Some(major),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_in_every_form_that_they_had() {
        assert_eq!(parse("openjdk version \"17.0.15\" 2025-04-15\nOpenJDK"), Some(17));
        assert_eq!(parse("openjdk version \"11.0.27\" 2025-04-15"), Some(11));
        assert_eq!(parse("java version \"1.8.0_452\""), Some(8));
        assert_eq!(parse("openjdk version \"25\" 2025-09-16"), Some(25));
        assert_eq!(parse("openjdk version \"22-ea\" 2024-03-19"), Some(22));
        assert_eq!(parse("The operation couldn't be completed."), None);
    }
}
