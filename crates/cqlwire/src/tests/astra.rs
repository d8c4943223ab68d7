//! A database of Astra, played: a bundle, a metadata service, and a proxy that leads to hosts by SNI.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cqlwire_testkit::cancel::{Cut, cancel_at_every_poll};
use cqlwire_testkit::eventually;
use cqlwire_testkit::node::Member;
use cqlwire_testkit::tls::{Authority, HttpsServer, Identity, SniProxy, acceptor};
use tempfile::TempDir;
use uuid::Uuid;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::*;
use crate::{ErrorKind, Tls};

pub(super) const NAMES: [&str; 4] = ["config.json", "ca.crt", "cert", "key"];

/// Two hosts in a network of their own, and how they are reached.
pub(super) struct Database {
    pub(super) authority: Authority,
    client: Identity,
    pub(super) hosts: Vec<Arc<ScriptedNode>>,
    proxy: SniProxy,
    metadata: HttpsServer,
    pub(super) directory: TempDir,
}

fn id(node: &ScriptedNode) -> String {
    Uuid::from_bytes(node.member().host_id).to_string()
}

fn hosts() -> Vec<Arc<ScriptedNode>> {
    let members = [1, 2].map(|n| Member {
        data_center: "eu-west-1".to_owned(),
        ..Member::new(SocketAddr::from(([10, 0, 0, n], 9042)))
    });
    let node = |own: &Member| {
        let node = ScriptedNode::builder().password("token", "geheim").member(own.clone());
        let node = node.in_memory();
        node.set_peers(members.iter().filter(|other| *other != own).cloned());
        Arc::new(node)
    };
    members.iter().map(node).collect()
}

impl Database {
    pub(super) async fn new(proxy_is: &str, respond: impl FnOnce(String) -> String) -> Self {
        let authority = Authority::new("authority");
        let accept = |name: &str| acceptor(&authority.sign(name), Some(&authority));
        let hosts = hosts();
        let by_id: HashMap<_, _> = hosts.iter().map(|node| (id(node), Arc::clone(node))).collect();
        let points = format!("{:?}", by_id.keys().collect::<Vec<_>>());
        let proxy = SniProxy::listen(accept(proxy_is), by_id).await.unwrap();
        let json = format!(
            r#"{{"version":1,"contact_info":{{"type":"sni_proxy","local_dc":"eu-west-1",
            "contact_points":{points},"sni_proxy_address":"localhost:{}"}}}}"#,
            proxy.address().port()
        );
        let metadata = HttpsServer::listen(accept("localhost"), respond(json)).await.unwrap();
        let directory = tempfile::tempdir().unwrap();
        let client = authority.sign("client");
        Self { authority, client, hosts, proxy, metadata, directory }
    }

    pub(super) fn contents(&self) -> [String; 4] {
        let port = self.metadata.address().port();
        let config = format!(r#"{{"host":"localhost","port":{port},"keyspace":"shop"}}"#);
        [config, self.authority.pem(), self.client.chain.clone(), self.client.key.clone()]
    }

    pub(super) fn bundle(&self) -> PathBuf {
        let path = self.directory.path().join("bundle.zip");
        write(&path, NAMES.into_iter().zip(self.contents()));
        path
    }
}

