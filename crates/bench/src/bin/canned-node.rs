//! The canned node by itself: prints where it listens, and serves until it is killed.
#![allow(clippy::print_stdout, reason = "whoever starts it reads the address")]

use std::net::SocketAddr;
use std::{io, thread};

use clap::Parser;
use cqlwire_bench::Result;
use cqlwire_bench::measure::pin_to;
use cqlwire_bench::node::CannedNode;

/// A CQL server that answers faster than any client asks.
#[derive(Debug, Parser)]
struct Arguments {
    /// Where to listen.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// How many nodes: the others listen on 127.0.0.2 and so on, on the same port.
    #[arg(long, default_value_t = 1)]
    nodes: u8,
    /// End when the input does, so that it does not outlive whoever started it.
    #[arg(long)]
    attached: bool,
    /// The core to stay on.
    #[arg(long)]
    core: Option<usize>,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    if let Some(core) = arguments.core {
        pin_to(core)?;
    }
    let node = CannedNode::bind(arguments.listen, arguments.nodes)?;
    if arguments.attached {
        thread::Builder::new().spawn(|| {
            // Whatever ends the input ends the node.
            io::copy(&mut io::stdin(), &mut io::sink()).unwrap_or_default();
            std::process::exit(0);
        })?;
    }
    println!("{}", node.address()?);
    node.serve()
}
