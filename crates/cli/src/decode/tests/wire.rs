//! A session as bytes: what a client and a server say in it, by the codec's encoders.

use bytes::BytesMut;
use cqlwire::codec::{
    AuthResponse, BindMetadata, ColumnSpec, ColumnType, Compression, Consistency, Direction,
    EncodeRequest, ErrorCode, Event, Execute, Options, Prefixes, Prepare, Prepared,
    ProtocolVersion, Query, QueryParameters, RequestOptions, Response, ResultResponse, Rows,
    RowsMetadata, SegmentEncoder, ServerError, Startup, StatusChange, StreamId, Supported,
    encode_request, encode_response,
};

/// Bytes in the order in which they are sent, one envelope or segment each.
pub(super) type Sent = Vec<(Direction, Vec<u8>)>;

/// A session under way.
pub(super) struct Wire {
    version: ProtocolVersion,
    compression: Option<Compression>,
    has_begun: bool,
    pub(super) sent: Sent,
}

impl Wire {
    pub(super) const fn new(version: ProtocolVersion, compression: Option<Compression>) -> Self {
        Self { version, compression, has_begun: false, sent: Vec::new() }
    }

    /// The compression of single envelopes.
    fn of_envelopes(&self) -> Option<Compression> {
        self.compression.filter(|_| self.has_begun && !self.version.uses_segments())
    }

    pub(super) fn ask(&mut self, stream: i16, request: &impl EncodeRequest) {
        let options =
            RequestOptions { compression: self.of_envelopes(), ..RequestOptions::default() };
        let encoded = encode_request(request, self.version, &options, BytesMut::new()).unwrap();
        let mut envelope = BytesMut::new();
        encoded.copy_to(StreamId::new(stream), &mut envelope);
        self.send(Direction::Request, envelope);
    }

    pub(super) fn answer(&mut self, stream: i16, response: Response) {
        let mut envelope = BytesMut::new();
        let response = cqlwire::codec::Decoded { prefixes: Prefixes::NONE, response };
        let compression = self.of_envelopes();
        let stream = StreamId::new(stream);
        encode_response(&response, self.version, stream, compression, &mut envelope).unwrap();
        self.send(Direction::Response, envelope);
    }

    fn send(&mut self, direction: Direction, envelope: BytesMut) {
        let bytes = match self.has_begun && self.version.uses_segments() {
            true => {
                let (mut wire, mut ends) = (BytesMut::new(), Vec::new());
                SegmentEncoder::new(self.compression).encode(&envelope, &mut wire, &mut ends);
                wire
            }
            false => envelope,
        };
        self.sent.push((direction, bytes.to_vec()));
    }
}

fn columns(names: &[(&str, ColumnType)]) -> std::sync::Arc<[ColumnSpec]> {
    let column = |(name, column_type): &(&str, ColumnType)| ColumnSpec {
        keyspace: "shop".into(),
        table: "users".into(),
        name: (*name).to_owned(),
        column_type: column_type.clone(),
    };
    names.iter().map(column).collect()
}

/// The id of the one statement that is prepared.
pub(super) const ID: &[u8] = b"\x01\x02\x03\x04";

/// What PLAIN sends: a user and a password.
pub(super) const TOKEN: &[u8] = b"\0ada\0enigma";

/// So many characters are more than a segment takes, compressed or not.
pub(super) fn long_name() -> String {
    let mut state = 1_u64;
    let letter = |_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        char::from(b'a' + u8::try_from((state >> 33) % 26).unwrap())
    };
    (0..300_000).map(letter).collect()
}

