//! Every answer, encoded beforehand.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::{BufMut, Bytes, BytesMut};
use cqlwire_codec::wire::{Reader, write};
use cqlwire_codec::{
    BindMetadata, ColumnSpec, ColumnType, Decoded, PagingState, Prepared, ProtocolVersion,
    Response, ResultResponse, Rows, RowsMetadata, StreamId, Supported, encode_response,
};

use super::catalog::{self, Table, spec};
use super::execute::{Execute, Statement};
use super::system;
use crate::work::{
    FILL, INSERT, NAME, PAGE_ROWS, PAYLOAD, READ, SCAN, SCAN_NAME, SCAN_PHOTO, SCAN_ROWS,
    SCAN_SCORE,
};
use crate::{Result, ensure};

/// Where the stream id stands in an envelope.
const STREAM: std::ops::Range<usize> = 2..4;

/// The answers of a node.
#[derive(Debug)]
pub(super) struct Answers {
    v4: OfVersion,
    v5: OfVersion,
    columns: Columns,
    /// The rows of each page of the scan.
    pages: Vec<Bytes>,
    tables: Vec<Table>,
    /// The statements about the node itself that were prepared, by number.
    system: Mutex<Vec<String>>,
}

/// What every request gets that differs in nothing but its stream and key.
#[derive(Debug)]
struct OfVersion {
    ready: Vec<u8>,
    void: Vec<u8>,
    row: Row,
    row_without_columns: Row,
}

/// The answer to a read.
#[derive(Debug)]
struct Row {
    envelope: Vec<u8>,
    key: std::ops::Range<usize>,
}

#[derive(Debug)]
struct Columns {
    users: Arc<[ColumnSpec]>,
    /// What is scanned.
    events: Arc<[ColumnSpec]>,
    /// What is written there.
    filled: Arc<[ColumnSpec]>,
}

impl Answers {
    /// Those of one node of several.
    pub(super) fn encode(addresses: &[SocketAddr], own: usize) -> Result<Self> {
        let columns = Columns {
            users: Arc::from([
                spec("bench", "users", "id", ColumnType::BigInt),
                spec("bench", "users", "name", ColumnType::Text),
                spec("bench", "users", "payload", ColumnType::Blob),
            ]),
            filled: Arc::from([
                spec("bench", "events", "part", ColumnType::Int),
                spec("bench", "events", "id", ColumnType::BigInt),
                spec("bench", "events", "name", ColumnType::Text),
                spec("bench", "events", "score", ColumnType::Double),
                spec("bench", "events", "photo", ColumnType::Blob),
            ]),
            events: Arc::from([
                spec("bench", "events", "id", ColumnType::BigInt),
                spec("bench", "events", "name", ColumnType::Text),
                spec("bench", "events", "score", ColumnType::Double),
                spec("bench", "events", "photo", ColumnType::Blob),
            ]),
        };
        Ok(Self {
            v4: OfVersion::encode(ProtocolVersion::V4, &columns)?,
            v5: OfVersion::encode(ProtocolVersion::V5, &columns)?,
            columns,
            pages: (0..SCAN_ROWS / PAGE_ROWS).map(page).collect::<Result<_>>()?,
            tables: system::tables(addresses, own)?,
            system: Mutex::default(),
        })
    }

    /// Appends the answer to an EXECUTE.
    #[inline]
    pub(super) fn execute(
        &self,
        body: &[u8],
        version: ProtocolVersion,
        stream: [u8; 2],
        out: &mut BytesMut,
    ) -> Result<()> {
        let execute = Execute::read(body, version.uses_segments())?;
        let own = self.of(version);
        match execute.statement {
            Statement::Read if execute.skip_metadata => {
                own.row_without_columns.put(execute.key, stream, out);
            }
            Statement::Read => own.row.put(execute.key, stream, out),
            Statement::Insert | Statement::Fill => put(&own.void, stream, out),
            Statement::Scan => self.page(&execute, version, stream, out)?,
            Statement::System(number) => {
                let text = self.system_statement(number)?;
                self.select(&text, version, stream, out)?;
            }
        }
        Ok(())
    }

