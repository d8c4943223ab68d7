//! `system.local`, `system.peers` and `system.peers_v2`.

use cqlwire_codec::{ColumnType, ProtocolVersion};

use super::super::rows::cell;
use super::cells::{inet, int, text, texts};
use super::{Cells, Cluster, Member, SystemTable};

impl Cluster<'_> {
    /// The table of this name in the keyspace `system`.
    pub(super) fn hosts_table(&self, name: &str) -> Option<SystemTable> {
        let peers = self.peers.iter();
        match name {
            "local" => {
                let row = || self.local_cells();
                Some(SystemTable::of("system", "local", row(), std::iter::once(row())))
            }
            "peers" => {
                let example = peer_cells(self.local);
                Some(SystemTable::of("system", "peers", example, peers.map(peer_cells)))
            }
            "peers_v2" if self.newest >= ProtocolVersion::V5 => {
                let example = peer_v2_cells(self.local);
                Some(SystemTable::of("system", "peers_v2", example, peers.map(peer_v2_cells)))
            }
            _ => None,
        }
    }

    fn local_cells(&self) -> Cells {
        let member = self.local;
        let version = self.newest.number().to_string();
        let mut cells = vec![
            ("key", ColumnType::Text, text("local")),
            ("bootstrapped", ColumnType::Text, text("COMPLETED")),
            ("broadcast_address", ColumnType::Inet, inet(member.address.ip())),
            ("cluster_name", ColumnType::Text, text(&member.cluster_name)),
            ("cql_version", ColumnType::Text, text("3.4.7")),
            ("listen_address", ColumnType::Inet, inet(member.address.ip())),
            ("native_protocol_version", ColumnType::Text, text(&version)),
            ("partitioner", ColumnType::Text, text(&member.partitioner)),
            ("rpc_address", ColumnType::Inet, inet(member.address.ip())),
            ("rpc_port", ColumnType::Int, int(member.address.port().into())),
        ];
        cells.extend(common_cells(member));
        cells
    }
}

/// The columns that every one of the tables has.
fn common_cells(member: &Member) -> Cells {
    let tokens = texts(member.tokens.iter());
    vec![
        ("data_center", ColumnType::Text, text(&member.data_center)),
        ("host_id", ColumnType::Uuid, cell(member.host_id)),
        ("rack", ColumnType::Text, text(&member.rack)),
        ("release_version", ColumnType::Text, text(&member.release)),
        ("schema_version", ColumnType::Uuid, cell(member.schema)),
        ("tokens", ColumnType::Set(Box::new(ColumnType::Text)), tokens),
    ]
}

fn peer_cells(member: &Member) -> Cells {
    let mut cells = vec![
        ("peer", ColumnType::Inet, inet(member.address.ip())),
        ("preferred_ip", ColumnType::Inet, None),
        ("rpc_address", ColumnType::Inet, inet(member.address.ip())),
    ];
    cells.extend(common_cells(member));
    as_far_as_known(member, cells)
}

fn peer_v2_cells(member: &Member) -> Cells {
    let mut cells = vec![
        ("peer", ColumnType::Inet, inet(member.address.ip())),
        // The port between nodes.
        ("peer_port", ColumnType::Int, int(7000)),
        ("native_address", ColumnType::Inet, inet(member.address.ip())),
        ("native_port", ColumnType::Int, int(member.address.port().into())),
    ];
    cells.extend(common_cells(member));
    as_far_as_known(member, cells)
}

fn as_far_as_known(member: &Member, mut cells: Cells) -> Cells {
    for (name, _, cell) in &mut cells {
        if member.unknown_to_peers.iter().any(|unknown| unknown == name) {
            *cell = None;
        }
    }
    cells
}