/// A whole session: the handshake with a password, a prepared statement with rows that leave their
/// columns out, an error, an event, and an answer of more than a segment.
pub(super) fn session(version: ProtocolVersion, compression: Option<Compression>) -> Sent {
    let mut wire = Wire::new(version, compression);
    wire.ask(0, &Options);
    let options = [("COMPRESSION".to_owned(), vec!["lz4".to_owned()])].into();
    wire.answer(0, Response::Supported(Supported::new(options)));
    wire.ask(1, &Startup::new(compression));
    let authenticator = "PasswordAuthenticator".to_owned();
    wire.answer(1, Response::Authenticate { authenticator });
    wire.has_begun = true;
    wire.ask(1, &AuthResponse { token: TOKEN });
    wire.answer(1, Response::AuthSuccess(None));
    statements(&mut wire);
    wire.sent
}

/// What follows the handshake.
fn statements(wire: &mut Wire) {
    let statement = "SELECT id, name FROM shop.users WHERE id = ?";
    wire.ask(2, &Prepare { statement, keyspace: None });
    let selected = columns(&[("id", ColumnType::Int), ("name", ColumnType::Text)]);
    let metadata = RowsMetadata {
        columns: Some(selected),
        column_count: 2,
        paging_state: None,
        new_metadata_id: None,
    };
    let metadata_id = wire.version.uses_segments().then(|| b"mid".as_slice());
    let prepared = Prepared {
        id: ID.into(),
        result_metadata_id: metadata_id.map(Into::into),
        bind: BindMetadata {
            columns: columns(&[("id", ColumnType::Int)]),
            partition_key: Vec::new(),
        },
        result: metadata.clone(),
    };
    wire.answer(2, Response::Result(ResultResponse::Prepared(Box::new(prepared))));
    let markers = columns(&[("id", ColumnType::Int)]);
    let rows = |name: &str| {
        let length = u32::try_from(name.len()).unwrap();
        let content =
            [&[0, 0, 0, 4, 0, 0, 0, 7], &length.to_be_bytes()[..], name.as_bytes()].concat();
        let metadata = RowsMetadata { columns: None, ..metadata.clone() };
        let rows = Rows { metadata, row_count: 1, content: content.into() };
        Response::Result(ResultResponse::Rows(rows))
    };
    for (stream, name) in [(3, "Ada"), (4, &long_name())] {
        let mut parameters = QueryParameters::new(Consistency::LocalQuorum, &(7_i32,));
        parameters.columns = &markers;
        parameters.skip_metadata = true;
        wire.ask(stream, &Execute { id: ID, result_metadata_id: metadata_id, parameters });
        wire.answer(stream, rows(name));
    }
    let event =
        Event::StatusChange { change: StatusChange::Up, address: ([127, 0, 0, 1], 9042).into() };
    wire.answer(-1, Response::Event(event));
    let statement = "CREATE ROLE ada WITH PASSWORD = 'enigma'";
    wire.ask(5, &Query { statement, parameters: QueryParameters::new(Consistency::One, &()) });
    let error = ServerError::new(ErrorCode::Unauthorized, "not for 'enigma'");
    wire.answer(5, Response::Error(Box::new(error)));
    wire.ask(6, &Options);
}

/// A statement with two bind markers of one name, prepared and executed.
pub(super) fn range() -> Sent {
    let mut wire = Wire::new(ProtocolVersion::V4, None);
    let statement = "SELECT v FROM shop.users WHERE id = 1 AND c > ? AND c < ?";
    wire.ask(1, &Prepare { statement, keyspace: None });
    let markers = columns(&[("c", ColumnType::Int), ("c", ColumnType::Int)]);
    let nothing =
        RowsMetadata { columns: None, column_count: 0, paging_state: None, new_metadata_id: None };
    let prepared = Prepared {
        id: ID.into(),
        result_metadata_id: None,
        bind: BindMetadata { columns: markers.clone(), partition_key: Vec::new() },
        result: nothing,
    };
    wire.answer(1, Response::Result(ResultResponse::Prepared(Box::new(prepared))));
    let mut parameters = QueryParameters::new(Consistency::One, &(1_i32, 5_i32));
    parameters.columns = &markers;
    wire.ask(2, &Execute { id: ID, result_metadata_id: None, parameters });
    wire.sent
}