    fn page(
        &self,
        execute: &Execute,
        version: ProtocolVersion,
        stream: [u8; 2],
        out: &mut BytesMut,
    ) -> Result<()> {
        let number = usize::try_from(execute.page)?;
        let content = self.pages.get(number).ok_or("a paging state from elsewhere")?.clone();
        let next = execute.page + 1;
        let more = usize::try_from(next)? < self.pages.len();
        let state = more.then(|| PagingState::new(&next.to_be_bytes()));
        let columns = &self.columns.events;
        let metadata = RowsMetadata {
            columns: (!execute.skip_metadata).then(|| Arc::clone(columns)),
            column_count: columns.len(),
            paging_state: state,
            new_metadata_id: None,
        };
        let rows = Rows { metadata, row_count: PAGE_ROWS, content };
        respond(Response::Result(ResultResponse::Rows(rows)), version, stream, out)
    }

    /// Appends the answer to a BATCH.
    pub(super) fn void(&self, version: ProtocolVersion, stream: [u8; 2], out: &mut BytesMut) {
        put(&self.of(version).void, stream, out);
    }

    /// Appends the answer to STARTUP, and to REGISTER.
    pub(super) fn ready(&self, version: ProtocolVersion, stream: [u8; 2], out: &mut BytesMut) {
        put(&self.of(version).ready, stream, out);
    }

    /// Appends the answer to OPTIONS.
    pub(super) fn supported(
        version: ProtocolVersion,
        stream: [u8; 2],
        out: &mut BytesMut,
    ) -> Result<()> {
        let option = |name: &str, values: &[&str]| -> (String, Vec<String>) {
            (name.to_owned(), values.iter().map(|value| (*value).to_owned()).collect())
        };
        let options = [
            option("CQL_VERSION", &["3.4.7"]),
            option("COMPRESSION", &[]),
            option("PROTOCOL_VERSIONS", &["4/v4", "5/v5"]),
        ];
        respond(Response::Supported(Supported::new(options.into())), version, stream, out)
    }

    /// Appends the answer to a QUERY: the tables that drivers ask about; Void to anything else.
    pub(super) fn query(
        &self,
        body: &[u8],
        version: ProtocolVersion,
        stream: [u8; 2],
        out: &mut BytesMut,
    ) -> Result<()> {
        let statement = Reader::new(body).long_string("statement")?;
        self.select(statement, version, stream, out)
    }

    fn select(
        &self,
        statement: &str,
        version: ProtocolVersion,
        stream: [u8; 2],
        out: &mut BytesMut,
    ) -> Result<()> {
        match catalog::select(&self.tables, statement) {
            Some(response) => respond(response?, version, stream, out),
            None => {
                put(&self.of(version).void, stream, out);
                Ok(())
            }
        }
    }

    /// Appends the answer to a PREPARE: of the statements of the benchmark, and of those about the
    /// node itself.
    pub(super) fn prepare(
        &self,
        body: &[u8],
        version: ProtocolVersion,
        stream: [u8; 2],
        out: &mut BytesMut,
    ) -> Result<()> {
        let text = Reader::new(body).long_string("statement")?;
        let users = &self.columns.users;
        let (statement, markers, key, columns) = match text {
            READ => (Statement::Read, users.get(..1).unwrap_or_default(), vec![0], users.clone()),
            INSERT => (Statement::Insert, &**users, vec![0], Arc::from([])),
            SCAN => (Statement::Scan, &[][..], Vec::new(), self.columns.events.clone()),
            FILL => (Statement::Fill, &*self.columns.filled, vec![0], Arc::from([])),
            other => match catalog::select(&self.tables, other) {
                Some(Ok(Response::Result(ResultResponse::Rows(rows)))) => {
                    let columns = rows.metadata.columns.unwrap_or_else(|| Arc::from([]));
                    (self.add_system_statement(other)?, &[][..], Vec::new(), columns)
                }
                Some(refusal) => return respond(refusal?, version, stream, out),
                None => return Err(format!("there is no answer to PREPARE of {other}").into()),
            },
        };
        let id = Bytes::copy_from_slice(&statement.id());
        let prepared = Prepared {
            result_metadata_id: version.uses_segments().then(|| id.clone()),
            id,
            bind: BindMetadata { columns: markers.into(), partition_key: key },
            result: RowsMetadata {
                column_count: columns.len(),
                columns: Some(columns),
                paging_state: None,
                new_metadata_id: None,
            },
        };
        let response = Response::Result(ResultResponse::Prepared(Box::new(prepared)));
        respond(response, version, stream, out)
    }

