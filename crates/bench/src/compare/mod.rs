//! The comparison: which cases there are, and rounds in turn.

mod arguments;
mod case;
mod child;
mod rounds;
mod server;

pub use self::arguments::CompareArguments;
pub use self::case::{Case, Group};
pub(crate) use self::child::Owned;
pub use self::rounds::{Measured, ServerLoad};
pub use self::server::Server;
use crate::{Result, report};

/// Compares, and reports.
///
/// # Errors
///
/// Whatever fails: a client that does not connect, an answer that is not what was asked for.
pub fn run(arguments: &CompareArguments) -> Result<()> {
    let server = match arguments.server {
        Some(address) => Server::running(address, &arguments.server_name)?,
        None => Server::canned(arguments.nodes)?,
    };
    let groups = case::groups(arguments);
    let mut measured = Vec::new();
    for (number, group) in groups.iter().enumerate() {
        println!("[{}/{}] {group}", number + 1, groups.len());
        measured.extend(rounds::run(group, &server, arguments.rounds, arguments.measured())?);
    }
    report::write(&measured, &server.name, arguments)
}
