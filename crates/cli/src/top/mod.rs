//! `top`: what each host of the cluster does, live on a screen, or as lines.
//!
//! ```text
//!   ask ---> sample ---> board ---> rows ---> columns ---> screen, or lines
//!   a host    numbers    of all     one       texts
//! ```
//!
//! From the sample on nothing waits for anything, and time is an argument. `rounds.rs` asks all hosts,
//! `live.rs` and `plain.rs` are the two ways to show what comes.

mod args;
mod ask;
mod board;
mod columns;
mod live;
mod plain;
mod rates;
mod rounds;
mod row;
mod sample;
mod screen;

use std::io::{self, IsTerminal};
use std::time::Duration;

pub(crate) use self::args::Args;
use self::rounds::Rounds;
use crate::connect::{self, ConnectionArgs, Settings};
use crate::exit::Failure;
use crate::interrupts::Interrupts;

/// How long the session may take to end.
const PATIENCE: Duration = Duration::from_secs(5);

/// Asks until it is enough.
pub(crate) async fn run(connection: &ConnectionArgs, args: &Args) -> Result<(), Failure> {
    // It may ask for a password, which SIGTERM is to end.
    let settings = Settings::of(connection)?;
    let mut interrupts = Interrupts::new()?;
    let connecting = connect::connect(connect::every_host(settings.builder()?));
    let session = tokio::select! {
        session = connecting => session?,
        exit = interrupts.next() => return Err(Failure::new(exit?, "interrupted")),
    };
    let rounds = Rounds::new(&session, args.interval, args.patience());
    let has_terminal = io::stdin().is_terminal() && io::stdout().is_terminal();
    let shown = match args.plain(has_terminal) {
        Some(plain) => plain::run(rounds, &mut interrupts, plain, args.sort).await,
        None => live::run(rounds, &mut interrupts, args).await,
    };
    session.close(PATIENCE).await;
    shown
}
