//! The names that servers are asked for and believed by, as people write them.

use std::sync::Arc;

use cqlwire_testkit::node::ScriptedNode;
use cqlwire_testkit::tls::{Authority, acceptor};

use super::certificates::trusting;
use super::dialers::{Dials, by};
use super::seconds;
use crate::{Connection, Endpoint, Settings};

#[tokio::test(start_paused = true)]
async fn a_name_is_the_same_name_however_it_is_written() {
    let authority = Authority::new("authority");
    for (written, certified) in [
        ("DB.Example", "db.example"),
        ("db.example.", "db.example"),
        ("db.example", "DB.EXAMPLE"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("10.0.0.1", "10.0.0.1"),
        ("[fe80::1%7]:9042", "fe80::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("::1", "::1"),
        ("2001:DB8::1", "2001:db8::1"),
    ] {
        let node = Arc::new(ScriptedNode::builder().in_memory());
        let dials = Dials::to_tls(&node, acceptor(&authority.sign(certified), None));
        let tls = Some(trusting(&authority));
        let settings = by(&dials, Settings { tls, ..Settings::default() });
        let endpoint: Endpoint = written.parse().unwrap();
        let opened = Connection::open(&endpoint, &settings, seconds(5)).await;
        assert!(opened.is_ok(), "{written}: {}", opened.unwrap_err());
    }
}
