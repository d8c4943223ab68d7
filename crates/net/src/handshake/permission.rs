//! Who may be answered at all: decided by the settings before an authenticator hears of it.

use std::time::Duration;

use crate::{AuthenticationRequest, Authenticator, ConnectCause, Settings, WithoutTls};

/// May this server get an answer?
pub(super) fn may_answer(
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
            if settings.log.now_and_then("password without TLS", (), Duration::MAX).is_some() {
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
