//! The handshake as servers do it: versions, STARTUP, credentials, and whose turn it is.

use std::collections::BTreeMap;
use std::sync::Arc;

use cqlwire_codec::{Compression, FramingError, Opcode, ProtocolVersion, StreamId};

use super::authentication::Verdict;
use super::command::Outgoing;
use super::connection::{Connection, Phase};
use super::prime::{Delivery, End};
use super::reply::Reply;
use super::{ViolationKind, error};

/// The event of a server that is about to close the connection (CEP-59), and the key under which
/// SUPPORTED says that there are such.
pub(super) const GRACEFUL_DISCONNECT: &str = "GRACEFUL_DISCONNECT";

impl Connection {
    /// Whether it is the turn of such a request.
    pub(super) fn awaits(&self, opcode: Opcode) -> bool {
        match self.phase {
            Phase::Opening => matches!(opcode, Opcode::Startup | Opcode::Options),
            Phase::Authenticating => opcode == Opcode::AuthResponse,
            Phase::Ready => !matches!(opcode, Opcode::Startup | Opcode::AuthResponse),
            Phase::Starting | Phase::Checking | Phase::Refused => false,
        }
    }

    pub(super) fn out_of_turn(&self, opcode: Opcode) -> Reply {
        let during = match self.phase {
            Phase::Opening => "before STARTUP",
            Phase::Starting => "before STARTUP was answered",
            Phase::Authenticating => "instead of AUTH_RESPONSE",
            Phase::Checking => "before AUTH_RESPONSE was answered",
            Phase::Ready => "after the handshake",
            Phase::Refused => "after a refusal",
        };
        self.violate(ViolationKind::OutOfTurn { opcode, during });
        Reply::error(error::PROTOCOL, format!("Unexpected message {opcode} {during}"))
    }

    pub(super) fn startup(
        &mut self,
        options: &BTreeMap<String, String>,
        version: ProtocolVersion,
    ) -> Reply {
        self.phase = Phase::Starting;
        if !options.contains_key("CQL_VERSION") {
            return Reply::error(error::PROTOCOL, "Missing value CQL_VERSION in STARTUP message");
        }
        let name = options.get("COMPRESSION");
        let compression = name.and_then(|name| Compression::from_name(name));
        if let (Some(name), None) = (name, compression) {
            let text = format!("Unknown compression algorithm: {name}");
            return Reply::error(error::PROTOCOL, text);
        }
        self.wire.agree(version, compression);
        self.shared.state().link(self.id, |link| {
            link.version = Some(version);
            link.compression = compression;
        });
        match &self.shared.settings.authentication {
            Some(asks) => Reply::Authenticate(Arc::clone(&asks.class)),
            None => Reply::Ready,
        }
    }

    pub(super) fn check_credentials(&mut self, token: Option<&[u8]>) -> Reply {
        self.phase = Phase::Checking;
        let Some(token) = token else {
            // A null token: what the server's own code runs into.
            return Reply::error(0, "java.lang.NullPointerException");
        };
        let Some(asks) = &self.shared.settings.authentication else { return Reply::AuthSuccess };
        match asks.judge(token) {
            Verdict::Welcome => Reply::AuthSuccess,
            Verdict::Challenge(challenge) => Reply::AuthChallenge(challenge.into()),
            Verdict::Refuse(text) => Reply::error(error::BAD_CREDENTIALS, text),
        }
    }

    /// The answer to STARTUP or `AUTH_RESPONSE` is on its way: what follows on the wire, and what
    /// may follow from the client.
    pub(super) fn on_handshake_answered(&mut self, reply: &Reply) {
        // Whatever the answer is, servers switch to segments after it.
        self.wire.switch();
        self.phase = match reply.opcode() {
            Opcode::Authenticate | Opcode::AuthChallenge => Phase::Authenticating,
            Opcode::Error => Phase::Refused,
            _ => Phase::Ready,
        };
    }

    pub(super) fn supported(&self) -> Reply {
        let settings = &self.shared.settings;
        let newest = settings.newest();
        let mut options = vec![
            ("CQL_VERSION", vec!["3.4.7".to_owned()]),
            ("COMPRESSION", vec!["lz4".to_owned()]),
        ];
        if settings.graceful_disconnect {
            options.push((GRACEFUL_DISCONNECT, vec!["true".to_owned()]));
        }
        // 3.0 and older do not say; 3.11 names its beta.
        if newest >= ProtocolVersion::V5 || settings.beta_refusal {
            let mut versions: Vec<String> =
                settings.versions.iter().map(|v| format!("{}/v{0}", v.number())).collect();
            versions.push(format!("{}/v{0}-beta", newest.number() + 1));
            options.push(("PROTOCOL_VERSIONS", versions));
        }
        Reply::Supported(options)
    }

    /// Refuses a version the way servers do: on stream 0, bare, and without closing.
    pub(super) fn refuse(&mut self, asked: u8) {
        let settings = &self.shared.settings;
        let newest = settings.newest();
        let oldest = settings.versions.first().copied().unwrap_or(newest);
        let beta = settings.beta_refusal && asked == newest.number() + 1;
        let text = if beta {
            format!(
                "Beta version of the protocol used ({asked}/v{asked}-beta), but USE_BETA flag is unset"
            )
        } else if asked < oldest.number() {
            format!("Rejecting Protocol Version {asked}/v{asked} < {0}/v{0}.", oldest.number())
        } else {
            match newest {
                ProtocolVersion::V3 => format!("Invalid or unsupported protocol version: {asked}"),
                ProtocolVersion::V4 => format!(
                    "Invalid or unsupported protocol version ({asked}); the lowest supported \
                     version is {} and the greatest is 4",
                    oldest.number()
                ),
                ProtocolVersion::V5 => format!(
                    "Invalid or unsupported protocol version ({asked}); supported versions are \
                     (3/v3, 4/v4, 5/v5, 6/v6-beta)"
                ),
            }
        };
        // 3.11 answers in the very version that it refuses.
        let version = ProtocolVersion::from_number(asked).filter(|_| beta).unwrap_or(newest);
        self.send_on_connection(version, Reply::error(error::PROTOCOL, text));
        self.phase = Phase::Refused;
        self.wire.input.clear();
    }

    /// Bytes that are no envelopes: of an unknown version it is a refusal, else the server says
    /// what is wrong and closes.
    pub(super) fn on_broken_framing(&mut self, error: FramingError) {
        if let (FramingError::UnknownVersion { number }, Phase::Opening) = (&error, self.phase) {
            return self.refuse(*number);
        }
        let text = error.to_string();
        self.violate(ViolationKind::Framing(error));
        self.send_on_connection(self.wire.version(), Reply::error(error::PROTOCOL, text));
        self.finish(End::Close);
    }

    fn send_on_connection(&mut self, version: ProtocolVersion, reply: Reply) {
        let (stream, delivery) = (StreamId::CONNECTION, Delivery::OnStream(StreamId::CONNECTION));
        self.send(Outgoing { stream, version, reply, delivery, handshake: false });
    }
}