    fn add_system_statement(&self, text: &str) -> Result<Statement> {
        let mut system = self.system.lock().unwrap_or_else(PoisonError::into_inner);
        let known = system.iter().position(|known| known == text);
        let number = known.unwrap_or_else(|| {
            system.push(text.to_owned());
            system.len() - 1
        });
        drop(system);
        Ok(Statement::System(u8::try_from(number)?))
    }

    fn system_statement(&self, number: u8) -> Result<String> {
        let system = self.system.lock().unwrap_or_else(PoisonError::into_inner);
        let text = system.get(usize::from(number)).cloned();
        drop(system);
        text.ok_or_else(|| "EXECUTE of a statement that was not prepared here".into())
    }

    const fn of(&self, version: ProtocolVersion) -> &OfVersion {
        if version.uses_segments() { &self.v5 } else { &self.v4 }
    }
}

impl OfVersion {
    fn encode(version: ProtocolVersion, columns: &Columns) -> Result<Self> {
        Ok(Self {
            ready: encoded(Response::Ready, version)?,
            void: encoded(Response::Result(ResultResponse::Void), version)?,
            row: Row::encode(Some(&columns.users), version)?,
            row_without_columns: Row::encode(None, version)?,
        })
    }
}

impl Row {
    fn encode(columns: Option<&Arc<[ColumnSpec]>>, version: ProtocolVersion) -> Result<Self> {
        let mut content = BytesMut::new();
        write::bytes(&mut content, "cell", Some(&[0; 8]))?;
        write::bytes(&mut content, "cell", Some(NAME.as_bytes()))?;
        write::bytes(&mut content, "cell", Some(&PAYLOAD))?;
        let behind_key = content.len() - size_of::<i32>() - size_of::<i64>();
        let metadata = RowsMetadata {
            columns: columns.map(Arc::clone),
            column_count: 3,
            paging_state: None,
            new_metadata_id: None,
        };
        let rows = Rows { metadata, row_count: 1, content: content.freeze() };
        let envelope = encoded(Response::Result(ResultResponse::Rows(rows)), version)?;
        let end = envelope.len() - behind_key;
        Ok(Self { envelope, key: end - size_of::<i64>()..end })
    }

    #[inline]
    fn put(&self, key: i64, stream: [u8; 2], out: &mut BytesMut) {
        let start = out.len();
        put(&self.envelope, stream, out);
        if let Some(place) = out.get_mut(start + self.key.start..start + self.key.end) {
            place.copy_from_slice(&key.to_be_bytes());
        }
    }
}

/// Appends an encoded answer with another stream id.
#[inline]
fn put(envelope: &[u8], stream: [u8; 2], out: &mut BytesMut) {
    let start = out.len();
    out.put_slice(envelope);
    if let Some(place) = out.get_mut(start + STREAM.start..start + STREAM.end) {
        place.copy_from_slice(&stream);
    }
}

fn respond(
    response: Response,
    version: ProtocolVersion,
    stream: [u8; 2],
    out: &mut BytesMut,
) -> Result<()> {
    let stream = StreamId::new(i16::from_be_bytes(stream));
    encode_response(&Decoded::from(response), version, stream, None, out)?;
    Ok(())
}

fn encoded(response: Response, version: ProtocolVersion) -> Result<Vec<u8>> {
    let mut out = BytesMut::new();
    respond(response, version, [0; 2], &mut out)?;
    Ok(out.to_vec())
}

/// The rows of one page: their ids go on where those of the page before end.
fn page(number: u32) -> Result<Bytes> {
    ensure(SCAN_ROWS.is_multiple_of(PAGE_ROWS), "pages are full")?;
    let mut content = BytesMut::new();
    for id in number * PAGE_ROWS..(number + 1) * PAGE_ROWS {
        write::bytes(&mut content, "cell", Some(&i64::from(id).to_be_bytes()))?;
        write::bytes(&mut content, "cell", Some(SCAN_NAME.as_bytes()))?;
        write::bytes(&mut content, "cell", Some(&SCAN_SCORE.to_be_bytes()))?;
        write::bytes(&mut content, "cell", Some(&SCAN_PHOTO))?;
    }
    Ok(content.freeze())
}
