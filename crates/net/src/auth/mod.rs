//! Who is connecting: the exchange that a server may ask for after STARTUP.
//!
//! ```text
//!   STARTUP --> AUTHENTICATE class          Authenticator::begin(request)
//!   AUTH_RESPONSE token --> AUTH_CHALLENGE  Exchange::respond(challenge)   0 or more times
//!   AUTH_RESPONSE token --> AUTH_SUCCESS    Exchange::succeeded(token)
//! ```

mod certificate;
mod plain;
mod policy;

use std::fmt;
use std::future::{Future, ready};
use std::pin::Pin;
use std::sync::Arc;

use secrecy::SecretSlice;

use crate::ServerAddress;

pub use certificate::CertificateOnly;
pub(crate) use certificate::asks_for_a_certificate;
pub use plain::{InvalidCredentials, PlainCredentials};
pub use policy::WithoutTls;
pub(crate) use policy::is_listed;

/// Why an authenticator does not go on: shown to whoever connects, so without secrets.
pub type AuthenticationError = Box<dyn std::error::Error + Send + Sync>;

/// A class, or a connection, that gets no answer, and why: an [`AuthenticationError`] that another
/// attempt would not change. Whoever waits for a cluster to come up
/// (`reconnect_on_init`) gives up at it; any other error may be gone at the next attempt.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotAnswered(pub String);

/// What an authenticator says in time.
pub type Authenticating<'a, T> =
    Pin<Box<dyn Future<Output = Result<T, AuthenticationError>> + Send + 'a>>;

/// Answers servers that ask who is connecting.
///
/// It is asked anew for each connection, so a token that expires is renewed where it is asked for:
/// here it may wait for whoever gives it out. Its futures are polled on the task that connects, never
/// on one that serves requests, within the deadline of the attempt (5 s by default, together with the
/// rest of it); they are dropped when it passes. One that panics fails its attempt, and nothing else.
///
/// ```
/// use cqlwire_net::secrecy::SecretSlice;
/// use cqlwire_net::{
///     Authenticating, AuthenticationRequest, Authenticator, Exchange, NotAnswered,
/// };
///
/// #[derive(Debug)]
/// struct Tokens;
///
/// impl Tokens {
///     /// Asks the vault.
///     async fn fresh(&self, _host: &str) -> Result<Vec<u8>, std::io::Error> {
///         Ok(b"a token".to_vec())
///     }
/// }
///
/// struct Said;
///
/// impl Exchange for Said {
///     fn respond<'a>(&'a mut self, _: Option<&'a [u8]>) -> Authenticating<'a, SecretSlice<u8>> {
///         Box::pin(async { Err("it asks for more than a token".into()) })
///     }
/// }
///
/// impl Authenticator for Tokens {
///     fn begin<'a>(
///         &'a self,
///         request: AuthenticationRequest<'a>,
///     ) -> Authenticating<'a, (SecretSlice<u8>, Box<dyn Exchange>)> {
///         Box::pin(async move {
///             if request.class != "com.example.TokenAuthenticator" {
///                 return Err(NotAnswered(format!("{} gets no token", request.class)).into());
///             }
///             let token = self.fresh(request.host).await?;
///             Ok((token.into(), Box::new(Said) as Box<dyn Exchange>))
///         })
///     }
/// }
/// ```
pub trait Authenticator: fmt::Debug + Send + Sync + 'static {
    /// A server asks: the first token for it, and who answers what follows.
    ///
    /// # Errors
    ///
    /// This is no class, or no connection, to give secrets to ([`NotAnswered`]); or there is no token
    /// to be had. The attempt to connect fails; pools make another one after a pause.
    fn begin<'a>(
        &'a self,
        request: AuthenticationRequest<'a>,
    ) -> Authenticating<'a, (SecretSlice<u8>, Box<dyn Exchange>)>;

    /// Is what it sends of use to whoever reads it on the way, as a password is, and a token that is
    /// taken more than once? Without TLS it is then sent only as
    /// [`plain_password_without_tls`](crate::Settings::plain_password_without_tls) says. Default yes;
    /// no is the answer of what proves a secret without telling it, as signatures do.
    fn needs_encryption(&self) -> bool {
        true
    }
}

impl<A: Authenticator + ?Sized> Authenticator for Arc<A> {
    fn begin<'a>(
        &'a self,
        request: AuthenticationRequest<'a>,
    ) -> Authenticating<'a, (SecretSlice<u8>, Box<dyn Exchange>)> {
        (**self).begin(request)
    }

    fn needs_encryption(&self) -> bool {
        (**self).needs_encryption()
    }
}

/// One exchange with one server.
pub trait Exchange: Send {
    /// The server asks on.
    ///
    /// # Errors
    ///
    /// There is no answer to this; the connection attempt fails.
    fn respond<'a>(
        &'a mut self,
        challenge: Option<&'a [u8]>,
    ) -> Authenticating<'a, SecretSlice<u8>>;

    /// The server is content. Its last token may prove who *it* is.
    ///
    /// # Errors
    ///
    /// It is not who it has to be; the connection attempt fails.
    fn succeeded<'a>(&'a mut self, token: Option<&'a [u8]>) -> Authenticating<'a, ()> {
        let _ = token;
        Box::pin(ready(Ok(())))
    }
}

/// What is known of the connection that an authenticator is asked for.
#[derive(Copy, Clone, Debug)]
#[non_exhaustive]
pub struct AuthenticationRequest<'a> {
    /// What the server authenticates with: the name of its class, in full. Whoever answers in its
    /// place can say what it likes here.
    pub class: &'a str,
    /// The server, as errors name it.
    pub host: &'a str,
    /// Where it is; `None` of a stream that came from elsewhere
    /// ([`Connection::over`](crate::Connection::over)).
    pub address: Option<&'a ServerAddress>,
    /// TLS is spoken, so the server has proved who it is before it asked. What a dialer's stream may
    /// do by itself is not known here.
    pub is_encrypted: bool,
    /// The class is one of [`authenticator_classes`](crate::Settings::authenticator_classes); no if
    /// there are none, since then each authenticator knows by itself which to answer.
    pub is_listed: bool,
}

impl<'a> AuthenticationRequest<'a> {
    /// That of a server which asks for this class over a connection without TLS: for the tests of an
    /// authenticator. The fields say the rest.
    pub const fn new(class: &'a str, host: &'a str) -> Self {
        Self { class, host, address: None, is_encrypted: false, is_listed: false }
    }
}
