//! The exchange after AUTHENTICATE.

use std::sync::Arc;

use cqlwire_codec::{AuthResponse, Opcode, ProtocolVersion, Response};
use secrecy::ExposeSecret;
use tokio::io::{AsyncRead, AsyncWrite};

use super::permission::may_answer;
use super::wire::Wire;
use super::{Peer, accepted, encoded, unexpected};
use crate::auth::{asks_for_a_certificate, is_listed};
use crate::user_code::{self, awaited};
use crate::{
    AuthenticationError, AuthenticationRequest, Authenticator, CertificateOnly, ConnectCause,
    SessionLog, Settings, UserCode,
};

/// How many answers a server gets before it is taken for one that is never content.
const MAX_ROUNDS: u32 = 16;

pub(super) async fn authenticate<S: AsyncRead + AsyncWrite + Unpin>(
    wire: &mut Wire<S>,
    version: ProtocolVersion,
    class: &str,
    peer: Peer<'_>,
    settings: &Settings,
) -> Result<(), ConnectCause> {
    let Peer { name: host, address, is_encrypted } = peer;
    let authenticator: &dyn Authenticator = match &settings.authenticator {
        Some(authenticator) => &**authenticator,
        None if is_encrypted && asks_for_a_certificate(class) => &CertificateOnly,
        None => return Err(ConnectCause::NoAuthenticator { class: class.to_owned() }),
    };
    let is_listed = is_listed(class, &settings.authenticator_classes);
    let request = AuthenticationRequest { class, host, address, is_encrypted, is_listed };
    let log = &settings.log;
    user_code::call(UserCode::Authenticator, || may_answer(&request, authenticator, settings))??;
    let (mut token, mut exchange) = user(async { authenticator.begin(request).await }, log).await?;
    for _ in 0..MAX_ROUNDS {
        let response = AuthResponse { token: token.expose_secret() };
        let request = encoded(&response, version, settings)?;
        match accepted(&wire.ask(&request).await?, Opcode::AuthResponse)? {
            Response::AuthSuccess(last) => {
                return user(async { exchange.succeeded(last.as_deref()).await }, log).await;
            }
            Response::AuthChallenge(challenge) => {
                token = user(async { exchange.respond(challenge.as_deref()).await }, log).await?;
            }
            other => return Err(unexpected(Opcode::AuthResponse, other.opcode())),
        }
    }
    Err(ConnectCause::TooManyChallenges { rounds: MAX_ROUNDS })
}

/// What the user's authenticator says.
async fn user<T>(
    code: impl Future<Output = Result<T, AuthenticationError>>,
    log: &SessionLog,
) -> Result<T, ConnectCause> {
    let said = awaited(UserCode::Authenticator, code, log).await?;
    said.map_err(|error| ConnectCause::Authenticator(Arc::from(error)))
}
