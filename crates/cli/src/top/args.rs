//! The flags of `top`.

use std::time::Duration;

use super::row::Order;
use crate::connect;

/// How often hosts may be asked: what they do for that is to be nothing beside their work.
const SHORTEST: Duration = Duration::from_millis(200);

/// How to look.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Each host is asked by itself, for its virtual tables (from Cassandra 4.0 on):
  clients   open connections; not those of this command, where servers tell (4.1)
  req/s     requests of these connections, since the host was last asked
  share     of the requests of all hosts that answer
  reads/s   reads that the host coordinated, but of its own tables in `system`
  writes/s  writes that it coordinated
  p50, p99  of the slowest table (p99) of those that were asked, over the last minutes
  pending   tasks that wait in the thread pools of the server
  blocked   tasks that found their pool full
  errors    questions of this command that the host did not answer
  answer    how long a light question took from here
  note      since when it does not answer and why, or what it does not show
Without a terminal, or with --once, --count or --output, tables or lines are written instead. A host \
that is silent is then no failure, but that none answers is (exit code 3).

Keys: q ends; h, c, r, l, w, p, a sort by host, clients, requests, reads, writes, pending, answer; \
arrows and Page Up, Page Down scroll.

Examples:
  cqlwire top
  cqlwire top --sort requests --interval 5s
  cqlwire top --count 60 --interval 1s -o json >> load.jsonl")]
pub(crate) struct Args {
    /// How often each host is asked; one that is silent is waited for three quarters of that
    #[arg(short, long, value_name = "TIME", default_value = "2s", value_parser = interval)]
    pub(super) interval: Duration,
    /// What hosts are sorted by, the highest first
    #[arg(short, long, value_enum, default_value_t)]
    pub(super) sort: Order,
    /// Write once what happens in one interval
    #[arg(long, conflicts_with = "count")]
    once: bool,
    /// Write so many times, an interval each
    #[arg(short = 'n', long, value_name = "TIMES", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,
    /// How it is written: a table, or an object a line for each host
    #[arg(short, long, value_enum)]
    output: Option<Lines>,
}

/// How rows are written where there is no screen.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Lines {
    /// A table each time
    #[default]
    Table,
    /// An object a line for each host
    Json,
}

/// Lines instead of a screen.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) struct Plain {
    pub(super) lines: Lines,
    /// How many times; none without an end.
    pub(super) times: Option<u64>,
}

impl Args {
    /// How long a host may take to answer: the next question comes after it.
    pub(super) fn patience(&self) -> Duration {
        self.interval * 3 / 4
    }

    /// Are lines to be written, or is there a screen for whoever looks?
    pub(super) fn plain(&self, has_terminal: bool) -> Option<Plain> {
        let times = self.count.or_else(|| self.once.then_some(1));
        let is_plain = times.is_some() || self.output.is_some() || !has_terminal;
        is_plain.then(|| Plain { lines: self.output.unwrap_or_default(), times })
    }
}

fn interval(text: &str) -> Result<Duration, String> {
    match connect::time(text)? {
        time if time < SHORTEST => Err("at least 200ms".to_owned()),
        time => Ok(time),
    }
}

#[cfg(test)]
mod tests {
    use clap::{Args as _, FromArgMatches};

    use super::*;

    fn read(args: &[&str]) -> Result<Args, String> {
        let command = Args::augment_args(clap::Command::new("top"));
        let args = ["top"].iter().chain(args);
        let matches = command.try_get_matches_from(args).map_err(|error| error.to_string())?;
        Args::from_arg_matches(&matches).map_err(|error| error.to_string())
    }

    #[test]
    fn there_is_a_screen_only_for_who_looks_at_it() {
        let plain = |args: &[&str], has_terminal| read(args).unwrap().plain(has_terminal);
        let of = |lines, times| Some(Plain { lines, times });
        assert_eq!(plain(&[], true), None);
        assert_eq!(plain(&["--sort", "reads"], true), None);
        assert_eq!(plain(&[], false), of(Lines::Table, None));
        assert_eq!(plain(&["--once"], true), of(Lines::Table, Some(1)));
        assert_eq!(plain(&["-n", "3", "-o", "json"], true), of(Lines::Json, Some(3)));
        assert_eq!(plain(&["-o", "table"], true), of(Lines::Table, None));
        assert!(read(&["--once", "-n", "2"]).is_err());
    }

    #[test]
    fn a_host_is_waited_for_less_than_the_interval() {
        assert_eq!(read(&["-i", "4s"]).unwrap().patience(), Duration::from_secs(3));
        let short = read(&["-i", "100ms"]).unwrap_err();
        assert!(short.contains("at least 200ms"), "{short}");
    }
}
