//! No password, token or key in anything that is shown of connecting: settings, errors, the log.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use cqlwire_testkit::log::LogLines;
use cqlwire_testkit::node::Verdict;
use cqlwire_testkit::tls::{Authority, Identity, TlsNode, acceptor};
use tracing::Level;

use super::secrets::Shown;
use super::*;
use crate::secrecy::SecretSlice;
use crate::{
    Authenticating, AuthenticationRequest, Authenticator, Error, Exchange, PlainCredentials, Tls,
    TlsFiles, WithoutTls,
};

const CLASS: &str = "com.example.TokenAuthenticator";

/// Gives the token that it holds, twice if it is asked on.
#[derive(Clone, Debug)]
struct Holds(SecretSlice<u8>);

impl Authenticator for Holds {
    fn begin<'a>(
        &'a self,
        request: AuthenticationRequest<'a>,
    ) -> Authenticating<'a, (SecretSlice<u8>, Box<dyn Exchange>)> {
        Box::pin(async move {
            if request.class != CLASS {
                return Err(format!("{request:?} gets no token").into());
            }
            Ok((self.0.clone(), Box::new(self.clone()) as Box<dyn Exchange>))
        })
    }
}

impl Exchange for Holds {
    fn respond<'a>(&'a mut self, _: Option<&'a [u8]>) -> Authenticating<'a, SecretSlice<u8>> {
        Box::pin(async { Ok(self.0.clone()) })
    }
}

fn holding(token: &str) -> Arc<dyn Authenticator> {
    Arc::new(Holds(token.as_bytes().to_vec().into()))
}

/// A server that takes `geheim-token`, twice, over TLS with a certificate of the client.
async fn server(servers: &Authority, clients: &Authority) -> TlsNode {
    let node = ScriptedNode::builder().authenticator(CLASS, |token| match token {
        b"geheim-token" => Verdict::Challenge(b"geheim-challenge".to_vec()),
        b"geheim-again" => Verdict::Welcome,
        _ => Verdict::Refuse("not you".to_owned()),
    });
    TlsNode::listen(node.in_memory(), acceptor(&servers.sign("127.0.0.1"), Some(clients)))
        .await
        .unwrap()
}

async fn refused(shown: &mut Shown, builder: SessionBuilder) -> Error {
    shown.debug(&builder);
    let error = builder.connect().await.unwrap_err();
    shown.error(&error);
    error
}

#[tokio::test]
async fn no_secret_of_connecting_is_in_anything_that_is_shown() {
    let log = LogLines::collect(Level::TRACE);
    let mut shown = Shown::default();
    let (servers, clients) = (Authority::new("servers"), Authority::new("clients"));
    let node = server(&servers, &clients).await;
    let Identity { chain, key } = clients.sign("shop");
    let directory = tempfile::tempdir().unwrap();
    let [ca_file, chain_file, key_file] =
        ["ca", "chain", "key"].map(|name| directory.path().join(name));
    for (path, text) in [(&ca_file, &servers.pem()), (&chain_file, &chain), (&key_file, &key)] {
        fs::write(path, text).unwrap();
    }
    let files = || TlsFiles::trusting(&ca_file).client_auth(&chain_file, &key_file);
    let tls = Tls::from_files(files()).unwrap();
    shown.debug(&files());
    shown.debug(&tls);
    let pem = servers.pem();
    shown.debug(&Tls::with_client_auth(pem.as_bytes(), chain.as_bytes(), key.as_bytes()).unwrap());
    let builder = || {
        let builder =
            Session::builder().contact_points(node.address().to_string()).tls(tls.clone());
        builder.connect_timeout(Duration::from_secs(10))
    };
    // The second answer is the first again: refused, having been asked on.
    refused(&mut shown, builder().authenticator(holding("geheim-token"))).await;
    refused(&mut shown, builder().authenticator(holding("geheim-wrong"))).await;
    refused(&mut shown, builder().credentials("ada", "geheim")).await;
    refused(&mut shown, builder().authenticator_classes(["Another"]).credentials("a", "geheim"))
        .await;
    let session = builder().authenticator(holding("geheim-again")).connect().await.unwrap();
    shown.debug(&session);

    // What lies there is half a key, and then somebody else's.
    for text in
        [&key[..key.len() / 2], "-----BEGIN PRIVATE KEY-----\ngeheim\n", &clients.sign("x").key]
    {
        fs::write(&key_file, text).unwrap();
        let error = Tls::from_files(files()).unwrap_err();
        shown.debug(&error);
        shown.display(&error);
        let error = Tls::with_client_auth(pem.as_bytes(), chain.as_bytes(), text.as_bytes());
        shown.debug(&error.unwrap_err());
        builder().authenticator(holding("geheim-again")).connect().await.unwrap();
    }
    session.close(Duration::from_secs(5)).await;

    let plain = ScriptedNode::builder().password("ada", "geheim").start_tcp().await.unwrap();
    for then in [WithoutTls::Warn, WithoutTls::Refuse] {
        let builder = self::builder(&plain).plain_password_without_tls(then);
        let builder = builder.credentials("ada", "geheim");
        shown.debug(&builder);
        match builder.connect().await {
            Ok(session) => session.close(Duration::from_secs(5)).await,
            Err(error) => shown.error(&error),
        }
    }
    shown.debug(&PlainCredentials::new("ada", "geheim").unwrap());
    shown.debug(&PlainCredentials::new("ada", "geheim\0").unwrap_err());
    shown.error(&Session::builder().credentials("", "geheim").connect().await.unwrap_err());

    let lines = log.all();
    assert!(lines.iter().any(|line| line.message.starts_with("a password is sent without TLS")));
    assert!(lines.iter().any(|line| line.message.contains("the last good ones are used")));
    lines.iter().for_each(|line| shown.display(line));
    shown.assert_no_secret();
    shown.assert_nothing_of(&key);
    node.node().take_violations();
}
