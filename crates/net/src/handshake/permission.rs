//! Who may be answered at all: decided by the settings before an authenticator hears of it.

use std::time::Duration;

use crate::{AuthenticationRequest, Authenticator, ConnectCause, SessionLog, Settings, WithoutTls};

/// An answer may be sent.
#[must_use]
pub(super) enum Permitted {
    Quietly,
    /// The log has to say so, once it is sent.
    WithAWarning,
}

/// May this server get an answer?
pub(super) fn may_answer(
    request: &AuthenticationRequest<'_>,
    authenticator: &dyn Authenticator,
    settings: &Settings,
) -> Result<Permitted, ConnectCause> {
    let (class, allowed) = (request.class, &settings.authenticator_classes);
    if !allowed.is_empty() && !request.is_listed {
        return Err(ConnectCause::AuthenticatorClass {
            class: class.to_owned(),
            allowed: allowed.as_slice().into(),
        });
    }
    if request.is_encrypted || !authenticator.needs_encryption() {
        return Ok(Permitted::Quietly);
    }
    match settings.plain_password_without_tls {
        WithoutTls::Allow => Ok(Permitted::Quietly),
        WithoutTls::Refuse => Err(ConnectCause::PasswordWithoutTls { class: class.to_owned() }),
        WithoutTls::Warn => Ok(Permitted::WithAWarning),
    }
}

impl Permitted {
    /// The authenticator has given its first answer, which is sent now. One that refuses to is not warned
    /// of: the warning is written once, and has to name who is told the password.
    pub(super) fn made_use_of(self, request: &AuthenticationRequest<'_>, log: &SessionLog) {
        if matches!(self, Self::Quietly) {
            return;
        }
        if log.now_and_then("password without TLS", (), Duration::MAX).is_some() {
            let (session, host) = (log.id(), request.host);
            tracing::warn!(
                %session,
                host,
                class = %request.class.escape_debug(),
                "a password is sent without TLS: whoever is in between can read it (set `tls`, or \
                 `plain_password_without_tls` to Refuse or Allow)"
            );
        }
    }
}
