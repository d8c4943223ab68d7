//! The server's own jars, from Maven Central.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use super::home::{self, Home};
use super::supervisor::Supervisor;
use super::version::Version;
use super::{Error, say};

/// Whether the jars of this version are there.
pub(super) fn are_there(home: &Home, version: &Version) -> bool {
    directory(home, version).is_dir()
}

/// The folder with the jars of this version; downloads them if it is not there. 66 MB.
pub(super) fn fetch(
    home: &Home,
    version: &Version,
    supervisor: &Supervisor,
) -> Result<PathBuf, Error> {
    let whole = directory(home, version);
    let _lock = home.lock("jars")?;
    if whole.is_dir() {
        return Ok(whole);
    }
    say(&format!("downloading the jars of Cassandra {version} from Maven Central"));
    // Only a rename makes a folder count: a download that was interrupted is begun again.
    let partial = home.jars().join(format!("{version}.partial"));
    home::remove(&partial)?;
    home::write(&partial.join("pom.xml"), &pom(version))?;
    let lib = partial.join("lib");
    supervisor.run(
        Command::new("mvn")
            .args(["--batch-mode", "--quiet", "-Dstyle.color=never"])
            .args(["dependency:copy-dependencies", "-DincludeScope=runtime"])
            .arg(format!("-DoutputDirectory={}", lib.display()))
            .arg("--file")
            .arg(partial.join("pom.xml")),
    )?;
    fs::rename(&lib, &whole).map_err(Error::file("rename", &lib))?;
    home::remove(&partial)?;
    Ok(whole)
}

fn directory(home: &Home, version: &Version) -> PathBuf {
    home.jars().join(version.to_string())
}

/// A project of nothing but a dependency.
fn pom(version: &Version) -> String {
    format!(
        "<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>none</groupId><artifactId>none</artifactId><version>1</version>
  <dependencies><dependency>
    <groupId>org.apache.cassandra</groupId><artifactId>cassandra-all</artifactId>
    <version>{version}</version>
  </dependency></dependencies>
</project>
"
    )
}
