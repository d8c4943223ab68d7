//! Servers that do not speak TLS, or break it off: the attempt ends in time, and says where.

use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::Instant;

use cqlwire_testkit::tls::Authority;

use super::certificates::trusting;
use super::dialers::{Dials, by, somewhere};
use super::seconds;
use crate::{ConnectPhase, Connection, Settings};

#[tokio::test(start_paused = true)]
async fn a_server_that_speaks_no_tls_ends_the_attempt_in_the_phase_of_tls() {
    let authority = Authority::new("authority");
    for (bytes, closes) in [
        (&b"\x15\x03\x03\x00\x02\x01\x00"[..], true), // close_notify
        (b"\x15\x03\x03\x00\x02\x01\x00", false),
        (b"\x15\x03\x03\x00\x02\x02\x28", false),
        (b"\x16\x03\x03", true),
        (b"\x16\x03\x03", false),
        (b"\x16\x03\x03\xff\xff", false),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", false),
        (b"\x84\x00\x00\x00\x02\x00\x00\x00\x00", false),
        (b"", true),
        (b"", false),
        (b"\x17\x03\x03\x00\x01\x00", false),
    ] {
        let dials = Dials::played(move |_, mut server| async move {
            // The client may have gone by then.
            drop(server.stream.read(&mut [0; 16]).await);
            drop(server.stream.write_all(bytes).await);
            if closes {
                return;
            }
            while server.stream.read(&mut [0; 1024]).await.unwrap_or(0) > 0 {}
        });
        let tls = Some(trusting(&authority));
        let settings = by(&dials, Settings { tls, ..Settings::default() });
        let started = Instant::now();
        let error = Connection::open(&somewhere(), &settings, seconds(5)).await.unwrap_err();
        assert_eq!(error.phase, ConnectPhase::Tls);
        assert!(started.elapsed() <= Duration::from_millis(5_050));
    }
}
