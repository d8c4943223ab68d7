//! What runs a node: Java with the jars, or Docker with the official image.

use std::fs;
use std::net::IpAddr;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::home::{self, Home};
use super::life::Life;
use super::ports::Ports;
use super::source::{Java, Source};
use super::supervisor::Supervisor;
use super::variant::{Encryption, Variant};
use super::version::Version;
use super::yaml::{self, Yaml};
use super::{Error, jars, java_package, jvm, say};

/// Where the image has its data, and where it is given the certificates. Not below `/etc/cassandra`,
/// whose owner its entrypoint changes.
const CONTAINER_DATA: &str = "/var/lib/cassandra";
const CONTAINER_CERTIFICATES: &str = "/certificates";

/// Something that can be started.
#[derive(Clone, Debug)]
pub(super) enum Program {
    Jars { java: PathBuf, jars: PathBuf },
    Container { image: String },
}

/// A node as it is to be started.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// Counted from 1.
    pub(super) node: u8,
    /// Where it is, for clients and for the other nodes.
    pub(super) address: IpAddr,
    /// Whether it came to others that had been there before it.
    pub(super) joins: bool,
    /// Its own directory.
    pub(super) directory: PathBuf,
    /// That of the cluster's certificates.
    pub(super) certificates: PathBuf,
    pub(super) variant: Variant,
    pub(super) ports: Ports,
    pub(super) life: Life,
}

impl Program {
    /// Makes it ready to run: downloads what is not there yet.
    pub(super) fn prepare(
        source: Source,
        home: &Home,
        version: &Version,
        supervisor: &Supervisor,
    ) -> Result<Self, Error> {
        match source {
            Source::Jars { java } => {
                let jars = jars::fetch(home, version, supervisor)?;
                let java = match java {
                    Java::Here(java) => java,
                    Java::OfPackage => java_package::fetch(home, supervisor)?,
                };
                say(&format!("Cassandra {version} from jars, on {}", java.display()));
                Ok(Self::Jars { java, jars })
            }
            Source::Container => {
                let image = version.image();
                let known = ["image", "inspect", &image];
                if supervisor.run(Command::new("docker").args(known)).is_err() {
                    say(&format!("pulling the image {image}"));
                    supervisor.run(Command::new("docker").args(["pull", "--quiet", &image]))?;
                }
                say(&format!("Cassandra from the image {image}"));
                Ok(Self::Container { image })
            }
        }
    }

    /// Writes what the node reads when it starts.
    pub(super) fn configure(
        &self,
        place: &Place,
        cluster: &str,
        version: &Version,
        settings: &[(String, String)],
    ) -> Result<(), Error> {
        let (data, certificates) = match self {
            Self::Jars { .. } => {
                let files = place.directory.join("files");
                (files.display().to_string(), place.certificates.display().to_string())
            }
            Self::Container { .. } => {
                (CONTAINER_DATA.to_owned(), CONTAINER_CERTIFICATES.to_owned())
            }
        };
        let yaml = Yaml {
            cluster,
            version,
            variant: place.variant,
            ports: place.ports,
            node: place.node,
            address: place.address,
            joins: place.joins,
            data: &data,
            certificates: &certificates,
            settings,
        };
        let conf = place.directory.join("conf");
        home::write(&conf.join("cassandra.yaml"), &yaml.text())?;
        home::write(&conf.join("cassandra-rackdc.properties"), &yaml::rack(place.node))?;
        home::write(&conf.join("logback.xml"), yaml::LOGBACK)?;
        home::write(&conf.join("logback-tools.xml"), yaml::LOGBACK_OF_TOOLS)?;
        for directory in [place.directory.join("tmp"), place.directory.join("files")] {
            fs::create_dir_all(&directory).map_err(Error::file("create", directory))?;
        }
        Ok(())
    }

    /// The command that runs a node in the foreground, with everything it says on its standard
    /// output.
    pub(super) fn command(&self, place: &Place) -> Command {
        match self {
            Self::Jars { java, jars } => {
                let mut command = Command::new(java);
                command.args(jvm::arguments(place, jars));
                command
            }
            Self::Container { image } => {
                let mut command = Command::new("docker");
                command.args(docker_run(place)).arg(image);
                command
            }
        }
    }

