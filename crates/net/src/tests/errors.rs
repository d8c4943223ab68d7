//! Errors say everything, and can be asked instead of parsed.

use std::error::Error;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use cqlwire_testkit::fault::{Fault, FaultyStream, Sense};
use cqlwire_testkit::node::{Prime, ScriptedNode};

use super::dialers::{Dials, by, somewhere};
use super::{connected, seconds, send};
use crate::{
    ConnectCause, ConnectError, ConnectPhase, Connection, ConnectionEnd, InvalidEndpoint, Refused,
    RequestError, RequestFailure, Settings, TlsSettingsError,
};

/// The first cause of this type under an error.
pub(super) fn source_of<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    let cause = error.source()?;
    cause.downcast_ref().or_else(|| source_of(cause))
}

#[tokio::test(start_paused = true)]
async fn g4_3_the_io_error_is_under_the_error_of_connecting() {
    let refuses = Dials::new(|_| Err(io::Error::from_raw_os_error(111)));
    let settings = by(&refuses, Settings::default());
    let error = Connection::open(&somewhere(), &settings, seconds(5)).await.unwrap_err();
    let source: &io::Error = source_of(&error).expect("the I/O error");
    assert_eq!(source.raw_os_error(), Some(111));
    assert_eq!(error.phase, ConnectPhase::Tcp);
    assert!(!error.is_timeout() && !error.is_permanent());
    let text = "cannot connect to db.example:9042: TCP failed after 0.0ns: \
                Connection refused (os error 111)";
    assert_eq!(error.to_string(), text);
}

#[tokio::test(start_paused = true)]
async fn g4_3_the_io_error_is_under_the_error_of_a_request() {
    let node = ScriptedNode::builder().in_memory();
    node.prime(Prime::statement("SELECT").silence());
    let stream = FaultyStream::new(node.connect(), Sense::Reads, 9, Fault::Reset);
    let settings = Settings::default();
    let connection = Connection::over(stream, "node", &settings, seconds(5)).await.unwrap();
    let error = send(&connection, "SELECT", seconds(5)).await.unwrap_err();
    let source: &io::Error = source_of(&error).expect("the I/O error");
    assert_eq!(source.kind(), io::ErrorKind::ConnectionReset);
}

fn is_error<E: Error + Send + Sync + 'static>() {}

#[test]
fn g4_5_errors_go_anywhere_and_most_are_cheap_to_clone() {
    fn is_clone<E: Error + Clone + Send + Sync + 'static>() {}
    is_clone::<ConnectError>();
    is_clone::<ConnectCause>();
    is_clone::<ConnectionEnd>();
    is_clone::<RequestError>();
    is_clone::<RequestFailure>();
    is_clone::<TlsSettingsError>();
    is_clone::<InvalidEndpoint>();
    // This one gives the request back.
    is_error::<Refused>();
    // What travels with each answer is not large.
    assert!(size_of::<RequestError>() <= 64, "{}", size_of::<RequestError>());
}

#[tokio::test(start_paused = true)]
async fn g4_5_an_end_is_told_to_all_and_cloned_for_none() {
    let node = ScriptedNode::builder().in_memory();
    let connection = connected(&node, &Settings::default()).await;
    node.prime(Prime::any().silence());
    let requests: Vec<_> = (0..3).map(|_| send(&connection, "SELECT", seconds(60))).collect();
    tokio::time::sleep(Duration::from_millis(10)).await;
    node.close_connections();
    let end = connection.ended().await;
    for request in requests {
        let error = request.await.unwrap_err();
        assert!(error.may_have_been_applied() && !error.is_timeout());
        let text = "sent, but the connection ended before the answer: the server closed it \
                    (host node, after 10.0ms)";
        assert_eq!(error.to_string(), text);
        let RequestFailure::ConnectionLost(told) = error.failure else { panic!("it was sent") };
        assert!(Arc::ptr_eq(&told, &end));
    }
}
