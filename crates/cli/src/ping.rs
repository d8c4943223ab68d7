//! `ping`: each host of the cluster, whether it answers, and how fast.

use crate::connect::ConnectionArgs;
use crate::exit::Failure;

/// How to ask.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Args {
    /// How often each host is asked
    #[arg(short = 'n', long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=1000))]
    count: u32,
}

/// Asks each host.
pub(crate) async fn run(connection: &ConnectionArgs, args: &Args) -> Result<(), Failure> {
    let session = connection.connect().await?;
    for _ in 0..args.count {
        session.query("SELECT key FROM system.local", ()).await?;
    }
    Ok(())
}
