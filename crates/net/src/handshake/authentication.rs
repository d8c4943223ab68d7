//! The exchange after AUTHENTICATE.

use std::future::ready;
use std::sync::Arc;

use cqlwire_codec::{AuthResponse, Opcode, ProtocolVersion, Response};
use secrecy::{ExposeSecret, SecretSlice};
use tokio::io::{AsyncRead, AsyncWrite};

use super::permission::may_answer;
use super::wire::Wire;
use super::{Peer, Progress, accepted, encoded, unexpected};
use crate::auth::{asks_for_a_certificate, is_listed};
use crate::user_code::{self, awaited};
use crate::{
    Authenticating, AuthenticationError, AuthenticationRequest, Authenticator, CertificateOnly,
    ConnectCause, ConnectPhase, Exchange, SessionLog, Settings, UserCode,
};

/// How many answers a server gets before it is taken for one that is never content.
const MAX_ROUNDS: u32 = 16;

pub(super) async fn authenticate<S: AsyncRead + AsyncWrite + Unpin>(
    wire: &mut Wire<S>,
    version: ProtocolVersion,
    class: &str,
    peer: Peer<'_>,
    settings: &Settings,
    progress: &mut Progress,
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
    let may = || may_answer(&request, authenticator, settings);
    let permitted = user_code::call(UserCode::Authenticator, may)??;
    let beginning = async { authenticator.begin(request).await };
    let (mut token, exchange) = user(beginning, progress, log).await?;
    let mut kept = Kept { exchange, log };
    permitted.made_use_of(&request, log);
    for _ in 0..MAX_ROUNDS {
        let response = AuthResponse { token: token.expose_secret() };
        let response = encoded(&response, version, settings)?;
        match accepted(&wire.ask(&response).await?, Opcode::AuthResponse)? {
            Response::AuthSuccess(last) => {
                let done = async { kept.exchange.succeeded(last.as_deref()).await };
                user(done, progress, log).await?;
                return kept.drop_caught();
            }
            Response::AuthChallenge(challenge) => {
                let answer = async { kept.exchange.respond(challenge.as_deref()).await };
                token = user(answer, progress, log).await?;
            }
            other => return Err(unexpected(Opcode::AuthResponse, other.opcode())),
        }
    }
    Err(ConnectCause::TooManyChallenges { rounds: MAX_ROUNDS })
}

/// The user's exchange, whose drop is caught, whenever that is.
struct Kept<'a> {
    exchange: Box<dyn Exchange>,
    log: &'a SessionLog,
}

impl Kept<'_> {
    fn drop_caught(&mut self) -> Result<(), ConnectCause> {
        let exchange = std::mem::replace(&mut self.exchange, Box::new(Over));
        user_code::call(UserCode::Authenticator, || drop(exchange))
    }
}

impl Drop for Kept<'_> {
    fn drop(&mut self) {
        if let Err(cause) = self.drop_caught() {
            user_code::as_given_up(UserCode::Authenticator, &cause, self.log);
        }
    }
}

/// In the place of an exchange that is over.
struct Over;

impl Exchange for Over {
    fn respond<'a>(&'a mut self, _: Option<&'a [u8]>) -> Authenticating<'a, SecretSlice<u8>> {
        Box::pin(ready(Err("the exchange is over".into())))
    }
}

/// What the user's authenticator says. Who waits for it until the deadline is told so.
async fn user<T>(
    code: impl Future<Output = Result<T, AuthenticationError>>,
    progress: &mut Progress,
    log: &SessionLog,
) -> Result<T, ConnectCause> {
    progress.phase = ConnectPhase::Authenticator;
    let said = awaited(UserCode::Authenticator, code, log).await;
    progress.phase = ConnectPhase::Authentication;
    let said = said?;
    said.map_err(|error| ConnectCause::Authenticator(Arc::from(error)))
}
