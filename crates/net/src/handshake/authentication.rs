//! The exchange after AUTHENTICATE.

use std::sync::Arc;

use cqlwire_codec::{AuthResponse, Opcode, ProtocolVersion, Response};
use tokio::io::{AsyncRead, AsyncWrite};

use super::wire::Wire;
use super::{accepted, encoded, unexpected};
use crate::user_code;
use crate::{AuthenticationError, ConnectCause, Settings, UserCode};

/// How many answers a server gets before it is taken for one that is never content.
const MAX_ROUNDS: u32 = 16;

pub(super) async fn authenticate<S: AsyncRead + AsyncWrite + Unpin>(
    wire: &mut Wire<S>,
    version: ProtocolVersion,
    class: &str,
    settings: &Settings,
) -> Result<(), ConnectCause> {
    let Some(authenticator) = &settings.authenticator else {
        return Err(ConnectCause::NoAuthenticator { class: class.to_owned() });
    };
    let (mut token, mut exchange) = user(|| authenticator.begin(class))?;
    for _ in 0..MAX_ROUNDS {
        let request = encoded(&AuthResponse { token: &token }, version, settings)?;
        match accepted(&wire.ask(&request).await?, Opcode::AuthResponse)? {
            Response::AuthSuccess(last) => {
                return user(|| exchange.succeeded(last.as_deref()));
            }
            Response::AuthChallenge(challenge) => {
                token = user(|| exchange.respond(challenge.as_deref()))?;
            }
            other => return Err(unexpected(Opcode::AuthResponse, other.opcode())),
        }
    }
    Err(ConnectCause::TooManyChallenges { rounds: MAX_ROUNDS })
}

/// What the user's authenticator says.
fn user<T>(code: impl FnOnce() -> Result<T, AuthenticationError>) -> Result<T, ConnectCause> {
    let said = user_code::call(UserCode::Authenticator, code)?;
    said.map_err(|error| ConnectCause::Authenticator(Arc::from(error)))
}
