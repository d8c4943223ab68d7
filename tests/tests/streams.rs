//! What a thousand streams of a session hold, by the counting allocator: the budget and a page
//! each, of any size.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "these are tests")]

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::Duration;

use cqlwire::codec::ColumnType;
use cqlwire::{Page, Pages, ProtocolVersion, Session};
use cqlwire_testkit::eventually;
use cqlwire_testkit::node::{Prime, Row, ScriptedNode, cell, columns};
use cqlwire_testkit::probe::{heap, run_in_turn};
use futures_util::future::join_all;
use tokio::io::AsyncReadExt;

#[global_allocator]
static HEAP: heap::Counting = &heap::COUNTING;

const SELECT: &str = "SELECT id, photo FROM users";
const VERSIONS: [ProtocolVersion; 2] = [ProtocolVersion::V4, ProtocolVersion::V5];
const STREAMS: usize = 1_000;
/// The bytes of a row as it comes: two lengths, a bigint, and a blob.
const ROW: usize = 4 + 8 + 4 + 84;
/// How long a busy machine may take for the pages of all streams.
const PATIENCE: Duration = Duration::from_secs(300);
/// What a stream takes beside its page, in bytes: itself, its request, what the page tells.
const STREAM: usize = 3 << 10;
/// What the session may take beside, and keep, in bytes: the buffers of its connection, of which the
/// one for pages in several segments alone has grown to 1 MiB by the end.
const NOISE: usize = 2 << 20;
const BUDGET: usize = 1 << 20;

/// With this as its first argument the binary is not the test but the node.
const NODE: &str = "--be-the-node";

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip_while(|argument| argument != NODE).skip(1);
    match (arguments.next(), arguments.next()) {
        (Some(version), Some(rows)) => be_the_node(&version, rows.parse().unwrap()),
        _ => run_in_turn(&[(
            "g2_1_a_thousand_streams_of_a_session_hold_the_budget_and_a_page_each",
            g2_1_a_thousand_streams_of_a_session_hold_the_budget_and_a_page_each,
        )]),
    }
}

/// Says where it listens, and ends with its input: so it ends with the test, however that ends.
#[tokio::main(flavor = "current_thread")]
async fn be_the_node(version: &str, rows: usize) -> ExitCode {
    let version = VERSIONS.into_iter().find(|known| known.to_string() == version).unwrap();
    let node = ScriptedNode::builder().versions([version]).start_tcp().await.unwrap();
    let shape = columns([("id", ColumnType::BigInt), ("photo", ColumnType::Blob)]);
    let row = |id: usize| -> Row { vec![cell(id.to_be_bytes()), cell([7; 84])] };
    node.prime(Prime::statement(SELECT).rows(shape, (0..rows).map(row).collect()));
    println!("{}", node.address());
    tokio::io::stdin().read_to_end(&mut Vec::new()).await.unwrap();
    ExitCode::SUCCESS
}

/// The node in a process of its own: nothing that it holds is counted with the session's.
struct Node {
    process: Child,
    address: String,
}

impl Node {
    fn start(version: ProtocolVersion, rows: usize) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args([NODE, &version.to_string(), &rows.to_string()]);
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut address = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut address).unwrap();
        assert!(!address.is_empty(), "the node has ended: {:?}", process.wait());
        Self { process, address: address.trim_end().to_owned() }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        assert!(self.process.wait().unwrap().success() || std::thread::panicking());
    }
}

async fn connected(version: ProtocolVersion, rows: usize) -> (Node, Session) {
    let node = Node::start(version, rows);
    let builder = Session::builder().contact_points([node.address.clone()]);
    let session = builder.connections_per_host(1).page_budget_bytes(BUDGET).connect().await;
    (node, session.unwrap())
}

fn live() -> usize {
    usize::try_from(heap::now().live_bytes).unwrap()
}

/// Each reads a page, and holds it while the others read theirs: one after the other, or all at
/// once, so that many pages come together.
async fn read(streams: &mut [(Pages, Option<Page>)], together: bool) {
    let each = streams.iter_mut().map(|(pages, held)| async move {
        *held = None;
        *held = pages.try_next().await.unwrap();
        assert!(held.is_some());
    });
    if together {
        join_all(each).await;
    } else {
        for one in each {
            one.await;
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn g2_1_a_thousand_streams_of_a_session_hold_the_budget_and_a_page_each() {
    for version in VERSIONS {
        for rows_a_page in [3, 50, 160, 1_500] {
            let (_node, session) = connected(version, 2 * rows_a_page).await;
            let select = session.prepare(SELECT).await.unwrap();
            let open = || {
                let size = u32::try_from(rows_a_page).unwrap();
                session.execute(&select, ()).page_size(size).timeout(PATIENCE).pages()
            };
            let before = live();
            let mut streams: Vec<_> = (0..STREAMS).map(|_| (open(), None)).collect();
            for together in [true, false] {
                read(&mut streams, together).await;
                let (taken, page) = (live().saturating_sub(before), rows_a_page * ROW);
                let most = BUDGET + STREAMS * (page + STREAM) + NOISE;
                assert!(taken <= most, "{version}, pages of {page}: {taken} of {most} bytes");
                assert!(taken >= STREAMS * page, "the pages were not even there");
            }
            drop(streams);
            let at_rest = || session.resources().is_idle();
            eventually(PATIENCE, "all is given back", at_rest).await;
            let left = live().saturating_sub(before);
            assert!(left <= NOISE, "{version}, {rows_a_page} rows a page: {left} bytes are left");
        }
    }
}
