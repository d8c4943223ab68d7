//! The authorities that the system trusts, in processes whose environment says which these are.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use cqlwire_testkit::node::ScriptedNode;
use cqlwire_testkit::tls::{Authority, Identity, acceptor};
use rustls::CertificateError;

use super::dialers::{Dials, by, somewhere};
use super::errors::source_of;
use super::{ask, seconds};
use crate::{Connection, Settings, Tls, TlsFiles};

/// Where a process finds the certificate and the key that its server is to have.
const SERVER: &str = "CQLWIRE_TEST_SERVER";

/// Runs this test of this file in a process of its own.
fn in_a_process(test: &str, authorities: &Path, server: &Path) {
    let name = format!("{}::{test}", module_path!().split_once("::").unwrap().1);
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", &name]).env("SSL_CERT_FILE", authorities).env(SERVER, server);
    let child = child.env_remove("SSL_CERT_DIR").output().unwrap();
    let said = String::from_utf8_lossy(&child.stdout);
    assert!(child.status.success() && said.contains("1 passed"), "{said}");
}

#[test]
fn servers_are_believed_whom_the_system_believes() {
    let (directory, authority) = (tempfile::tempdir().unwrap(), Authority::new("authority"));
    let [authorities, server] = ["ca.pem", "server.pem"].map(|name| directory.path().join(name));
    std::fs::write(&authorities, authority.pem()).unwrap();
    let Identity { chain, key } = authority.sign("db.example");
    std::fs::write(&server, chain + "\n\n" + &key).unwrap();
    in_a_process("a_server_is_connected_to", &authorities, &server);
    let changes = "authorities_of_the_system_are_others_from_the_next_connection_on";
    in_a_process(changes, &authorities, &server);
    in_a_process("there_is_no_authority", &directory.path().join("none.pem"), &server);
}

/// What lies there.
fn identity(server: &OsStr) -> Identity {
    let server = std::fs::read_to_string(server).unwrap();
    let (chain, key) = server.split_once("\n\n").unwrap();
    Identity { chain: chain.to_owned(), key: key.to_owned() }
}

/// In a process of its own; there is nothing to do elsewhere.
#[tokio::test]
async fn a_server_is_connected_to() {
    let Some(server) = std::env::var_os(SERVER) else { return };
    let identity = identity(&server);
    let node = Arc::new(ScriptedNode::builder().in_memory());
    let dials = Dials::to_tls(&node, acceptor(&identity, None));
    for tls in [Tls::trusting_system(), Tls::from_files(TlsFiles::trusting_system())] {
        let settings = by(&dials, Settings { tls: Some(tls.unwrap()), ..Settings::default() });
        ask(&Connection::open(&somewhere(), &settings, seconds(5)).await.unwrap(), "now").await;
    }
}

/// The same.
#[tokio::test]
async fn authorities_of_the_system_are_others_from_the_next_connection_on() {
    let Some(server) = std::env::var_os(SERVER) else { return };
    let authorities = std::env::var_os("SSL_CERT_FILE").unwrap();
    let (identity, node) = (identity(&server), Arc::new(ScriptedNode::builder().in_memory()));
    let dials = Dials::to_tls(&node, acceptor(&identity, None));
    let tls = Tls::from_files(TlsFiles::trusting_system()).unwrap();
    let settings = by(&dials, Settings { tls: Some(tls), ..Settings::default() });
    let endpoint = somewhere();
    let open = || Connection::open(&endpoint, &settings, seconds(5));
    ask(&open().await.unwrap(), "now").await;
    let trusted = std::fs::read(&authorities).unwrap();
    std::fs::write(&authorities, Authority::new("another").pem()).unwrap();
    let error = open().await.unwrap_err();
    let unknown = rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer);
    assert_eq!(source_of(&error), Some(&unknown), "{error}");
    std::fs::write(&authorities, trusted).unwrap();
    ask(&open().await.unwrap(), "now").await;
}

/// The same.
#[test]
fn there_is_no_authority() {
    if std::env::var_os(SERVER).is_none() {
        return;
    }
    let error = Tls::trusting_system().unwrap_err().to_string();
    assert!(error.starts_with("the system has no certificates of authorities"), "{error}");
    assert!(error.contains("none.pem"), "{error}");
}
