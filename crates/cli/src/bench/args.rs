//! The flags of `bench`.

use std::path::PathBuf;
use std::time::Duration;

use super::spec;
use crate::connect;

/// What to send, how fast, and for how long.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = help())]
pub(crate) struct Args {
    /// The statements, with bind markers for their values
    #[arg(required_unless_present = "compare", value_name = "CQL")]
    pub(super) statements: Vec<String>,
    /// What the values of a bind marker are drawn from
    #[arg(long = "value", value_name = "NAME=VALUES", value_parser = named)]
    pub(super) values: Vec<(String, String)>,
    /// How often each statement is sent beside the others, such as 9,1 [default: as often]
    #[arg(long, value_name = "NUMBERS", value_delimiter = ',')]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub(super) weights: Vec<u32>,
    /// So many requests a second, however fast they are answered; how long one takes counts from when
    /// it was due
    #[arg(long, value_name = "REQUESTS", value_parser = rate)]
    pub(super) rate: Option<f64>,
    /// How many requests are under way at a time; with --rate, at most [default: 64, with --rate 4096]
    #[arg(long, value_name = "REQUESTS", value_parser = clap::value_parser!(u32).range(1..=65_536))]
    pub(super) concurrency: Option<u32>,
    /// How long requests are sent, after the warm-up [default: 30s, without --count]
    #[arg(long, value_name = "TIME", value_parser = connect::time)]
    duration: Option<Duration>,
    /// How many requests are sent at most, after the warm-up
    #[arg(long, value_name = "REQUESTS", value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) count: Option<u64>,
    /// How long requests are sent before they count
    #[arg(long, value_name = "TIME", value_parser = connect::time)]
    warmup: Option<Duration>,
    /// What chance begins with: two runs with the same send the same requests
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub(super) seed: u64,
    /// Write all that was measured to this file, for --compare
    #[arg(long, value_name = "FILE.json")]
    pub(super) report: Option<PathBuf>,
    /// Send nothing: show two reports side by side
    #[arg(long, num_args = 2, value_names = ["OLD.json", "NEW.json"], exclusive = true)]
    pub(super) compare: Option<Vec<PathBuf>>,
}

/// How long a run is for which nothing is said.
const DURATION: Duration = Duration::from_secs(30);

/// How many requests are under way at a time, unless something is said.
const CONCURRENCY: u32 = 64;

/// The same with a rate: so many that a host which stops for a moment does not slow the rate down.
const CONCURRENCY_OF_RATE: u32 = 4_096;

/// No client of one process sends more.
const FASTEST: f64 = 10_000_000.0;

/// One in a quarter of an hour. With far less, the time of the next request is none that a clock has.
const SLOWEST: f64 = 0.001;

impl Args {
    /// How long requests are sent that count; without an end where only their number ends it.
    pub(super) fn duration(&self) -> Option<Duration> {
        self.duration.or_else(|| self.count.is_none().then_some(DURATION))
    }

    pub(super) fn warmup(&self) -> Duration {
        self.warmup.unwrap_or_default()
    }

    pub(super) fn concurrency(&self) -> u32 {
        let usual = if self.rate.is_some() { CONCURRENCY_OF_RATE } else { CONCURRENCY };
        self.concurrency.unwrap_or(usual)
    }
}

fn help() -> String {
    format!(
        "\
{}

Without --rate the load is closed: each request waits for the answer of one before it, so that a \
server which stops is asked less. With it the load is open, as that of many users is: what waits for \
its turn while the server stops has waited, and counts as long.

The run ends with how many requests were answered a second, how long they took, and how many failed, \
by kind; failed ones are not among the times. Ctrl-C ends it early, with what was measured by then. \
That a request failed, or that none was sent, is exit code 1.

Examples:
  cqlwire bench 'INSERT INTO ks.t (k, v) VALUES (?, ?)' \\
      --value 'k=sequence(1..1000000)' --value 'v=uniform(0..100)' --count 1000000
  cqlwire bench 'SELECT v FROM ks.t WHERE k = ?' --value 'k=zipf(1..1000000)' --rate 5000 \\
      --duration 5m --warmup 30s -c LOCAL_ONE --report new.json
  cqlwire bench 'SELECT v FROM ks.t WHERE k = :k' 'UPDATE ks.t SET v = :v WHERE k = :k' \\
      --weights 9,1 --value 'k=uniform(1..1000000)' --value 'v=text(5..50)'
  cqlwire bench --compare old.json new.json",
        spec::HELP
    )
}

fn named(text: &str) -> Result<(String, String), String> {
    let (name, values) = text.split_once('=').ok_or("NAME=VALUES is expected")?;
    Ok((name.trim().to_owned(), values.to_owned()))
}

fn rate(text: &str) -> Result<f64, String> {
    let rate = text.parse().ok().filter(|rate: &f64| (SLOWEST..=FASTEST).contains(rate));
    rate.ok_or_else(|| format!("a number of requests a second, from {SLOWEST} to {FASTEST}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_one_by_which_each_request_has_its_time() {
        assert_eq!((rate("0.001"), rate("2000")), (Ok(0.001), Ok(2_000.0)));
        for wrong in ["0", "-1", "1e-300", "1e8", "inf", "NaN", "x"] {
            assert!(rate(wrong).unwrap_err().contains("from 0.001 to 10000000"), "{wrong}");
        }
    }
}
