//! The exchange after AUTHENTICATE.

use std::sync::Arc;

use cqlwire_codec::{AuthResponse, Opcode, ProtocolVersion, Response};
use tokio::io::{AsyncRead, AsyncWrite};

use super::wire::Wire;
use super::{accepted, encoded, unexpected};
use crate::{AuthenticationError, ConnectCause, Settings};

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
    let (mut token, mut exchange) = authenticator.begin(class).map_err(refused)?;
    for _ in 0..MAX_ROUNDS {
        let request = encoded(&AuthResponse { token: &token }, version, settings)?;
        match accepted(&wire.ask(&request).await?, Opcode::AuthResponse)? {
            Response::AuthSuccess(last) => {
                return exchange.succeeded(last.as_deref()).map_err(refused);
            }
            Response::AuthChallenge(challenge) => {
                token = exchange.respond(challenge.as_deref()).map_err(refused)?;
            }
            other => return Err(unexpected(Opcode::AuthResponse, other.opcode())),
        }
    }
    Err(ConnectCause::TooManyChallenges { rounds: MAX_ROUNDS })
}

fn refused(error: AuthenticationError) -> ConnectCause {
    ConnectCause::Authenticator(Arc::from(error))
}
