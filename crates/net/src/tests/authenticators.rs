//! Authenticators that take their time: each connection has a token of its own, within the deadline
//! of its attempt.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cqlwire_testkit::eventually;
use cqlwire_testkit::node::{ScriptedNode, Verdict};
use secrecy::{ExposeSecret, SecretSlice};
use tokio::time::{Instant, sleep};

use super::cancellation::opening_dropped_at_every_poll;
use super::dialers::{Dials, by, somewhere};
use super::{ask, millis, seconds};
use crate::{
    Authenticating, AuthenticationRequest, Authenticator, ConnectPhase, Connection, Exchange,
    ServerAddress, Settings,
};

const CLASS: &str = "com.example.TokenAuthenticator";
const LASTS: Duration = Duration::from_secs(60);
const ROUND_TRIP: Duration = Duration::from_millis(100);

/// Gives out tokens, each good for one login within a minute.
#[derive(Debug, Default)]
struct Vault {
    given: Mutex<Vec<(String, Instant)>>,
    count: AtomicUsize,
}

impl Vault {
    /// For the first answer, or a later one.
    async fn token(&self, for_: &str) -> String {
        sleep(ROUND_TRIP).await;
        let token = format!("{for_}-geheim-{}", self.count.fetch_add(1, Ordering::Relaxed));
        self.given.lock().unwrap().push((token.clone(), Instant::now()));
        token
    }

    fn takes_back(&self, token: &[u8]) -> Verdict {
        let mut given = self.given.lock().unwrap();
        let known = given.iter().position(|(own, _)| own.as_bytes() == token);
        match known.map(|index| given.swap_remove(index)) {
            Some((_, since)) if since.elapsed() < LASTS => Verdict::Welcome,
            Some(_) => Verdict::Refuse("it has expired".to_owned()),
            None => Verdict::Refuse("it was never given, or was used before".to_owned()),
        }
    }
}

/// What it was asked, apart from the token: class, host, address, TLS.
type Asked = (String, String, Option<ServerAddress>, bool);

/// Asks the vault for the first token and, whatever is asked on, for another one.
#[derive(Clone, Debug, Default)]
struct FromVault {
    vault: Arc<Vault>,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Authenticator for FromVault {
    fn begin<'a>(
        &'a self,
        request: AuthenticationRequest<'a>,
    ) -> Authenticating<'a, (SecretSlice<u8>, Box<dyn Exchange>)> {
        Box::pin(async move {
            let AuthenticationRequest { class, host, address, is_encrypted, .. } = request;
            let asked = (class.to_owned(), host.to_owned(), address.cloned(), is_encrypted);
            self.asked.lock().unwrap().push(asked);
            let token = self.vault.token("first").await.into_bytes();
            Ok((token.into(), Box::new(self.clone()) as Box<dyn Exchange>))
        })
    }
}

impl Exchange for FromVault {
    fn respond<'a>(
        &'a mut self,
        challenge: Option<&'a [u8]>,
    ) -> Authenticating<'a, SecretSlice<u8>> {
        Box::pin(async move {
            assert_eq!(challenge, Some(&b"again"[..]));
            Ok(self.vault.token("then").await.into_bytes().into())
        })
    }

    fn succeeded<'a>(&'a mut self, _token: Option<&'a [u8]>) -> Authenticating<'a, ()> {
        Box::pin(async {
            sleep(ROUND_TRIP).await;
            Ok(())
        })
    }
}

/// A node that takes what the vault gave out, one token or two in a row, and who asks the vault.
fn scene(twice: bool) -> (Arc<ScriptedNode>, FromVault, Settings) {
    let authenticator = FromVault::default();
    let vault = Arc::clone(&authenticator.vault);
    let node =
        ScriptedNode::builder().authenticator(CLASS, move |token| match vault.takes_back(token) {
            Verdict::Welcome if twice && token.starts_with(b"first") => {
                Verdict::Challenge(b"again".to_vec())
            }
            verdict => verdict,
        });
    let node = Arc::new(node.in_memory());
    let settings = by(&Dials::to(&node), Settings::default());
    let authenticator_ = Some(Arc::new(authenticator.clone()) as Arc<dyn Authenticator>);
    (node, authenticator, Settings { authenticator: authenticator_, ..settings })
}

