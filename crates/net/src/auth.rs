//! Who is connecting: the exchange that a server may ask for after STARTUP.
//!
//! ```text
//!   STARTUP --> AUTHENTICATE class          Authenticator::begin(class)
//!   AUTH_RESPONSE token --> AUTH_CHALLENGE  Exchange::respond(challenge)   0 or more times
//!   AUTH_RESPONSE token --> AUTH_SUCCESS    Exchange::succeeded(token)
//! ```

use std::fmt;

/// Why an authenticator does not go on: shown to whoever connects, so without secrets.
pub type AuthenticationError = Box<dyn std::error::Error + Send + Sync>;

/// Answers servers that ask who is connecting. Called on the task that connects, never on one that
/// serves requests.
pub trait Authenticator: fmt::Debug + Send + Sync + 'static {
    /// A server authenticates with `class`: the first token for it, and who answers what follows.
    ///
    /// # Errors
    ///
    /// This is no class to give secrets to.
    fn begin(&self, class: &str) -> Result<(Vec<u8>, Box<dyn Exchange>), AuthenticationError>;
}

/// One exchange with one server.
pub trait Exchange: Send {
    /// The server asks on.
    ///
    /// # Errors
    ///
    /// There is no answer to this; the connection attempt fails.
    fn respond(&mut self, challenge: Option<&[u8]>) -> Result<Vec<u8>, AuthenticationError>;

    /// The server is content. Its last token may prove who *it* is.
    ///
    /// # Errors
    ///
    /// It is not who it has to be; the connection attempt fails.
    fn succeeded(&mut self, token: Option<&[u8]>) -> Result<(), AuthenticationError> {
        let _ = token;
        Ok(())
    }
}

/// User and password, sent in clear (SASL PLAIN): over anything but a trusted network, use TLS.
///
/// They are given only to authenticators that are known to ask for them, since any server could
/// ask; [`also_for`](Self::also_for) adds one.
#[derive(Clone)]
pub struct PlainCredentials {
    user: String,
    password: String,
    classes: Vec<String>,
}

/// Authenticators that ask for user and password, by the last part of their class's name.
const PASSWORD_CLASSES: [&str; 5] = [
    "PasswordAuthenticator",
    "MutualTlsWithPasswordFallbackAuthenticator",
    "DseAuthenticator",
    "TransitionalAuthenticator",
    "SaslauthdAuthenticator",
];

/// DSE asks for the mechanism first, and gives this challenge back.
const DSE_START: &[u8] = b"PLAIN-START";

impl PlainCredentials {
    /// This user with this password.
    ///
    /// # Errors
    ///
    /// Either is empty or contains the NUL that separates them: no server would accept it.
    pub fn new(
        user: impl Into<String>,
        password: impl Into<String>,
    ) -> Result<Self, InvalidCredentials> {
        let (user, password) = (user.into(), password.into());
        let invalid = |text: &str| text.is_empty() || text.contains('\0');
        if invalid(&user) || invalid(&password) {
            return Err(InvalidCredentials);
        }
        Ok(Self { user, password, classes: Vec::new() })
    }

    /// Gives them to this class of the server as well, named in full.
    #[must_use]
    pub fn also_for(mut self, class: impl Into<String>) -> Self {
        self.classes.push(class.into());
        self
    }

    fn knows(&self, class: &str) -> bool {
        let last = class.rsplit('.').next().unwrap_or(class);
        PASSWORD_CLASSES.contains(&last) || self.classes.iter().any(|own| own == class)
    }

    /// No name to act under, the user, the password (RFC 4616).
    fn token(&self) -> Vec<u8> {
        [b"\0", self.user.as_bytes(), b"\0", self.password.as_bytes()].concat()
    }
}

impl Authenticator for PlainCredentials {
    fn begin(&self, class: &str) -> Result<(Vec<u8>, Box<dyn Exchange>), AuthenticationError> {
        if !self.knows(class) {
            return Err(format!("{class} is not known to ask for a password").into());
        }
        let token = self.token();
        let first = if class.ends_with("DseAuthenticator") { b"PLAIN".to_vec() } else { token };
        Ok((first, Box::new(PlainExchange { credentials: self.clone() })))
    }
}

struct PlainExchange {
    credentials: PlainCredentials,
}

impl Exchange for PlainExchange {
    fn respond(&mut self, challenge: Option<&[u8]>) -> Result<Vec<u8>, AuthenticationError> {
        match challenge {
            Some(DSE_START) => Ok(self.credentials.token()),
            _ => Err("it asks for more than user and password".into()),
        }
    }
}

impl fmt::Debug for PlainCredentials {
    /// Without the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PlainCredentials").field("user", &self.user).finish_non_exhaustive()
    }
}

/// A user or a password that no server accepts.
#[derive(Copy, Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("user and password must not be empty, nor contain NUL")]
pub struct InvalidCredentials;

#[cfg(test)]
mod tests {
    use super::*;

    fn credentials() -> PlainCredentials {
        PlainCredentials::new("ada", "hunter2").unwrap()
    }

    #[test]
    fn the_token_is_that_of_rfc_4616() {
        let (token, _) = credentials()
            .begin("org.apache.cassandra.auth.PasswordAuthenticator")
            .unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(token, b"\0ada\0hunter2");
    }

    #[test]
    fn e16_an_unknown_class_gets_no_password() {
        let class = "com.example.Phishing";
        let refused = credentials().begin(class).err().unwrap();
        assert_eq!(refused.to_string(), "com.example.Phishing is not known to ask for a password");
        assert!(credentials().also_for(class).begin(class).is_ok());
    }

    #[test]
    fn dse_is_told_the_mechanism_first() {
        let class = "com.datastax.bdp.cassandra.auth.DseAuthenticator";
        let (first, mut exchange) = credentials().begin(class).ok().unwrap();
        assert_eq!(first, b"PLAIN");
        assert_eq!(exchange.respond(Some(b"PLAIN-START")).unwrap(), b"\0ada\0hunter2");
        assert!(exchange.respond(Some(b"and your mother's name?")).is_err());
    }

    #[test]
    fn a_password_is_not_shown() {
        assert!(!format!("{:?}", credentials()).contains("hunter2"));
        assert!(PlainCredentials::new("ada", "").is_err());
        assert!(PlainCredentials::new("a\0da", "x").is_err());
    }
}
