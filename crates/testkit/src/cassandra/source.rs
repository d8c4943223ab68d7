//! Where a server comes from: what the user has, or what this machine can run.

use std::io::ErrorKind;
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::home::Home;
use super::version::Version;
use super::{Error, environment, jars, java, java_package};

/// The port of CQL where a contact point names none.
const DEFAULT_PORT: u16 = 9042;

/// What servers are made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// Jars from Maven Central, run by this Java.
    Jars { java: Java },
    /// The official image, run by Docker.
    Container,
}

/// Which Java.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Java {
    /// This one.
    Here(PathBuf),
    /// One that is downloaded unless it has been.
    OfPackage,
}

/// What the user wants.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum Wish {
    Jars,
    Container,
    Whatever,
}

impl Source {
    /// What `CQLWIRE_CASSANDRA` says, or else jars if this machine can run them, or else
    /// containers.
    pub(super) fn find(home: &Home, version: &Version) -> Result<Self, Error> {
        let wish = wish(environment::variable(environment::SOURCE).as_deref())?;
        let jars = || {
            let can_download = !java::in_path("mvn").is_empty();
            let package = || java_package::serves(version.javas(), home).then_some(Java::OfPackage);
            let java = java::find(version.javas()).map(Java::Here).or_else(package)?;
            (can_download || jars::are_there(home, version)).then_some(Self::Jars { java })
        };
        choose(wish, jars, docker_answers).ok_or_else(|| missing(wish, version))
    }
}

/// The cluster that the user named, if any.
pub(super) fn contact_points() -> Result<Option<Vec<SocketAddr>>, Error> {
    environment::variable(environment::CONTACT_POINTS).map(|text| resolve(&text)).transpose()
}

fn wish(variable: Option<&str>) -> Result<Wish, Error> {
    match variable {
        None => Ok(Wish::Whatever),
        Some("jars") => Ok(Wish::Jars),
        Some("container") => Ok(Wish::Container),
        Some(text) => Err(Error::Source { text: text.to_owned() }),
    }
}

fn choose(
    wish: Wish,
    jars: impl FnOnce() -> Option<Source>,
    docker: impl FnOnce() -> bool,
) -> Option<Source> {
    let container = || docker().then_some(Source::Container);
    match wish {
        Wish::Jars => jars(),
        Wish::Container => container(),
        Wish::Whatever => jars().or_else(container),
    }
}

fn docker_answers() -> bool {
    let version = Command::new("docker")
        .args(["version", "--format", "{{.Server.Version}}"])
        .stdin(Stdio::null())
        .output();
    version.is_ok_and(|output| output.status.success())
}

fn missing(wish: Wish, version: &Version) -> Error {
    let modern = version.javas().contains(&17);
    let java = if modern { "Java 17 or 11" } else { "Java 11" };
    let what = match wish {
        Wish::Jars => format!("{java} with Maven"),
        Wish::Container => "a Docker that answers".to_owned(),
        Wish::Whatever => format!("{java} with Maven, or a Docker that answers"),
    };
    let missing = format!("nothing here can run Cassandra {version}: it takes {what}");
    let (debian, macos) = match wish {
        // Debian has no Java 11 any more.
        Wish::Jars | Wish::Whatever if modern => {
            ("sudo apt-get install openjdk-17-jre-headless maven", "brew install openjdk@17 maven")
        }
        Wish::Jars => ("sudo apt-get install python3-pip maven", "brew install openjdk@11 maven"),
        Wish::Container | Wish::Whatever => {
            ("sudo apt-get install docker.io", "brew install --cask docker")
        }
    };
    Error::Missing { missing, debian, macos }
}

fn resolve(text: &str) -> Result<Vec<SocketAddr>, Error> {
    text.split(',').map(str::trim).filter(|point| !point.is_empty()).map(resolve_one).collect()
}

fn resolve_one(point: &str) -> Result<SocketAddr, Error> {
    // What has no port of its own gets the default one; an address of IPv6 may come bare.
    let resolved = point
        .to_socket_addrs()
        .or_else(|_| (point.trim_matches(['[', ']']), DEFAULT_PORT).to_socket_addrs());
    let first = resolved.and_then(|mut all| all.next().ok_or_else(|| ErrorKind::NotFound.into()));
    first.map_err(|source| Error::ContactPoint { point: point.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jars() -> Option<Source> {
        Some(Source::Jars { java: Java::Here("/java".into()) })
    }

    #[test]
    fn jars_go_before_containers_unless_the_user_chooses() {
        assert_eq!(choose(Wish::Whatever, jars, || panic!("not asked for")), jars());
        assert_eq!(choose(Wish::Whatever, || None, || true), Some(Source::Container));
        assert_eq!(choose(Wish::Whatever, || None, || false), None);
        assert_eq!(choose(Wish::Jars, || None, || true), None);
        assert_eq!(choose(Wish::Container, jars, || true), Some(Source::Container));
        assert_eq!(choose(Wish::Container, jars, || false), None);
    }

    #[test]
    fn a_wish_is_one_of_two_words() {
        assert_eq!(wish(None).unwrap(), Wish::Whatever);
        assert_eq!(wish(Some("jars")).unwrap(), Wish::Jars);
        assert_eq!(wish(Some("container")).unwrap(), Wish::Container);
        assert!(wish(Some("podman")).unwrap_err().to_string().contains("\"podman\""));
    }

    #[test]
    fn what_is_missing_is_said_with_a_line_to_type() {
        let text = missing(Wish::Whatever, &Version::DEFAULT.parse().unwrap()).to_string();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines,
            [
                "nothing here can run Cassandra 5.0.9: it takes Java 17 or 11 with Maven, or a \
                 Docker that answers",
                "  Debian: sudo apt-get install openjdk-17-jre-headless maven",
                "  macOS:  brew install openjdk@17 maven",
            ]
        );
        let old = missing(Wish::Whatever, &"4.1.10".parse().unwrap()).to_string();
        assert!(old.contains("docker.io") && !old.contains("openjdk-17"), "{old}");
        let container = missing(Wish::Container, &Version::DEFAULT.parse().unwrap()).to_string();
        assert!(container.contains("docker.io") && !container.contains("Maven"), "{container}");
    }

    #[test]
    fn contact_points_have_a_port_or_get_one() {
        let resolved = resolve("127.0.0.1:19042, 127.0.0.2,[::1]:9142,::1").unwrap();
        let texts: Vec<String> = resolved.iter().map(ToString::to_string).collect();
        assert_eq!(texts, ["127.0.0.1:19042", "127.0.0.2:9042", "[::1]:9142", "[::1]:9042"]);
        let refused = resolve("127.0.0.1:99999").unwrap_err().to_string();
        assert!(refused.contains("\"127.0.0.1:99999\""), "{refused}");
    }
}
