//! Up and down, as the command line says.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "it talks to a person")]

use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use cqlwire_testkit::cassandra::{self, Encryption, Error, Outcome, Up, Variant};

/// What the help ends with.
const AFTER: &str = "\
Jars, data and logs lie in target/cassandra.
  CQLWIRE_CASSANDRA_VERSION  another version than 5.0.9
  CQLWIRE_CASSANDRA          jars or container: what it is made of
  CQLWIRE_CASSANDRA_START    how many seconds a node may take to start, instead of 300
  CQLWIRE_CASSANDRA_HOME     another place than target/cassandra
  CQLWIRE_CONTACT_POINTS     a cluster that runs already: none is started";

/// A real Cassandra on this machine, for work and for tests.
#[derive(Debug, Parser)]
#[command(name = "cassandra", after_help = AFTER)]
struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Start a cluster, unless it is up, and wait until it answers
    Up(Wanted),
    /// Shut the cluster down; its data stays
    Down,
    /// Say what is up; exit 1 if nothing is, or if a node does not answer
    Status,
    /// Show the last lines of the logs
    Logs {
        /// How many of each node
        #[arg(long, default_value_t = 40)]
        lines: usize,
    },
    /// Run a command with a plain node that is up meanwhile, which tests then share
    Run {
        /// The command and its arguments
        #[arg(last = true, required = true)]
        command: Vec<String>,
    },
}

#[derive(Debug, Args)]
struct Wanted {
    /// How many nodes, on 127.0.0.1, 127.0.0.2 and so on
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=9))]
    nodes: u8,
    /// Ask clients for a password: cassandra, of cassandra
    #[arg(long)]
    password: bool,
    /// Take TLS only
    #[arg(long)]
    tls: bool,
    /// Take TLS only, with a certificate of the client
    #[arg(long)]
    client_certificates: bool,
    /// The port for clients, the same for every node [default: 9042]
    #[arg(long)]
    port: Option<u16>,
    /// A line of cassandra.yaml beside the usual ones, `key=value`; several times, if need be
    #[arg(long = "setting", value_name = "KEY=VALUE", value_parser = setting)]
    settings: Vec<(String, String)>,
    /// Start nothing if any server answers there already, whoever started it
    #[arg(long)]
    unless_answered: bool,
}

impl Wanted {
    const fn variant(&self) -> Variant {
        let encryption = match (self.client_certificates, self.tls) {
            (true, _) => Encryption::MutualTls,
            (false, true) => Encryption::Tls,
            (false, false) => Encryption::None,
        };
        Variant { nodes: self.nodes, password: self.password, encryption }
    }
}

/// A setting as it is written on a command line.
fn setting(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("expected key=value")?;
    match key.trim() {
        "" => Err("expected key=value".to_owned()),
        key => Ok((key.to_owned(), value.trim().to_owned())),
    }
}

pub(crate) fn main() -> ExitCode {
    match act(Arguments::parse().action) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("cassandra: {error}");
            ExitCode::FAILURE
        }
    }
}

fn act(action: Action) -> Result<ExitCode, Error> {
    match action {
        Action::Up(wanted) => up(&wanted),
        Action::Down => down(),
        Action::Status => status(),
        Action::Logs { lines } => logs(lines),
        Action::Run { command } => {
            let code = cassandra::run(&command)?.code();
            // Without a code it was killed by a signal.
            Ok(code.and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, Into::into))
        }
    }
}

fn up(wanted: &Wanted) -> Result<ExitCode, Error> {
    if wanted.unless_answered
        && let Some(address) = cassandra::answering(wanted.port)
    {
        println!("{address} answers already: nothing to start");
        return Ok(ExitCode::SUCCESS);
    }
    match cassandra::up(wanted.variant(), wanted.port, wanted.settings.clone())? {
        Outcome::Started(up) => println!("{}", describe(&up, "is up")),
        Outcome::Running(up) => println!("{}", describe(&up, "was up already")),
        Outcome::Given(_) => println!("CQLWIRE_CONTACT_POINTS is set: nothing to start"),
    }
    Ok(ExitCode::SUCCESS)
}

fn down() -> Result<ExitCode, Error> {
    match cassandra::down()? {
        Some(up) => println!("{} is down; its data stays in {}", up.name(), place(&up)),
        None => println!("nothing was up"),
    }
    Ok(ExitCode::SUCCESS)
}

fn status() -> Result<ExitCode, Error> {
    let Some(up) = cassandra::status()? else {
        println!("nothing is up");
        return Ok(ExitCode::FAILURE);
    };
    println!("{}", describe(&up, "is up"));
    let mut all = true;
    for (address, answer) in up.nodes() {
        all &= answer.is_ok();
        let text = answer.map_or_else(|why| format!("no answer: {why}"), |()| "answers".to_owned());
        println!("  {address} {text}");
    }
    Ok(if all { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn logs(lines: usize) -> Result<ExitCode, Error> {
    let Some(up) = cassandra::status()? else {
        println!("nothing is up");
        return Ok(ExitCode::FAILURE);
    };
    for (file, text) in up.logs(lines) {
        println!("==> {} <==\n{text}", file.display());
    }
    Ok(ExitCode::SUCCESS)
}

fn describe(up: &Up, is_up: &str) -> String {
    let addresses: Vec<String> = up.contact_points().iter().map(ToString::to_string).collect();
    let variant = up.variant();
    let mut text =
        format!("{} (Cassandra {}) {is_up} on {}", up.name(), up.version(), addresses.join(", "));
    if variant.password {
        text += "\n  user cassandra, password cassandra";
    }
    if variant.encryption != Encryption::None {
        text += &format!("\n  certificates in {}/tls", place(up));
    }
    text
}

fn place(up: &Up) -> String {
    up.directory().display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Action, clap::Error> {
        let words = std::iter::once("cassandra").chain(line.split_whitespace());
        Arguments::try_parse_from(words).map(|arguments| arguments.action)
    }

    fn wanted(line: &str) -> Wanted {
        match parse(line).unwrap() {
            Action::Up(wanted) => wanted,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn up_alone_is_one_plain_node() {
        assert_eq!(wanted("up").variant(), Variant::PLAIN);
        assert_eq!(wanted("up").port, None);
    }

    #[test]
    fn settings_are_keys_and_values() {
        let words = ["cassandra", "up", "--setting", "accord={enabled: true}"];
        let Action::Up(wanted) = Arguments::try_parse_from(words).unwrap().action else {
            panic!("it is up")
        };
        assert_eq!(wanted.settings, [("accord".to_owned(), "{enabled: true}".to_owned())]);
        parse("up --setting accord").unwrap_err();
    }

    #[test]
    fn every_variant_can_be_asked_for() {
        let three = wanted("up --nodes 3 --password --tls --port 9142");
        let encryption = Encryption::Tls;
        assert_eq!(three.variant(), Variant { nodes: 3, password: true, encryption });
        assert_eq!(three.port, Some(9142));
        let mutual = wanted("up --client-certificates").variant();
        assert_eq!(mutual.encryption, Encryption::MutualTls);
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for line in
            ["", "up --nodes 0", "up --nodes 10", "up --nodes x", "sideways", "run", "down x"]
        {
            parse(line).unwrap_err();
        }
    }

    #[test]
    fn a_command_keeps_its_own_options() {
        match parse("run -- cargo test --workspace").unwrap() {
            Action::Run { command } => assert_eq!(command, ["cargo", "test", "--workspace"]),
            other => panic!("{other:?}"),
        }
    }
}
