//! Keys that cannot be read: it is said that they cannot, and nothing of them.

use std::fs;

use cqlwire_testkit::log::LogLines;
use cqlwire_testkit::node::ScriptedNode;
use cqlwire_testkit::tls::{Authority, TlsNode, acceptor};
use tracing::Level;

use super::seconds;
use crate::{Connection, Settings, Tls, TlsFiles};

/// The ways in which a key is spoiled on its way through an environment variable, a YAML file or a
/// terminal.
fn spoiled(key: &str) -> [(&'static str, String); 7] {
    let end = key.find("-----END").unwrap();
    [
        ("all on one line", key.replace('\n', "")),
        ("spaces for line feeds", key.replace('\n', " ")),
        ("line feeds that were escaped", key.replace('\n', "\\n")),
        ("its first two lines joined", key.replacen('\n', "", 1)),
        ("on one line, and without its end", key[..end].replace('\n', "")),
        ("without its end", key[..end].to_owned()),
        ("a character that is not base64", key.replacen("-----\nM", "-----\n!", 1)),
    ]
}

/// The ways in which it could be shown.
fn parts(key: &str) -> Vec<String> {
    let lines = key.lines().filter(|line| !line.starts_with('-'));
    lines
        .flat_map(|line| {
            let part = &line[8..24.min(line.len())];
            let decimal = format!("{:?}", part.as_bytes());
            let hex: String = part.bytes().map(|byte| format!("{byte:02x}")).collect();
            [part.to_owned(), decimal.trim_matches(['[', ']']).to_owned(), hex]
        })
        .collect()
}

fn assert_not_shown(key: &str, how: &str, text: &str) {
    for part in parts(key) {
        assert!(!text.contains(&part), "{how}: {text}");
    }
}

#[test]
fn a_key_that_cannot_be_read_is_not_shown() {
    let authority = Authority::new("authority");
    let (pem, identity) = (authority.pem(), authority.sign("ada"));
    for (how, key) in spoiled(&identity.key) {
        let (chain, key) = (identity.chain.as_bytes(), key.as_bytes());
        let error = Tls::with_client_auth(pem.as_bytes(), chain, key).expect_err(how);
        let text = format!("{error} {error:?} {error:#?}");
        assert!(text.contains("cannot read the key of the client as PEM"), "{how}: {text}");
        assert_not_shown(&identity.key, how, &text);
    }
}

/// Some put the key where the chain or the authorities belong.
#[test]
fn a_key_in_the_place_of_a_certificate_is_not_shown() {
    let authority = Authority::new("authority");
    let (pem, identity) = (authority.pem(), authority.sign("ada"));
    for (how, key) in spoiled(&identity.key) {
        let as_authorities = Tls::trusting(key.as_bytes()).expect_err(how);
        let (chain, own) = (key.as_bytes(), identity.key.as_bytes());
        let as_chain = Tls::with_client_auth(pem.as_bytes(), chain, own).expect_err(how);
        for error in [as_authorities, as_chain] {
            assert_not_shown(&identity.key, how, &format!("{error} {error:?}"));
        }
    }
}

#[tokio::test]
async fn a_key_that_is_replaced_by_one_that_cannot_be_read_is_not_logged() {
    let authority = Authority::new("authority");
    let identity = authority.sign("ada");
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    fs::write(path("ca.pem"), authority.pem()).unwrap();
    fs::write(path("client.pem"), &identity.chain).unwrap();
    fs::write(path("client.key"), &identity.key).unwrap();
    let files =
        TlsFiles::trusting(path("ca.pem")).client_auth(path("client.pem"), path("client.key"));
    let tls = Some(Tls::from_files(files).unwrap());
    let acceptor = acceptor(&authority.sign("127.0.0.1"), Some(&authority));
    let node = TlsNode::listen(ScriptedNode::builder().in_memory(), acceptor).await.unwrap();
    for (how, key) in spoiled(&identity.key) {
        fs::write(path("client.key"), key).unwrap();
        let log = LogLines::collect(Level::TRACE);
        let settings = Settings { tls: tls.clone(), ..Settings::default() };
        Connection::open_at(&node.address().into(), &settings, seconds(10)).await.expect(how);
        assert_eq!(log.beginning("the certificates for TLS cannot be loaded").len(), 1, "{how}");
        assert_not_shown(&identity.key, how, &format!("{:?}", log.all()));
    }
}