    /// The command that is `nodetool` of the node that runs there, with these arguments.
    pub(super) fn tool(&self, place: &Place, arguments: &[String]) -> Command {
        let mut command = match self {
            Self::Jars { java, jars } => {
                let mut command = Command::new(java);
                command.args(jvm::tool_arguments(place, jars));
                command
            }
            Self::Container { .. } => {
                let mut command = Command::new("docker");
                command.args(["exec", &container(place.ports, place.node), "nodetool"]);
                command
            }
        };
        let port = place.ports.jmx(place.node).unwrap_or_default();
        command.args(["-h", "127.0.0.1", "-p", &port.to_string()]).args(arguments);
        command
    }

    /// The name of the node's container, if it runs in one.
    pub(super) fn container(&self, place: &Place) -> Option<String> {
        let name = container(place.ports, place.node);
        matches!(self, Self::Container { .. }).then_some(name)
    }

    /// A word of the command line that tells the node from every other process.
    pub(super) fn mark(&self, place: &Place) -> String {
        self.container(place).unwrap_or_else(|| jvm::storage_dir(&place.directory))
    }
}

/// The name of the container of a node: unique on this machine, as the port is.
pub(super) fn container(ports: Ports, node: u8) -> String {
    format!("cqlwire-{}-{node}", ports.cql)
}

/// The arguments of `docker`, up to the image. What the entrypoint of the image would overwrite in
/// `cassandra.yaml` is told to it as well.
fn docker_run(place: &Place) -> Vec<String> {
    let address = place.address;
    let conf = place.directory.join("conf/cassandra.yaml");
    let mut arguments = vec!["run".to_owned(), "--network=host".to_owned()];
    arguments.push(format!("--name={}", container(place.ports, place.node)));
    arguments.extend(user(&place.directory));
    let environment = [
        format!(
            "CASSANDRA_SEEDS={}",
            yaml::seeds(place.variant, place.joins.then_some(place.node))
        ),
        format!("CASSANDRA_LISTEN_ADDRESS={address}"),
        format!("CASSANDRA_BROADCAST_ADDRESS={address}"),
        format!("CASSANDRA_RPC_ADDRESS={address}"),
        "CASSANDRA_DC=dc1".to_owned(),
        format!("CASSANDRA_RACK=rack{}", place.node),
        "MAX_HEAP_SIZE=512M".to_owned(),
        "HEAP_NEWSIZE=128M".to_owned(),
        format!("JVM_EXTRA_OPTS={}", jvm::quick_start(place).join(" ")),
    ];
    arguments.extend(environment.into_iter().flat_map(|pair| ["--env".to_owned(), pair]));
    let mut volumes = vec![
        format!("{}:/etc/cassandra/cassandra.yaml", conf.display()),
        format!("{}:{CONTAINER_DATA}", place.directory.join("files").display()),
    ];
    if place.variant.encryption != Encryption::None {
        let certificates = place.certificates.display();
        volumes.push(format!("{certificates}:{CONTAINER_CERTIFICATES}:ro"));
    }
    arguments.extend(volumes.into_iter().flat_map(|volume| ["--volume".to_owned(), volume]));
    arguments
}

/// The owner of the directory, so that what the server writes there is theirs. The image does
/// without root; of root it takes another user by itself.
fn user(directory: &Path) -> Option<String> {
    let owner = fs::metadata(directory).ok().filter(|owner| owner.uid() != 0)?;
    Some(format!("--user={}:{}", owner.uid(), owner.gid()))
}

#[cfg(test)]
mod tests {
    use super::super::ports;
    use super::*;

    fn place(encryption: Encryption) -> Place {
        Place {
            node: 2,
            address: ports::address(2),
            joins: false,
            directory: "/home/some/node2".into(),
            certificates: "/home/some/tls".into(),
            variant: Variant { nodes: 3, password: false, encryption },
            ports: Ports { cql: 19_042, storage: 17_042 },
            life: Life::OfATest,
        }
    }

