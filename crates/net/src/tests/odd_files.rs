//! What stands in the place of a file of certificates and is none.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use cqlwire_testkit::log::LogLines;
use cqlwire_testkit::node::ScriptedNode;
use cqlwire_testkit::tls::{Authority, TlsNode, acceptor};
use tempfile::TempDir;
use tracing::Level;

use super::millis;
use crate::{Connection, SessionLog, Settings, Tls, TlsFiles};

/// A file of authorities in a directory of its own.
struct Odd {
    directory: TempDir,
    authority: Authority,
}

impl Odd {
    fn new() -> Self {
        let odd =
            Self { directory: tempfile::tempdir().unwrap(), authority: Authority::new("one") };
        fs::write(odd.path(), odd.authority.pem()).unwrap();
        odd
    }

    fn path(&self) -> PathBuf {
        self.directory.path().join("ca.pem")
    }

    fn replace_by(&self, make: impl FnOnce(&Path)) {
        fs::remove_file(self.path()).or_else(|_| fs::remove_dir(self.path())).unwrap();
        make(&self.path());
    }
}

fn pipe(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

/// Lets go whoever waits for somebody to write into it.
fn release(pipe: &Path) {
    let both = fs::OpenOptions::new().read(true).write(true).open(pipe);
    drop(both.unwrap());
}

/// What is read of it is good, and not all of it.
fn too_long(path: &Path, good: &str) {
    fs::write(path, good).unwrap();
    fs::File::options().append(true).open(path).unwrap().set_len(9 << 20).unwrap();
}

fn nothing_but_length(path: &Path) {
    fs::File::create(path).unwrap().set_len(1 << 30).unwrap();
}

#[tokio::test]
async fn what_is_no_file_leaves_the_last_good_certificates_in_use() {
    let odd = Odd::new();
    let tls = Some(Tls::from_files(TlsFiles::trusting(odd.path())).unwrap());
    let acceptor = acceptor(&odd.authority.sign("127.0.0.1"), None);
    let node = TlsNode::listen(ScriptedNode::builder().in_memory(), acceptor).await.unwrap();
    let mut outcomes = Vec::new();
    type Make = fn(&Path);
    let directory: Make = |path| fs::create_dir(path).unwrap();
    let endless: Make = |path| std::os::unix::fs::symlink("/dev/zero", path).unwrap();
    let loops: Make = |path| std::os::unix::fs::symlink(path, path).unwrap();
    for (what, make) in [
        ("a directory", directory),
        ("a gigabyte", nothing_but_length),
        ("a device without end", endless),
        ("a link to itself", loops),
        ("a pipe", pipe),
    ] {
        odd.replace_by(make);
        let log = LogLines::collect(Level::WARN);
        let settings = Settings { tls: tls.clone(), ..Settings::default() };
        let opened = Connection::open_at(&node.address().into(), &settings, millis(3_000)).await;
        let said = log.beginning("the certificates for TLS cannot be loaded").len();
        outcomes.push((what, opened.map(drop).map_err(|error| error.to_string()), said));
    }
    // Otherwise the runtime waits for it for ever.
    release(&odd.path());
    for (what, opened, said) in outcomes {
        assert_eq!((opened, said), (Ok(()), 1), "{what}");
    }
}

#[test]
fn a_pipe_is_refused_at_first_rather_than_waited_for() {
    let odd = Odd::new();
    odd.replace_by(pipe);
    let (told, outcome) = mpsc::channel();
    let path = odd.path();
    std::thread::spawn(move || told.send(Tls::from_files(TlsFiles::trusting(path)).map(drop)));
    let outcome = outcome.recv_timeout(Duration::from_secs(5));
    release(&odd.path());
    let error = outcome.expect("it waits for whoever writes into it").unwrap_err();
    assert!(error.to_string().contains("no regular file"), "{error}");
}

#[test]
fn a_file_that_is_too_long_is_refused_rather_than_cut() {
    let odd = Odd::new();
    too_long(&odd.path(), &odd.authority.pem());
    let error = Tls::from_files(TlsFiles::trusting(odd.path())).unwrap_err();
    assert!(error.to_string().contains("longer than 8 MiB"), "{error}");
}

#[test]
fn a_certificate_that_is_none_is_refused_though_others_are_good() {
    let odd = Odd::new();
    let none = "-----BEGIN CERTIFICATE-----\nbm9uZQ==\n-----END CERTIFICATE-----\n";
    fs::write(odd.path(), format!("{none}{}", odd.authority.pem())).unwrap();
    let error = Tls::from_files(TlsFiles::trusting(odd.path())).unwrap_err();
    assert!(error.to_string().contains("the authorities in"), "{error}");
}

/// So that TLS sessions can be resumed.
#[tokio::test]
async fn files_that_are_as_they_were_give_the_same_configuration() {
    let odd = Odd::new();
    let tls = Tls::from_files(TlsFiles::trusting(odd.path())).unwrap();
    let config = async || {
        let connector = tls.connector(&SessionLog::default()).await.unwrap();
        Arc::clone(connector.config())
    };
    let first = config().await;
    assert!(Arc::ptr_eq(&first, &config().await), "nothing has changed");
    let more = format!("{}{}", odd.authority.pem(), Authority::new("two").pem());
    fs::write(odd.path(), &more).unwrap();
    let second = config().await;
    assert!(!Arc::ptr_eq(&first, &second), "it has changed");
    assert!(Arc::ptr_eq(&second, &config().await), "nothing has changed since");
}
