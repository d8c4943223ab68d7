//! How the JVM of a server is called.

use std::path::Path;

use super::life::Life;
use super::program::Place;

/// What every server gets. Half a gigabyte of heap makes about one of memory.
const FLAGS: [&str; 9] = [
    "-Xms512M",
    "-Xmx512M",
    "-XX:+UseG1GC",
    "-Xss512k",
    "-XX:+ExitOnOutOfMemoryError",
    "-Djava.net.preferIPv4Stack=true",
    "-Djdk.attach.allowAttachSelf=true",
    "-Dio.netty.tryReflectionSetAccessible=true",
    "-Dchronicle.analytics.disable=true",
];

/// The packages of Java that Cassandra uses although Java does not offer them.
const EXPORTS: [&str; 8] = [
    "java.base/jdk.internal.misc",
    "java.base/java.lang.ref",
    "java.management.rmi/com.sun.jmx.remote.internal.rmi",
    "java.management/com.sun.jmx.remote.security",
    "java.rmi/sun.rmi.registry",
    "java.rmi/sun.rmi.server",
    "java.sql/java.sql",
    "jdk.unsupported/sun.misc",
];

/// The packages of Java that Cassandra looks into by reflection.
const OPENS: [&str; 16] = [
    "java.base/java.io",
    "java.base/java.lang",
    "java.base/java.lang.module",
    "java.base/java.lang.reflect",
    "java.base/java.nio",
    "java.base/java.util",
    "java.base/java.util.concurrent",
    "java.base/java.util.concurrent.atomic",
    "java.base/sun.nio.ch",
    "java.base/jdk.internal.loader",
    "java.base/jdk.internal.math",
    "java.base/jdk.internal.module",
    "java.base/jdk.internal.ref",
    "java.base/jdk.internal.reflect",
    "java.base/jdk.internal.util.jar",
    "jdk.management/com.sun.management.internal",
];

/// The main class of a server.
const MAIN: &str = "org.apache.cassandra.service.CassandraDaemon";

/// What `nodetool` gets: it runs for a second or two, most of which is its start.
const TOOL_FLAGS: [&str; 5] = [
    "-Xmx128M",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-Djava.net.preferIPv4Stack=true",
    "-Dchronicle.analytics.disable=true",
];

/// The main class of `nodetool`.
const TOOL: &str = "org.apache.cassandra.tools.NodeTool";

/// The properties that make a start quick, for servers of jars and in containers alike: no wait
/// for gossip in a cluster that nobody uses yet, the first role at once, its own port for JMX, or one
/// that is free. Nodes that start together need a second to hear of each other. One that joins gives
/// up if it has not heard of any other in that time, which on a busy machine is too short.
///
/// A test's server does not live long enough to get back what the second compiler takes, which is
/// four of ten seconds of processor time.
pub(super) fn quick_start(place: &Place) -> Vec<String> {
    let ring_delay = match (place.joins, place.variant.nodes) {
        (true, _) => 5000,
        (false, 1) => 0,
        (false, _) => 1000,
    };
    let jmx = place.ports.jmx(place.node).unwrap_or(0);
    let mut properties = vec![
        format!("-Dcassandra.jmx.local.port={jmx}"),
        "-Dcassandra.skip_wait_for_gossip_to_settle=0".to_owned(),
        "-Dcassandra.superuser_setup_delay_ms=0".to_owned(),
        format!("-Dcassandra.ring_delay_ms={ring_delay}"),
    ];
    if place.life == Life::OfATest {
        properties.push("-XX:TieredStopAtLevel=1".to_owned());
    }
    properties
}

/// The property that names the directory of a node. It also tells the server of this node from
/// every other process.
pub(super) fn storage_dir(node: &Path) -> String {
    format!("-Dcassandra.storagedir={}", node.display())
}

/// What lets the classes of Cassandra at those of Java, in servers and tools.
fn packages() -> impl Iterator<Item = String> {
    let unnamed =
        |option: &str, package: &str| [option.to_owned(), format!("{package}=ALL-UNNAMED")];
    let exports = EXPORTS.iter().flat_map(move |package| unnamed("--add-exports", package));
    exports.chain(OPENS.iter().flat_map(move |package| unnamed("--add-opens", package)))
}

/// What finds the jars, and before them the files of a node.
fn class_path(conf: &Path, jars: &Path) -> String {
    format!("{}:{}/*", conf.display(), jars.display())
}

/// Everything after `java` for a node, which has its files in `conf` of its directory.
pub(super) fn arguments(place: &Place, jars: &Path) -> Vec<String> {
    let node = &place.directory;
    let conf = node.join("conf");
    let mut arguments: Vec<String> = FLAGS.map(str::to_owned).into();
    arguments.extend(packages());
    arguments.extend(quick_start(place));
    arguments.extend([
        storage_dir(node),
        format!("-Dcassandra.logdir={}", node.display()),
        format!("-Dcassandra.config=file://{}", conf.join("cassandra.yaml").display()),
        format!("-Dlogback.configurationFile=file://{}", conf.join("logback.xml").display()),
        // Without it the server closes its standard output, where the log goes.
        "-Dcassandra-foreground=yes".to_owned(),
        // Native libraries are unpacked there, and a killed server does not remove them.
        format!("-Djava.io.tmpdir={}", node.join("tmp").display()),
        "-cp".to_owned(),
        class_path(&conf, jars),
        MAIN.to_owned(),
    ]);
    arguments
}

/// Everything after `java` for `nodetool`, up to its own arguments. What it writes besides its output
/// goes to where the node has its temporary files.
pub(super) fn tool_arguments(place: &Place, jars: &Path) -> Vec<String> {
    let conf = place.directory.join("conf");
    let temporary = place.directory.join("tmp");
    let mut arguments: Vec<String> = TOOL_FLAGS.map(str::to_owned).into();
    arguments.extend(packages());
    arguments.extend([
        format!("-Dlogback.configurationFile=file://{}", conf.join("logback-tools.xml").display()),
        format!("-Djava.io.tmpdir={}", temporary.display()),
        // Where it keeps a history of what it was asked for.
        format!("-Duser.home={}", temporary.display()),
        "-cp".to_owned(),
        class_path(&conf, jars),
        TOOL.to_owned(),
    ]);
    arguments
}