    fn line(command: &Command) -> String {
        let words = std::iter::once(command.get_program()).chain(command.get_args());
        words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn java_is_told_everything_of_its_own_node() {
        let program = Program::Jars { java: "/java".into(), jars: "/home/jars/5.0.9".into() };
        let place = place(Encryption::None);
        let line = line(&program.command(&place));
        assert!(line.starts_with("/java -Xms512M -Xmx512M "));
        assert!(line.ends_with(
            " -cp /home/some/node2/conf:/home/jars/5.0.9/* \
             org.apache.cassandra.service.CassandraDaemon"
        ));
        for word in [
            "-Dcassandra.config=file:///home/some/node2/conf/cassandra.yaml",
            "-Dcassandra.ring_delay_ms=1000",
            "--add-exports java.base/jdk.internal.misc=ALL-UNNAMED",
            "--add-opens java.base/java.lang=ALL-UNNAMED",
            &program.mark(&place),
        ] {
            assert!(line.contains(word), "{word} in {line}");
        }
        assert_eq!(program.container(&place), None);
    }

    #[test]
    fn the_tool_asks_the_node_that_it_is_to_ask() {
        let place = place(Encryption::None);
        let arguments = ["removenode".to_owned(), "some-id".to_owned()];
        let jars = Program::Jars { java: "/java".into(), jars: "/home/jars/5.0.9".into() };
        let tool = line(&jars.tool(&place, &arguments));
        assert!(tool.ends_with(
            " -cp /home/some/node2/conf:/home/jars/5.0.9/* org.apache.cassandra.tools.NodeTool \
             -h 127.0.0.1 -p 18002 removenode some-id"
        ));
        assert!(tool.contains(" -Duser.home=/home/some/node2/tmp "), "{tool}");
        assert!(!tool.contains(&jars.mark(&place)), "it would be taken for the node: {tool}");
        assert!(line(&jars.command(&place)).contains(" -Dcassandra.jmx.local.port=18002 "));
        let container = Program::Container { image: "cassandra:5.0".to_owned() };
        assert_eq!(
            line(&container.tool(&place, &arguments)),
            "docker exec cqlwire-19042-2 nodetool -h 127.0.0.1 -p 18002 removenode some-id"
        );
    }

    #[test]
    fn docker_gets_the_network_the_settings_and_the_files() {
        let program = Program::Container { image: "cassandra:5.0".to_owned() };
        let place = place(Encryption::Tls);
        let line = line(&program.command(&place));
        assert!(line.starts_with("docker run --network=host --name=cqlwire-19042-2 "));
        assert!(line.ends_with(" cassandra:5.0"));
        for word in [
            "--env CASSANDRA_SEEDS=127.0.0.1,127.0.0.2,127.0.0.3",
            "--env CASSANDRA_LISTEN_ADDRESS=127.0.0.2",
            "--env CASSANDRA_RACK=rack2",
            "--volume /home/some/node2/conf/cassandra.yaml:/etc/cassandra/cassandra.yaml",
            "--volume /home/some/node2/files:/var/lib/cassandra",
            "--volume /home/some/tls:/certificates:ro",
            &program.mark(&place),
        ] {
            assert!(line.contains(word), "{word} in {line}");
        }
        assert_eq!(program.container(&place).as_deref(), Some("cqlwire-19042-2"));
    }

    #[test]
    fn the_files_of_a_node_name_what_the_server_sees() {
        let home = tempfile::tempdir().unwrap();
        let mut place = place(Encryption::Tls);
        place.directory = home.path().join("node2");
        let read = || fs::read_to_string(place.directory.join("conf/cassandra.yaml")).unwrap();
        let version = Version::DEFAULT.parse().unwrap();
        let jars = Program::Jars { java: "/java".into(), jars: "/jars".into() };
        jars.configure(&place, "some", &version, &[]).unwrap();
        assert!(read().contains(&format!("['{}/files/data']", place.directory.display())));
        assert!(read().contains("keystore: '/home/some/tls/server.pem'"));
        let container = Program::Container { image: "cassandra:5.0".to_owned() };
        container.configure(&place, "some", &version, &[]).unwrap();
        assert!(read().contains("['/var/lib/cassandra/data']"));
        assert!(read().contains("keystore: '/certificates/server.pem'"));
    }
}
