//! What a node asks of its clients: a user and a password, or whatever a test thinks of.

use std::fmt;
use std::sync::Arc;

/// What a node says to a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// `AUTH_SUCCESS`.
    Welcome,
    /// `AUTH_CHALLENGE`, with this.
    Challenge(Vec<u8>),
    /// ERROR of bad credentials, with this text.
    Refuse(String),
}

type Judge = dyn Fn(&[u8]) -> Verdict + Send + Sync;

/// A class, and what it thinks of tokens.
#[derive(Clone)]
pub(super) struct Authentication {
    pub(super) class: Arc<str>,
    judge: Arc<Judge>,
}

impl Authentication {
    pub(super) fn new(
        class: &str,
        judge: impl Fn(&[u8]) -> Verdict + Send + Sync + 'static,
    ) -> Self {
        Self { class: class.into(), judge: Arc::new(judge) }
    }

    /// `PasswordAuthenticator`, which knows this user alone.
    pub(super) fn password(user: &str, password: &str) -> Self {
        let class = "org.apache.cassandra.auth.PasswordAuthenticator";
        let expected = [user, password].map(|text| text.as_bytes().to_vec());
        Self::new(class, move |token| {
            let mut parts = token.split(|byte| *byte == 0).skip(1);
            let given = (parts.next(), parts.next(), parts.next());
            if given == (Some(&expected[0]), Some(&expected[1]), None) {
                return Verdict::Welcome;
            }
            let user = given.0.map(String::from_utf8_lossy).unwrap_or_default();
            Verdict::Refuse(format!("Provided username {user} and/or password are incorrect"))
        })
    }

    pub(super) fn judge(&self, token: &[u8]) -> Verdict {
        (self.judge)(token)
    }
}

impl fmt::Debug for Authentication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Authentication").field(&self.class).finish()
    }
}
