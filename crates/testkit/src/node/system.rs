//! `system.local` and `system.peers`: what a driver reads about the cluster when it connects.

use std::net::{IpAddr, SocketAddr};

use bytes::{BufMut, Bytes, BytesMut};
use cqlwire_codec::wire::write;
use cqlwire_codec::{ColumnSpec, ColumnType, ProtocolVersion};

use super::error;
use super::reply::{Reply, Row};
use super::rows::{Table, cell, columns_of, fingerprint};

/// One node, as the system tables describe it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Where clients reach it.
    pub address: SocketAddr,
    /// Its data center.
    pub data_center: String,
    /// Its rack.
    pub rack: String,
    /// Its tokens.
    pub tokens: Vec<i64>,
    /// Its version, as `release_version` has it.
    pub release: String,
    /// What `schema_version` says; nodes agree when it is the same.
    pub schema: [u8; 16],
}

impl Member {
    /// A Cassandra 5.0 in `datacenter1`, `rack1`, with one token that its address decides.
    pub fn new(address: SocketAddr) -> Self {
        let bytes = fingerprint(&address);
        let token = bytes.first_chunk().map_or(0, |bytes| i64::from_be_bytes(*bytes));
        Self {
            address,
            data_center: "datacenter1".to_owned(),
            rack: "rack1".to_owned(),
            tokens: vec![token],
            release: "5.0.9".to_owned(),
            schema: [0x5C; 16],
        }
    }

    /// The host id: the same for the same address.
    pub fn host_id(&self) -> [u8; 16] {
        let mut id = [0; 16];
        id.copy_from_slice(&fingerprint(&self.address));
        // The version and the variant of a random uuid.
        id[6] = id[6] & 0x0F | 0x40;
        id[8] = id[8] & 0x3F | 0x80;
        id
    }
}

/// What is known about the cluster when a statement about it comes.
#[derive(Debug)]
pub(super) struct Cluster<'a> {
    pub(super) local: &'a Member,
    pub(super) peers: &'a [Member],
    pub(super) newest: ProtocolVersion,
}

/// A column of a system table and its cell for one member.
type Cells = Vec<(&'static str, ColumnType, Option<Bytes>)>;

impl Cluster<'_> {
    /// The table that a SELECT from the system keyspace is about, with the columns that it names;
    /// `None` if it is about anything else, an error if the node has no such table or column.
    pub(super) fn select(&self, statement: &str) -> Option<Result<Table, Reply>> {
        let lower = statement.trim().trim_end_matches(';').to_ascii_lowercase();
        let (selection, from) = lower.strip_prefix("select ")?.split_once(" from ")?;
        let table = from.split_whitespace().next()?.strip_prefix("system.")?;
        let members: Vec<Cells> = match table {
            "local" => vec![self.local_cells()],
            "peers" => self.peers.iter().map(peer_cells).collect(),
            "peers_v2" if self.newest >= ProtocolVersion::V5 => {
                self.peers.iter().map(peer_v2_cells).collect()
            }
            _ => {
                let text = format!("table {table} does not exist");
                return Some(Err(Reply::error(error::INVALID, text)));
            }
        };
        // A table without rows still has columns.
        let described = match table {
            "local" => self.local_cells(),
            "peers" => peer_cells(self.local),
            _ => peer_v2_cells(self.local),
        };
        Some(project(table, selection, &described, members))
    }

    fn local_cells(&self) -> Cells {
        let member = self.local;
        let version = self.newest.number().to_string();
        let mut cells = vec![
            ("key", ColumnType::Text, text("local")),
            ("bootstrapped", ColumnType::Text, text("COMPLETED")),
            ("broadcast_address", ColumnType::Inet, inet(member.address.ip())),
            ("cluster_name", ColumnType::Text, text("scripted")),
            ("cql_version", ColumnType::Text, text("3.4.7")),
            ("listen_address", ColumnType::Inet, inet(member.address.ip())),
            ("native_protocol_version", ColumnType::Text, text(&version)),
            ("partitioner", ColumnType::Text, text("org.apache.cassandra.dht.Murmur3Partitioner")),
            ("rpc_address", ColumnType::Inet, inet(member.address.ip())),
            ("rpc_port", ColumnType::Int, port(member.address.port())),
        ];
        cells.extend(common_cells(member));
        cells
    }
}

/// The columns that every one of the tables has.
fn common_cells(member: &Member) -> Cells {
    vec![
        ("data_center", ColumnType::Text, text(&member.data_center)),
        ("host_id", ColumnType::Uuid, cell(member.host_id())),
        ("rack", ColumnType::Text, text(&member.rack)),
        ("release_version", ColumnType::Text, text(&member.release)),
        ("schema_version", ColumnType::Uuid, cell(member.schema)),
        ("tokens", ColumnType::Set(Box::new(ColumnType::Text)), Some(tokens(&member.tokens))),
    ]
}

fn peer_cells(member: &Member) -> Cells {
    let mut cells = vec![
        ("peer", ColumnType::Inet, inet(member.address.ip())),
        ("preferred_ip", ColumnType::Inet, None),
        ("rpc_address", ColumnType::Inet, inet(member.address.ip())),
    ];
    cells.extend(common_cells(member));
    cells
}

fn peer_v2_cells(member: &Member) -> Cells {
    let mut cells = vec![
        ("peer", ColumnType::Inet, inet(member.address.ip())),
        // The port between nodes.
        ("peer_port", ColumnType::Int, port(7000)),
        ("native_address", ColumnType::Inet, inet(member.address.ip())),
        ("native_port", ColumnType::Int, port(member.address.port())),
    ];
    cells.extend(common_cells(member));
    cells
}

/// The selected columns, in the order of the selection.
fn project(
    table: &str,
    selection: &str,
    described: &Cells,
    members: Vec<Cells>,
) -> Result<Table, Reply> {
    let wanted: Vec<usize> = if selection.trim() == "*" {
        (0..described.len()).collect()
    } else {
        let find = |name: &str| {
            let found = described.iter().position(|(column, ..)| *column == name.trim());
            found.ok_or_else(|| {
                let text = format!("Undefined column name {} in table system.{table}", name.trim());
                Reply::error(error::INVALID, text)
            })
        };
        selection.split(',').map(find).collect::<Result<_, _>>()?
    };
    let columns: Vec<ColumnSpec> = {
        let chosen = wanted.iter().filter_map(|index| described.get(*index));
        columns_of(
            "system",
            table,
            chosen.map(|(name, column_type, _)| (*name, column_type.clone())),
        )
    };
    let row = |cells: Cells| -> Row {
        wanted.iter().filter_map(|index| cells.get(*index)).map(|(.., cell)| cell.clone()).collect()
    };
    Ok(Table::fixed(columns, members.into_iter().map(row).collect()))
}

fn text(text: &str) -> Option<Bytes> {
    cell(text)
}

fn port(port: u16) -> Option<Bytes> {
    cell(i32::from(port).to_be_bytes())
}

fn inet(address: IpAddr) -> Option<Bytes> {
    match address {
        IpAddr::V4(address) => cell(address.octets()),
        IpAddr::V6(address) => cell(address.octets()),
    }
}

fn tokens(tokens: &[i64]) -> Bytes {
    let mut out = BytesMut::new();
    out.put_i32(i32::try_from(tokens.len()).expect("a node has under 2^31 tokens"));
    for token in tokens {
        write::bytes(&mut out, "token", Some(token.to_string().as_bytes()))
            .expect("a token has at most 20 digits");
    }
    out.freeze()
}
