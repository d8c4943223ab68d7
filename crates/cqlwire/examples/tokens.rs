//! Tokens that expire: an authenticator that asks for one at each connection, and a server that takes
//! each of them once and for a moment only.
//!
//! The vault is played here by a task, as another service would be asked over the network; the
//! server by a scripted node, so that the program runs anywhere:
//! `cargo run -p cqlwire --example tokens`.
#![allow(clippy::print_stdout, reason = "it talks to whoever runs it")]

use std::collections::HashMap;
use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use cqlwire::secrecy::SecretSlice;
use cqlwire::{
    Authenticating, AuthenticationRequest, Authenticator, Exchange, NotAnswered, Session,
};
use cqlwire_testkit::node::{ScriptedNode, Verdict};
use tokio::sync::{mpsc, oneshot};

const CLASS: &str = "com.example.TokenAuthenticator";
const LASTS: Duration = Duration::from_millis(500);

/// A request to the vault: the role, and where the token is sent.
type Wanted = (&'static str, oneshot::Sender<Vec<u8>>);

/// Asks the vault for a token of this role.
#[derive(Debug)]
struct VaultTokens {
    role: &'static str,
    vault: mpsc::Sender<Wanted>,
}

impl VaultTokens {
    async fn fresh(&self) -> Result<Vec<u8>, &'static str> {
        let (answer, answered) = oneshot::channel();
        self.vault.send((self.role, answer)).await.map_err(|_| "the vault is gone")?;
        answered.await.map_err(|_| "the vault gives no token")
    }
}

impl Authenticator for VaultTokens {
    fn begin<'a>(
        &'a self,
        request: AuthenticationRequest<'a>,
    ) -> Authenticating<'a, (SecretSlice<u8>, Box<dyn Exchange>)> {
        Box::pin(async move {
            // Whoever stands in between can name any class: a token goes to the one it is for.
            if request.class != CLASS {
                return Err(NotAnswered(format!("{} gets no token", request.class)).into());
            }
            let token = self.fresh().await?;
            Ok((token.into(), Box::new(OneToken) as Box<dyn Exchange>))
        })
    }
}

/// One token says it all.
struct OneToken;

impl Exchange for OneToken {
    fn respond<'a>(&'a mut self, _: Option<&'a [u8]>) -> Authenticating<'a, SecretSlice<u8>> {
        Box::pin(async { Err("it asks for more than a token".into()) })
    }
}

/// The tokens that were given out, and when.
type Given = Arc<Mutex<HashMap<Vec<u8>, Instant>>>;

async fn vault(mut wanted: mpsc::Receiver<Wanted>, given: Given) {
    let mut number = 0;
    while let Some((role, answer)) = wanted.recv().await {
        number += 1;
        let token = format!("{role}/{number}").into_bytes();
        given.lock().unwrap_or_else(PoisonError::into_inner).insert(token.clone(), Instant::now());
        // Whoever asked may have given up.
        answer.send(token).unwrap_or_default();
    }
}

/// A server that takes each token once, while it is good.
async fn server(given: Given) -> std::io::Result<ScriptedNode> {
    let node = ScriptedNode::builder().authenticator(CLASS, move |token| {
        let since = given.lock().unwrap_or_else(PoisonError::into_inner).remove(token);
        match since.filter(|since| since.elapsed() < LASTS) {
            Some(_) => Verdict::Welcome,
            None => Verdict::Refuse("the token is unknown, used or too old".to_owned()),
        }
    });
    node.start_tcp().await
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let given = Given::default();
    let (asks, wanted) = mpsc::channel(16);
    tokio::spawn(vault(wanted, Arc::clone(&given)));
    let node = server(given).await?;

    let tokens = VaultTokens { role: "shop", vault: asks };
    let session = Session::builder()
        .contact_points(node.address().to_string())
        .authenticator(tokens)
        .reconnection(Duration::from_millis(10), Duration::from_millis(100))
        .connect()
        .await?;
    println!("connected: {} connections, a token each", node.accepted().len());

    // By now all tokens have expired; what is connected stays so.
    tokio::time::sleep(2 * LASTS).await;
    session.query("SELECT release_version FROM system.local", ()).await?;
    println!("after {LASTS:?} the session is as it was");

    node.close_connections();
    while session.query("INSERT INTO shop.users (id) VALUES (1)", ()).await.is_err() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    println!("connected anew: {} connections in all", node.accepted().len());
    session.close(Duration::from_secs(1)).await;
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn it_says_what_it_does() {
        super::main().unwrap();
    }
}
