//! What a node answers by itself, as a small Cassandra would.

use std::collections::BTreeMap;

use bytes::{BufMut, Bytes, BytesMut};
use cqlwire_codec::{Compression, Envelope, FramingError, Opcode, ProtocolVersion, StreamId};

use super::connection::{Connection, Outgoing, Phase};
use super::prime::{Answer, Delivery, End, Prime};
use super::reply::{PreparedReply, Reply};
use super::request::{BatchStatement, Parameters, Request};
use super::rows::{PageRequest, Place, Table, columns_of, fingerprint};
use super::shared::State;
use super::system::Cluster;
use super::{Received, ViolationKind, error};

/// The class that stands for a user and a password.
const AUTHENTICATOR: &str = "org.apache.cassandra.auth.PasswordAuthenticator";

impl Connection {
    /// Reads one request and sees to its answer.
    pub(super) fn on_request(&mut self, envelope: &Envelope) {
        let version = envelope.header.version;
        if !self.shared.settings.versions.contains(&version) {
            return self.refuse(version.number());
        }
        let stream = envelope.header.stream;
        let opcode = envelope.header.opcode;
        let (request, wrong) = match Request::decode(envelope) {
            Ok(request) => (Some(request), None),
            Err(error) => (None, Some(error.to_string())),
        };
        let received = self.describe(envelope, request.as_ref());
        let prime = {
            let mut state = self.shared.state();
            state.receive(&received);
            state.prime_for(&received)
        };
        let handshake =
            matches!(opcode, Opcode::Startup | Opcode::AuthResponse) && self.awaits(opcode);
        let own = match (request, wrong) {
            (Some(request), _) if self.awaits(opcode) => {
                self.answer(request, version, &received, prime.as_ref())
            }
            (Some(_), _) => self.out_of_turn(opcode),
            (None, why) => {
                let why = why.unwrap_or_default();
                self.violate(ViolationKind::Body { opcode, why: why.clone() });
                Reply::error(error::PROTOCOL, why)
            }
        };
        let (delay, delivery) = prime
            .map_or((std::time::Duration::ZERO, Delivery::Whole), |prime| {
                (prime.delay, prime.delivery)
            });
        self.send_after(delay, Outgoing { stream, version, reply: own, delivery, handshake });
    }

    /// What is remembered of a request.
    fn describe(&self, envelope: &Envelope, request: Option<&Request>) -> Received {
        let state = self.shared.state();
        let text_of = |id: &Bytes| state.prepared.get(id).cloned();
        let (statements, parameters) = match request {
            Some(Request::Query { statement, parameters }) => {
                (vec![statement.clone()], Some(parameters))
            }
            Some(Request::Prepare { statement, .. }) => (vec![statement.clone()], None),
            Some(Request::Execute { id, parameters }) => {
                (text_of(id).into_iter().collect(), Some(parameters))
            }
            Some(Request::Batch(statements)) => {
                let text = |statement: &BatchStatement| match statement {
                    BatchStatement::Text(text) => Some(text.clone()),
                    BatchStatement::Prepared(id) => text_of(id),
                };
                (statements.iter().filter_map(text).collect(), None)
            }
            _ => (Vec::new(), None),
        };
        let page = |parameters: &Parameters| Place::decode(parameters.page.paging_state.as_deref());
        Received {
            connection: self.id,
            stream: envelope.header.stream,
            version: envelope.header.version,
            opcode: envelope.header.opcode,
            statements,
            values: parameters.map(|parameters| parameters.values.clone()).unwrap_or_default(),
            page: parameters.and_then(page).map(|place| place.page),
        }
    }

    /// Whether it is the turn of such a request.
    fn awaits(&self, opcode: Opcode) -> bool {
        match self.phase {
            Phase::Opening => matches!(opcode, Opcode::Startup | Opcode::Options),
            Phase::Authenticating => opcode == Opcode::AuthResponse,
            Phase::Ready => !matches!(opcode, Opcode::Startup | Opcode::AuthResponse),
            Phase::Starting | Phase::Checking | Phase::Refused => false,
        }
    }