#[tokio::test(start_paused = true)]
async fn each_connection_has_a_token_of_its_own() {
    for twice in [false, true] {
        let (node, authenticator, settings) = scene(twice);
        let endpoint = somewhere();
        for hour in 1..=3 {
            let (one, two) = tokio::join!(
                Connection::open(&endpoint, &settings, seconds(5)),
                Connection::open(&endpoint, &settings, seconds(5))
            );
            for connection in [one.unwrap(), two.unwrap()] {
                ask(&connection, "SELECT now").await;
                // Servers ask who somebody is when they connect, and never again.
                sleep(LASTS).await;
                ask(&connection, "SELECT now").await;
                connection.close(seconds(1)).await;
            }
            let tokens = hour * if twice { 4 } else { 2 };
            assert_eq!(authenticator.vault.count.load(Ordering::Relaxed), tokens);
            sleep(Duration::from_secs(3_600)).await;
        }
        let asked = authenticator.asked.lock().unwrap().clone();
        let address = Some(ServerAddress::for_dialer(&endpoint));
        let expected = (CLASS.to_owned(), "db.example:9042".to_owned(), address, false);
        assert_eq!(asked, vec![expected; 6]);
        node.assert_clean();
    }
}

#[tokio::test(start_paused = true)]
async fn g6_1_an_authenticator_that_takes_too_long_is_dropped_at_the_deadline() {
    let (node, authenticator, settings) = scene(true);
    // The first token, the second, and what is looked at in the end.
    for after in [50, 150, 250] {
        let started = Instant::now();
        let error = Connection::open(&somewhere(), &settings, millis(after)).await.unwrap_err();
        assert!(error.is_timeout(), "{error}");
        assert_eq!(error.phase, ConnectPhase::Authenticator);
        assert!(started.elapsed() <= Duration::from_millis(after + 50));
        eventually(Duration::from_secs(1), "closed", || node.connections() == 0).await;
    }
    assert_eq!(Arc::strong_count(&authenticator.asked), 2, "no exchange is kept");
    node.take_violations();
}

#[tokio::test(start_paused = true)]
async fn g8_1_an_authenticator_is_dropped_at_every_poll() {
    let (node, _, settings) = scene(true);
    let dropped = opening_dropped_at_every_poll(&node, &settings).await;
    assert!(dropped >= 6, "{dropped} points");
    node.take_violations();
}

#[tokio::test(start_paused = true)]
async fn an_authenticator_that_has_no_token_fails_its_attempt_and_is_asked_again() {
    /// The vault is away at first.
    #[derive(Debug, Default)]
    struct Away(AtomicUsize, FromVault);

    impl Authenticator for Away {
        fn begin<'a>(
            &'a self,
            request: AuthenticationRequest<'a>,
        ) -> Authenticating<'a, (SecretSlice<u8>, Box<dyn Exchange>)> {
            if self.0.fetch_add(1, Ordering::Relaxed) == 0 {
                return Box::pin(async { Err("the vault is sealed".into()) });
            }
            self.1.begin(request)
        }
    }

    let (_node, authenticator, settings) = scene(false);
    let away = Some(Arc::new(Away(AtomicUsize::new(0), authenticator)) as Arc<dyn Authenticator>);
    let settings = Settings { authenticator: away, ..settings };
    let error = Connection::open(&somewhere(), &settings, seconds(5)).await.unwrap_err();
    let text = "cannot connect to db.example:9042: authentication failed after 0.0ns: the \
                authenticator refuses to answer: the vault is sealed";
    assert_eq!(error.to_string(), text);
    assert!(!error.is_permanent(), "it may be unsealed");
    ask(&Connection::open(&somewhere(), &settings, seconds(5)).await.unwrap(), "SELECT now").await;
}

/// A vault that hangs is told from a server that does.
#[tokio::test(start_paused = true)]
async fn an_authenticator_that_takes_too_long_is_said_so() {
    #[derive(Debug)]
    struct Hangs;

    impl Authenticator for Hangs {
        fn begin<'a>(
            &'a self,
            _: AuthenticationRequest<'a>,
        ) -> Authenticating<'a, (SecretSlice<u8>, Box<dyn Exchange>)> {
            Box::pin(std::future::pending())
        }
    }

    let (_node, _, settings) = scene(false);
    let settings = Settings { authenticator: Some(Arc::new(Hangs)), ..settings };
    let error = Connection::open(&somewhere(), &settings, seconds(5)).await.unwrap_err();
    let text = "cannot connect to db.example:9042: asking the authenticator of the settings failed \
                after 5.0s: the deadline passed; an attempt has the time of \
                `cluster.pool.connect_timeout`";
    assert_eq!(error.to_string(), text);
}

#[tokio::test(start_paused = true)]
async fn a_token_is_not_shown() {
    let vault = Vault::default();
    let token: SecretSlice<u8> = vault.token("first").await.into_bytes().into();
    assert!(!format!("{token:?}").contains("geheim") && !format!("{token:?}").contains("101"));
    assert_eq!(token.expose_secret(), b"first-geheim-0");
}