pub(super) fn write(path: &Path, files: impl IntoIterator<Item = (&'static str, String)>) {
    let mut zip = ZipWriter::new(File::create(path).unwrap());
    for (name, text) in files {
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap();
}

pub(super) fn with_length(json: String) -> String {
    format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{json}", json.len())
}

fn in_chunks(json: String) -> String {
    let (one, two) = json.split_at(json.len() / 3);
    let chunk = |text: &str| format!("{:x}\r\n{text}\r\n", text.len());
    let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    format!("{head}{}{}0\r\n\r\n", chunk(one), chunk(two))
}

pub(super) fn builder(bundle: &Path) -> SessionBuilder {
    Session::builder().secure_connect_bundle(bundle).credentials("token", "geheim")
}

#[tokio::test]
async fn a_bundle_leads_to_every_host_by_its_id() {
    for respond in [with_length, in_chunks] {
        let database = Database::new("localhost", respond).await;
        let session = builder(&database.bundle()).ready_when(2).connect().await.unwrap();
        assert_eq!(session.health().local_hosts_up, 2);
        for _ in 0..10 {
            session.query(INSERT, ()).await.unwrap();
        }
        let asked_for: HashSet<String> = database.proxy.asked_for().into_iter().collect();
        assert_eq!(asked_for, database.hosts.iter().map(|host| id(host)).collect());
        let [request] = &database.metadata.requests()[..] else { panic!("it is asked once") };
        assert!(request.starts_with("GET /metadata HTTP/1.1\r\n"), "{request}");
        // What is lost is connected to anew, through the proxy.
        let accepted = || database.hosts.iter().map(|host| host.accepted().len()).sum::<usize>();
        let before = accepted();
        database.hosts.iter().for_each(|host| host.close_connections());
        eventually(PATIENCE, "connected anew", || accepted() > before + 2).await;
        session.query(INSERT, ()).idempotent(true).await.unwrap();
        session.close(PATIENCE).await;
        assert!(session.resources().is_idle());
    }
}

pub(super) async fn why(builder: SessionBuilder) -> String {
    let error = builder.connect().await.unwrap_err();
    let ErrorKind::Settings { setting, why } = error.kind() else { panic!("{error}") };
    assert_eq!(*setting, "secure_connect_bundle");
    assert!(!why.contains('\n') && !why.contains("BEGIN"), "{why}");
    why.clone()
}

#[tokio::test]
async fn what_is_wrong_with_a_bundle_is_named() {
    let database = Database::new("localhost", with_length).await;
    let path = database.directory.path().join("broken.zip");
    let shown = format!("`{}`: ", path.display());
    let text = why(builder(&path)).await;
    assert!(text.starts_with(&format!("{shown}it cannot be read: ")), "{text}");
    std::fs::write(&path, "no zip").unwrap();
    let text = why(builder(&path)).await;
    assert!(text.starts_with(&format!("{shown}it is no secure connect bundle: ")), "{text}");
    for (index, name) in NAMES.into_iter().enumerate() {
        let files = NAMES.into_iter().zip(database.contents());
        write(&path, files.filter(|(other, _)| *other != name));
        let text = why(builder(&path)).await;
        assert!(text.contains(&format!("its {name}: ")), "{text}");
        let mut contents = database.contents();
        contents[index] = "x".to_owned();
        write(&path, NAMES.into_iter().zip(contents));
        let text = why(builder(&path)).await;
        let says = ["is no JSON", "the authorities", "the chain of", "the key of"][index];
        assert!(text.contains(says), "{text}");
    }
    for (config, says) in [
        (r#"{"port":1}"#, "has no `host`"),
        (r#"{"host":"a","port":70000}"#, "has no `port` of 1 to 65535"),
        (r#"{"host":"127.0.0.1","port":1}"#, "metadata service https://127.0.0.1:1/metadata"),
    ] {
        let mut contents = database.contents();
        contents[0] = config.to_owned();
        write(&path, NAMES.into_iter().zip(contents));
        let text = why(builder(&path)).await;
        assert!(text.contains(says), "{text}");
    }
    let tls = Tls::trusting(database.authority.pem().as_bytes()).unwrap();
    let text = why(builder(&database.bundle()).tls(tls)).await;
    assert_eq!(text, "it says what `tls` says: one of both has to go");
    assert_eq!(database.metadata.requests().len(), 0);
}

#[tokio::test]
async fn a_metadata_service_that_does_not_help_is_named_with_the_reason() {
    let (other, long) = (Authority::new("other"), "x".repeat(2 << 20));
    for (answer, says) in [
        ("HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n", "it answers 503"),
        ("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}", "without `contact_info`"),
        ("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{}", "its answer: "),
        (&format!("HTTP/1.1 200 OK\r\n\r\n{long}"), "its answer: length limit exceeded"),
        ("SSH-2.0\r\n", "invalid HTTP"),
        ("", "connection closed"),
    ] {
        let database = Database::new("localhost", |_| answer.to_owned()).await;
        let text = why(builder(&database.bundle())).await;
        let port = database.metadata.address().port();
        let service =
            format!("its metadata service https://localhost:{port}/metadata does not help");
        assert!(text.contains(&service) && text.contains(says), "{answer:.60}: {text}");
    }
    let database = Database { authority: other, ..Database::new("localhost", with_length).await };
    let text = why(builder(&database.bundle())).await;
    assert!(text.contains("invalid peer certificate: UnknownIssuer"), "{text}");
}

#[tokio::test]
async fn g6_1_a_metadata_service_that_is_silent_is_waited_for_no_longer_than_the_timeout() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let database = Database::new("localhost", with_length).await;
    let (path, mut contents) = (database.directory.path().join("silent.zip"), database.contents());
    let port = silent.local_addr().unwrap().port();
    contents[0] = format!(r#"{{"host":"127.0.0.1","port":"{port}"}}"#);
    write(&path, NAMES.into_iter().zip(contents));
    let timeout = Duration::from_millis(300);
    let error = builder(&path).connect_timeout(timeout).connect().await.unwrap_err();
    assert!(error.is_timeout(), "{error}");
}

/// The id of a host is what it is asked for, and no name that anybody certifies.
#[tokio::test]
async fn a_proxy_is_believed_by_its_own_name() {
    let database = Database::new("another.example", with_length).await;
    let error = builder(&database.bundle()).connect().await.unwrap_err().to_string();
    assert!(error.contains("certificate not valid for name \"localhost\""), "{error}");
    assert_eq!(database.hosts.iter().map(|host| host.accepted().len()).sum::<usize>(), 0);
}

#[tokio::test]
async fn g8_1_connecting_by_a_bundle_is_dropped_at_every_poll() {
    let database = Database::new("localhost", in_chunks).await;
    let bundle = database.bundle();
    let fresh = || async {
        let session = builder(&bundle).connect().await.unwrap();
        session.close(PATIENCE).await;
    };
    let ((), dropped) = cancel_at_every_poll(fresh, async |_cut: Cut| {
        let open = || database.hosts.iter().map(|host| host.connections()).sum::<usize>();
        eventually(PATIENCE, "closed", || open() == 0).await;
    })
    .await;
    assert!(dropped > 6, "{dropped} points");
    database.hosts.iter().for_each(|host| drop(host.take_violations()));
}
