//! Which versions are compared: those that the lock file pins.

/// The lock file that this crate was built with.
const LOCK: &str = include_str!("../../../../Cargo.lock");

/// The version of a package, as the lock file has it.
pub fn version_of(package: &str) -> &'static str {
    let name = format!("name = \"{package}\"");
    let version = LOCK
        .lines()
        .skip_while(|line| *line != name)
        .find_map(|line| line.strip_prefix("version = \"")?.strip_suffix('"'));
    version.unwrap_or(env!("CARGO_PKG_VERSION"))
}
