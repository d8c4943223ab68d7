//! The keys of TLS in a file: only where the settings ask for it, whatever the environment says.

use std::fs;
use std::process::Command;
use std::sync::Arc;

use cqlwire_testkit::log::LogLines;
use cqlwire_testkit::node::ScriptedNode;
use cqlwire_testkit::tls::{Authority, acceptor};
use tracing::Level;

use super::certificates::trusting;
use super::dialers::{Dials, by, somewhere};
use super::seconds;
use crate::{Connection, Settings};

const VARIABLE: &str = "SSLKEYLOGFILE";

/// What the file has, and what the log says, without the setting and with it.
#[tokio::test(start_paused = true)]
async fn keys_go_to_a_file_that_the_environment_names_only_if_the_settings_ask_for_it() {
    let authority = Authority::new("authority");
    let node = Arc::new(ScriptedNode::builder().in_memory());
    let dials = Dials::to_tls(&node, acceptor(&authority.sign("db.example"), None));
    let named = std::env::var_os(VARIABLE);
    let keys = || named.as_ref().and_then(|path| fs::read_to_string(path).ok()).unwrap_or_default();
    let log = LogLines::collect(Level::WARN);
    let open = async |tls| {
        let settings = by(&dials, Settings { tls: Some(tls), ..Settings::default() });
        Connection::open(&somewhere(), &settings, seconds(5)).await.unwrap()
    };
    let _plain = open(trusting(&authority)).await;
    assert_eq!((keys(), log.all().len()), (String::new(), 0), "nobody asked for it");
    let _logged = open(trusting(&authority).key_log_file()).await;
    let secret = keys().lines().any(|line| line.starts_with("CLIENT_TRAFFIC_SECRET_0 "));
    assert_eq!((secret, log.all().len()), (named.is_some(), usize::from(named.is_some())));
    node.assert_clean();
}

/// The same in a process whose environment names a file: one's own cannot be changed safely.
#[test]
fn keys_are_written_where_both_say_so() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("keys");
    let test = "keys_go_to_a_file_that_the_environment_names_only_if_the_settings_ask_for_it";
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &format!("{}::{test}", module_path!().split_once("::").unwrap().1)])
        .env(VARIABLE, &file)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&child.stdout);
    assert!(child.status.success() && said.contains("1 passed"), "{said}");
    assert!(fs::metadata(&file).unwrap().len() > 0);
}
