//! What exchanges are told, and exchanges that panic as they go: their attempt fails of it, with their
//! name, and nothing else does.

use std::future::ready;
use std::sync::{Arc, Mutex};

use cqlwire_codec::Opcode;
use cqlwire_testkit::node::{ScriptedNode, Verdict};
use secrecy::SecretSlice;
use tokio::io::duplex;

use super::dialers::{Dials, by, somewhere};
use super::handshake::PASSWORD;
use super::played::{self, Played};
use super::{millis, seconds};
use crate::{
    Authenticating, AuthenticationRequest, Authenticator, ConnectCause, ConnectError, Connection,
    Exchange, Settings, UserCode,
};

/// Its exchange panics when it is dropped, and before that never answers a challenge.
#[derive(Debug)]
struct Untidy;

struct UntidyExchange;

impl Authenticator for Untidy {
    fn begin<'a>(
        &'a self,
        _: AuthenticationRequest<'a>,
    ) -> Authenticating<'a, (SecretSlice<u8>, Box<dyn Exchange>)> {
        Box::pin(async {
            Ok((b"token".to_vec().into(), Box::new(UntidyExchange) as Box<dyn Exchange>))
        })
    }
}

impl Exchange for UntidyExchange {
    fn respond<'a>(&'a mut self, _: Option<&'a [u8]>) -> Authenticating<'a, SecretSlice<u8>> {
        Box::pin(std::future::pending())
    }
}

impl Drop for UntidyExchange {
    fn drop(&mut self) {
        panic!("untidy");
    }
}

fn scene(verdict: fn() -> Verdict) -> (Arc<ScriptedNode>, Settings) {
    let node = ScriptedNode::builder().authenticator("com.example.Any", move |_| verdict());
    let settings = Settings { authenticator: Some(Arc::new(Untidy)), ..Settings::default() };
    (Arc::new(node.in_memory()), settings)
}

fn assert_blamed(outcome: Result<Connection, ConnectError>) {
    let error = outcome.unwrap_err();
    let is_blamed = matches!(
        &error.cause,
        ConnectCause::Panicked { whose: UserCode::Authenticator, message } if message == "untidy"
    );
    assert!(is_blamed, "{error}");
}

#[tokio::test(start_paused = true)]
async fn an_exchange_that_panics_as_it_is_dropped_is_blamed_for_it() {
    let (node, settings) = scene(|| Verdict::Welcome);
    let settings = by(&Dials::to(&node), settings);
    assert_blamed(Connection::open(&somewhere(), &settings, seconds(5)).await);
}

#[tokio::test(start_paused = true)]
async fn an_exchange_that_panics_as_it_is_dropped_fails_no_more_than_its_attempt() {
    let (node, settings) = scene(|| Verdict::Welcome);
    assert_blamed(Connection::over(node.connect(), "node", &settings, seconds(5)).await);
}

#[tokio::test(start_paused = true)]
async fn an_exchange_that_panics_as_it_is_given_up_changes_nothing() {
    let (node, settings) = scene(|| Verdict::Challenge(b"again".to_vec()));
    let outcome = Connection::over(node.connect(), "node", &settings, millis(100)).await;
    assert!(outcome.unwrap_err().is_timeout());
}

/// Notes what it is told, and is content with all of it.
#[derive(Clone, Debug, Default)]
struct Noting(Arc<Mutex<Vec<Option<Vec<u8>>>>>);

impl Authenticator for Noting {
    fn begin<'a>(
        &'a self,
        _: AuthenticationRequest<'a>,
    ) -> Authenticating<'a, (SecretSlice<u8>, Box<dyn Exchange>)> {
        let exchange: Box<dyn Exchange> = Box::new(self.clone());
        Box::pin(ready(Ok((b"token".to_vec().into(), exchange))))
    }
}

impl Exchange for Noting {
    fn respond<'a>(&'a mut self, told: Option<&'a [u8]>) -> Authenticating<'a, SecretSlice<u8>> {
        self.0.lock().unwrap().push(told.map(<[u8]>::to_vec));
        Box::pin(ready(Ok(Vec::new().into())))
    }

    fn succeeded<'a>(&'a mut self, told: Option<&'a [u8]>) -> Authenticating<'a, ()> {
        self.0.lock().unwrap().push(told.map(<[u8]>::to_vec));
        Box::pin(ready(Ok(())))
    }
}

#[tokio::test(start_paused = true)]
async fn an_exchange_is_told_what_the_server_says_to_the_end() {
    const NULL: &[u8] = b"\xFF\xFF\xFF\xFF";
    const EMPTY: &[u8] = b"\0\0\0\0";
    const PROOF: &[u8] = b"\0\0\0\x05proof";
    let script = [
        (Opcode::Authenticate, PASSWORD),
        (Opcode::AuthChallenge, NULL),
        (Opcode::AuthChallenge, EMPTY),
        (Opcode::AuthSuccess, PROOF),
    ];
    let (noting, (near, far)) = (Noting::default(), duplex(4_096));
    let settings = Settings { authenticator: Some(Arc::new(noting.clone())), ..played::settings() };
    let mut server = Played { stream: far };
    let playing = async {
        for (opcode, body) in script {
            let asked = server.asked().await;
            server.answer(asked.stream, opcode, body).await;
        }
    };
    let opening = Connection::over(near, "played", &settings, seconds(5));
    let (connection, ()) = tokio::join!(opening, playing);
    connection.unwrap();
    let told = noting.0.lock().unwrap().clone();
    assert_eq!(told, [None, Some(Vec::new()), Some(b"proof".to_vec())]);
}
