//! The log of the driver, on standard error: for whoever wonders what it does.

use tracing_subscriber::filter::LevelFilter;

/// How much of it is shown.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct LogArgs {
    /// Show what the driver warns of; -vv what it does, -vvv everything
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    verbose: u8,
}

impl LogArgs {
    /// From now on. Without the flag, nothing is told twice: what fails a request is in its error.
    pub(crate) fn apply(&self) {
        let level = match self.verbose {
            0 => return,
            1 => LevelFilter::WARN,
            2 => LevelFilter::INFO,
            _ => LevelFilter::DEBUG,
        };
        let log = tracing_subscriber::fmt().with_max_level(level).with_ansi(false);
        log.with_writer(std::io::stderr).init();
    }
}
