//! Who is asked for what, and who may read it.

use std::sync::Arc;

use cqlwire_net::secrecy::SecretString;
use cqlwire_net::{Authenticator, PlainCredentials, Tls, WithoutTls};

use super::SessionBuilder;

impl SessionBuilder {
    /// User and password, for servers with a `PasswordAuthenticator`. Over anything but a trusted
    /// network, with [TLS](Self::tls). One that changes is asked for by an
    /// [authenticator](Self::authenticator): [security.md](https://github.com/cqlwire/cqlwire/blob/main/docs/security.md#passwords) has one.
    pub fn credentials(
        mut self,
        user: impl Into<String>,
        password: impl Into<SecretString>,
    ) -> Self {
        match PlainCredentials::new(user, password) {
            Ok(credentials) => self.authenticator(credentials),
            Err(error) => {
                self.refuse("credentials", error);
                self
            }
        }
    }

    /// Whoever answers servers that ask who is connecting, asked anew at each connection.
    /// One, or an `Arc` of one.
    pub fn authenticator(mut self, authenticator: impl Authenticator) -> Self {
        self.cluster.pool.connection.authenticator = Some(Arc::new(authenticator));
        self
    }

    /// The classes that servers may authenticate with: the name of each in full, or its last part
    /// alone (`PasswordAuthenticator`). A server that names another one gets no answer.
    /// [Credentials](Self::credentials) go to each of them. Default those that are known to ask for a
    /// password, and whatever an [authenticator](Self::authenticator) of one's own answers.
    pub fn authenticator_classes<C: Into<String>>(
        mut self,
        classes: impl IntoIterator<Item = C>,
    ) -> Self {
        let classes: Vec<String> = classes.into_iter().map(Into::into).collect();
        if classes.is_empty() || classes.iter().any(String::is_empty) {
            self.refuse("authenticator_classes", "a name of a class is needed, and none is empty");
        }
        self.cluster.pool.connection.authenticator_classes = classes;
        self
    }

    /// What becomes of a password that a server asks for over a connection without TLS. Default
    /// [`WithoutTls::Warn`].
    pub const fn plain_password_without_tls(mut self, then: WithoutTls) -> Self {
        self.cluster.pool.connection.plain_password_without_tls = then;
        self
    }

    /// Speak TLS. Default no. Whom to trust, which name a certificate has to have, and what it says when
    /// it does not work is in [security.md](https://github.com/cqlwire/cqlwire/blob/main/docs/security.md).
    pub fn tls(mut self, tls: Tls) -> Self {
        self.cluster.pool.connection.tls = Some(tls);
        self
    }

    /// Reaches a database of Astra DB by its secure connect bundle, a zip: it has the
    /// certificates, and [`connect`](Self::connect) asks the metadata service that it names for the
    /// hosts, within the [timeout](Self::connect_timeout). It says what contact points, TLS, a dialer
    /// and an address translator say, so that none of them may be set beside it; the local data center
    /// is that of the bundle unless one is set. The user is `token`, the password an application token ([credentials](Self::credentials)).
    #[cfg(feature = "astra")]
    pub fn secure_connect_bundle(mut self, path: impl Into<std::path::PathBuf>) -> Self {
        self.bundle = Some(path.into());
        self
    }
}