    fn out_of_turn(&self, opcode: Opcode) -> Reply {
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

    /// The answer to a request whose turn it is: the node's own, unless a prime has one.
    fn answer(
        &mut self,
        request: Request,
        version: ProtocolVersion,
        received: &Received,
        prime: Option<&Prime>,
    ) -> Reply {
        let asked = match &request {
            Request::Query { parameters, .. } | Request::Execute { parameters, .. } => {
                parameters.page.clone()
            }
            _ => PageRequest::default(),
        };
        let own = match request {
            Request::Startup(options) => self.startup(&options, version),
            Request::AuthResponse(token) => self.check_credentials(token.as_deref()),
            Request::Options => self.supported(),
            Request::Register(events) => self.register(events),
            Request::Query { statement, .. } => self.query(&statement, &asked, received),
            Request::Prepare { statement, keyspace } => self.prepare(&statement, keyspace),
            Request::Execute { id, .. } => self.execute(&id, &asked, received),
            Request::Batch(statements) => self.batch(&statements),
        };
        match prime.map(|prime| &prime.answer) {
            Some(Answer::Reply(reply)) => reply.clone(),
            Some(Answer::Table(table)) => table.page(&asked, received),
            Some(Answer::Own) | None => own,
        }
    }

    fn startup(&mut self, options: &BTreeMap<String, String>, version: ProtocolVersion) -> Reply {
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
        match self.shared.settings.credentials {
            Some(_) => Reply::Authenticate(AUTHENTICATOR),
            None => Reply::Ready,
        }
    }

    fn check_credentials(&mut self, token: Option<&[u8]>) -> Reply {
        self.phase = Phase::Checking;
        let Some(token) = token else {
            // A null token: what the server's own code runs into.
            return Reply::error(0, "java.lang.NullPointerException");
        };
        let mut parts = token.split(|byte| *byte == 0).skip(1);
        let given = (parts.next(), parts.next(), parts.next());
        match &self.shared.settings.credentials {
            Some((user, password))
                if given == (Some(user.as_bytes()), Some(password.as_bytes()), None) =>
            {
                Reply::AuthSuccess
            }
            _ => {
                let user = given.0.map(String::from_utf8_lossy).unwrap_or_default();
                let text = format!("Provided username {user} and/or password are incorrect");
                Reply::error(error::BAD_CREDENTIALS, text)
            }
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

    fn supported(&self) -> Reply {
        let settings = &self.shared.settings;
        let newest = settings.newest();
        let mut options = vec![
            ("CQL_VERSION", vec!["3.4.7".to_owned()]),
            ("COMPRESSION", vec!["snappy".to_owned(), "lz4".to_owned()]),
        ];
        // 3.0 and older do not say; 3.11 names its beta.
        if newest >= ProtocolVersion::V5 || settings.beta_refusal {
            let mut versions: Vec<String> =
                settings.versions.iter().map(|v| format!("{}/v{0}", v.number())).collect();
            versions.push(format!("{}/v{0}-beta", newest.number() + 1));
            options.push(("PROTOCOL_VERSIONS", versions));
        }
        Reply::Supported(options)
    }

    fn register(&self, events: Vec<String>) -> Reply {
        let known = ["TOPOLOGY_CHANGE", "STATUS_CHANGE", "SCHEMA_CHANGE"];
        if let Some(event) = events.iter().find(|event| !known.contains(&event.as_str())) {
            return Reply::error(error::PROTOCOL, format!("Invalid value '{event}' for Type"));
        }
        self.shared.state().link(self.id, |link| link.events = events);
        Reply::Ready
    }

    fn query(&self, statement: &str, asked: &PageRequest, received: &Received) -> Reply {
        if let Some(keyspace) = used_keyspace(statement) {
            self.shared.state().link(self.id, |link| link.keyspace = Some(keyspace.clone()));
            return Reply::SetKeyspace(keyspace);
        }
        let newest = self.shared.settings.newest();
        let system = self.shared.state().cluster(newest).select(statement);
        match system {
            Some(Ok(table)) => table.page(asked, received),
            Some(Err(error)) => error,
            None => Reply::Void,
        }
    }

    fn prepare(&self, statement: &str, keyspace: Option<String>) -> Reply {
        let newest = self.shared.settings.newest();
        let mut state = self.shared.state();
        let mut used = None;
        state.link(self.id, |link| used.clone_from(&link.keyspace));
        let id = fingerprint(&(keyspace.or(used), statement));
        state.prepared.insert(id.clone(), statement.to_owned());
        let table = match state.table_of(statement, newest) {
            Ok(table) => table,
            Err(error) => return error,
        };
        let (bind, partition_key) = state.binds_of(statement);
        let columns = table.as_ref().map(Table::columns).unwrap_or_default();
        let metadata_id = fingerprint(&columns);
        Reply::Prepared(PreparedReply { id, metadata_id, bind, partition_key, columns })
    }

    fn execute(&self, id: &Bytes, asked: &PageRequest, received: &Received) -> Reply {
        let prepared = self.shared.state().prepared.get(id).cloned();
        match prepared {
            Some(statement) => self.query(&statement, asked, received),
            None => unprepared(id),
        }
    }

    fn batch(&self, statements: &[BatchStatement]) -> Reply {
        let state = self.shared.state();
        let unknown = statements.iter().find_map(|statement| match statement {
            BatchStatement::Prepared(id) if !state.prepared.contains_key(id) => Some(id),
            _ => None,
        });
        unknown.map_or(Reply::Void, unprepared)
    }

    /// Refuses a version the way servers do: on stream 0, bare, and without closing.
    fn refuse(&mut self, asked: u8) {
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

impl State {
    const fn cluster(&self, newest: ProtocolVersion) -> Cluster<'_> {
        Cluster { local: &self.local, peers: self.peers.as_slice(), newest }
    }

    /// The rows that a statement has, by a prime or because the node knows them.
    fn table_of(&self, text: &str, newest: ProtocolVersion) -> Result<Option<Table>, Reply> {
        let mut primes = self.primes.iter().rev().filter(|prime| prime.describes(text));
        match primes.find_map(Prime::table) {
            Some(table) => Ok(Some(table.clone())),
            None => self.cluster(newest).select(text).transpose(),
        }
    }

    /// The bind markers of a statement and its partition key: as primed, or a blob for each `?`.
    fn binds_of(&self, text: &str) -> (std::sync::Arc<[cqlwire_codec::ColumnSpec]>, Vec<u16>) {
        let mut primes = self.primes.iter().rev().filter(|prime| prime.describes(text));
        primes.find_map(|prime| prime.bind.clone()).unwrap_or_else(|| {
            let markers = text.matches('?').map(|_| ("", cqlwire_codec::ColumnType::Blob));
            (columns_of("ks", "t", markers).into(), Vec::new())
        })
    }
}

/// The keyspace of a `USE`.
fn used_keyspace(statement: &str) -> Option<String> {
    let (verb, keyspace) = statement.trim().trim_end_matches(';').split_once(' ')?;
    let keyspace = keyspace.trim();
    let unquoted = keyspace.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    verb.eq_ignore_ascii_case("use")
        .then(|| unquoted.map_or_else(|| keyspace.to_ascii_lowercase(), str::to_owned))
}

fn unprepared(id: &Bytes) -> Reply {
    let mut detail = BytesMut::new();
    detail.put_u16(u16::try_from(id.len()).unwrap_or(u16::MAX));
    detail.put_slice(id);
    let message = "Prepared query with this ID not found".to_owned();
    Reply::Error { code: error::UNPREPARED, message, detail: detail.freeze() }
}
