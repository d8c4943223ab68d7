//! The log of the driver, on standard error: for whoever wonders what it does.

use std::io;
use std::sync::Once;

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt};

use super::notice;

/// How much of it is shown.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct LogArgs {
    /// Show what the driver warns of; -vv what it does, -vvv everything
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    verbose: u8,
}

impl LogArgs {
    /// From now on. Without the flag, nothing is told twice: what fails a request is in its error. But
    /// that a password goes out for everybody to read is in none.
    pub(crate) fn apply(&self) {
        let level = match self.verbose {
            0 => return warn_of_passwords(),
            1 => LevelFilter::WARN,
            2 => LevelFilter::INFO,
            _ => LevelFilter::DEBUG,
        };
        let log = fmt().with_max_level(level).with_ansi(false);
        log.with_writer(io::stderr).init();
    }
}

/// Where the driver decides about a password, and warns of one that it sends without TLS.
const OF_PASSWORDS: &str = "cqlwire_net::handshake::permission";

fn warn_of_passwords() {
    let only = Targets::new().with_target(OF_PASSWORDS, LevelFilter::WARN);
    let layer = fmt::layer().with_writer(|| Warning).with_filter(only);
    tracing_subscriber::registry().with(layer).init();
}

/// Says it in the words of the command, once: sessions that connect again do so for nobody new.
struct Warning;

impl io::Write for Warning {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        static SAID: Once = Once::new();
        SAID.call_once(|| {
            notice(
                "warning: the password is sent without TLS, for whoever is in between to read: \
                 --tls or --tls-ca encrypts it",
            );
        });
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
