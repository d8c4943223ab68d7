//! A large cluster's ring: what it takes to know the replicas of every token.
//!
//! A thousand hosts with 256 tokens each, in three data centers of three racks, and ten replications
//! that differ, from one replica to nine: on a change of the cluster all of it is done anew.

use std::iter;
use std::time::Duration;

use cqlwire_cluster::{Member, ReplicaTable, Replication, Ring};
use cqlwire_codec::Token;

use crate::measure::{HeapProbe, cpu_time};
use crate::{Result, ensure};

const HOSTS: usize = 1_000;
const TOKENS: usize = 256;
const DATA_CENTERS: [&str; 3] = ["dc1", "dc2", "dc3"];
const RACKS: [&str; 3] = ["r1", "r2", "r3"];

/// How often it is done; the median counts.
const ROUNDS: usize = 9;

/// The most processor time that it may take.
const MAX_CPU: Duration = Duration::from_millis(150);

/// The most memory that may be held when it is done.
const MAX_BYTES: u64 = 64 << 20;

/// The replications: of each the name of its strategy, and its options.
const REPLICATIONS: [(&str, &[(&str, &str)]); 10] = [
    ("SimpleStrategy", &[("replication_factor", "1")]),
    ("SimpleStrategy", &[("replication_factor", "3")]),
    ("NetworkTopologyStrategy", &[("dc1", "1")]),
    ("NetworkTopologyStrategy", &[("dc1", "3")]),
    ("NetworkTopologyStrategy", &[("dc1", "5")]),
    ("NetworkTopologyStrategy", &[("dc2", "3")]),
    ("NetworkTopologyStrategy", &[("dc1", "3"), ("dc2", "3")]),
    ("NetworkTopologyStrategy", &[("dc1", "2"), ("dc2", "2"), ("dc3", "2")]),
    ("NetworkTopologyStrategy", &[("dc1", "3"), ("dc2", "3"), ("dc3", "1")]),
    ("NetworkTopologyStrategy", &[("dc1", "3"), ("dc2", "3"), ("dc3", "3")]),
];

/// Numbers that look random and are the same each time: splitmix64.
pub fn numbers() -> impl Iterator<Item = i64> {
    let mut state = 0_u64;
    iter::repeat_with(move || {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (state ^ state >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ mixed >> 31).cast_signed()
    })
}

/// The tokens of so many hosts, one host after the other.
fn tokens(hosts: usize) -> Vec<Token> {
    numbers().map(Token).take(hosts * TOKENS).collect()
}

/// The ring of the hosts with these tokens.
fn ring(tokens: &[Token]) -> Ring {
    let racks = DATA_CENTERS.iter().flat_map(|dc| RACKS.iter().map(move |rack| (*dc, *rack)));
    let hosts = tokens.chunks(TOKENS).zip(racks.cycle());
    let members: Vec<_> =
        hosts.map(|(tokens, (data_center, rack))| Member { data_center, rack, tokens }).collect();
    Ring::new(&members, "org.apache.cassandra.dht.Murmur3Partitioner")
}

fn table(ring: &Ring, strategy: &str, options: &[(&str, &str)]) -> Result<ReplicaTable> {
    let options = options.iter().copied().chain([("class", strategy)]);
    let replication = Replication::parse(options);
    ring.replicas(&replication).ok_or_else(|| format!("{replication:?} has replicas").into())
}

/// A table of three replicas, of so many hosts.
///
/// # Errors
///
/// There is none.
pub fn three_replicas(hosts: usize) -> Result<ReplicaTable> {
    table(&ring(&tokens(hosts)), "SimpleStrategy", &[("replication_factor", "3")])
}

/// What it took.
struct Cost {
    ring: Duration,
    tables: Vec<Duration>,
    bytes: u64,
}

impl Cost {
    fn cpu(&self) -> Duration {
        self.ring + self.tables.iter().sum::<Duration>()
    }
}

/// Measures it, and prints what it took.
///
/// # Errors
///
/// It took more than it may.
pub fn measure(heap: HeapProbe) -> Result<()> {
    let tokens = tokens(HOSTS);
    let rounds: Result<Vec<Cost>> = (0..ROUNDS).map(|_| round(&tokens, heap)).collect();
    let mut rounds = rounds?;
    rounds.sort_by_key(Cost::cpu);
    let cost = rounds.get(ROUNDS / 2).ok_or("there are rounds")?;
    println!("{:>8.1} ms  the ring", milliseconds(cost.ring));
    for ((strategy, options), cpu) in REPLICATIONS.iter().zip(&cost.tables) {
        let factors: Vec<_> = options.iter().map(|(of, factor)| format!("{of}={factor}")).collect();
        println!("{:>8.1} ms  {strategy} {}", milliseconds(*cpu), factors.join(" "));
    }
    let (all, bytes) = (milliseconds(cost.cpu()), cost.bytes >> 10);
    println!("{all:>8.1} ms  of CPU, and {bytes} KiB held: {HOSTS} hosts, {TOKENS} tokens each");
    ensure(cost.cpu() <= MAX_CPU, "it takes no more than 150 ms of CPU")?;
    ensure(cost.bytes <= MAX_BYTES, "it holds no more than 64 MiB")
}

fn round(tokens: &[Token], heap: HeapProbe) -> Result<Cost> {
    let before = heap().live_bytes;
    let begin = cpu_time()?;
    let ring = ring(tokens);
    let mut last = cpu_time()?;
    let mut cost = Cost { ring: last.saturating_sub(begin), tables: Vec::new(), bytes: 0 };
    let mut tables = Vec::new();
    for (strategy, options) in REPLICATIONS {
        tables.push(table(&ring, strategy, options)?);
        let now = cpu_time()?;
        cost.tables.push(now.saturating_sub(last));
        last = now;
    }
    cost.bytes = heap().live_bytes.saturating_sub(before);
    Ok(cost)
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}
