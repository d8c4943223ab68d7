//! Who may be answered at all: decided by the settings before an authenticator hears of it.

use super::certificate::last_part;
use crate::{AuthenticationRequest, Authenticator, ConnectCause, Settings};

/// What becomes of a password that a server asks for over a connection without TLS.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum WithoutTls {
    /// It is sent.
    Allow,
    /// It is sent, and a WARN says so, once a session.
    #[default]
    Warn,
    /// It is not sent, and the attempt to connect fails.
    Refuse,
}

/// Is the class on the list? A name without a dot is the last part of a class's name.
pub(crate) fn is_listed(class: &str, list: &[String]) -> bool {
    let last = last_part(class);
    list.iter().any(|own| if own.contains('.') { own == class } else { own == last })
}

/// May this server get an answer?
pub(crate) fn may_answer(
    request: &AuthenticationRequest<'_>,
    authenticator: &dyn Authenticator,
    settings: &Settings,
) -> Result<(), ConnectCause> {
    let (class, allowed) = (request.class, &settings.authenticator_classes);
    if !allowed.is_empty() && !request.is_listed {
        return Err(ConnectCause::AuthenticatorClass {
            class: class.to_owned(),
            allowed: allowed.as_slice().into(),
        });
    }
    if request.is_encrypted || !authenticator.needs_encryption() {
        return Ok(());
    }
    match settings.plain_password_without_tls {
        WithoutTls::Allow => Ok(()),
        WithoutTls::Refuse => Err(ConnectCause::PasswordWithoutTls { class: class.to_owned() }),
        WithoutTls::Warn => {
            if settings.log.is_news("password without TLS", ()) {
                let (session, host) = (settings.log.id(), request.host);
                tracing::warn!(
                    %session,
                    host,
                    class = %class.escape_debug(),
                    "a password is sent without TLS: whoever is in between can read it (set `tls`, or \
                     `plain_password_without_tls` to Refuse or Allow)"
                );
            }
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_is_listed_in_full_or_by_its_last_part() {
        let class = "org.apache.cassandra.auth.PasswordAuthenticator";
        let is = |name: &str| is_listed(class, &["other".to_owned(), name.to_owned()]);
        assert!(is(class) && is("PasswordAuthenticator"));
        assert!(!is("com.example.PasswordAuthenticator") && !is("Authenticator") && !is(""));
        assert!(is_listed("Bare", &["Bare".to_owned()]) && !is_listed(class, &[]));
    }
}
