//! `test-matrix`: the tests with real servers, on every version and protocol, one after the other, and a
//! table of what came of them.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "it talks to a person")]

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use clap::{Parser, ValueEnum};

/// The servers, each with the versions of the protocol that are tried.
const SERVERS: [(&str, &[&str]); 4] = [
    ("5.0.9", &["v5", "v4", "v3"]),
    ("4.1.10", &["v5", "v4"]),
    ("4.0.19", &["v5", "v4"]),
    ("6.0-alpha2", &["v5"]),
];

/// Tests that start several servers, by their modules or names.
const OF_SEVERAL: [&str; 7] = [
    "forgetful::",
    "members::",
    "quiet::",
    "replicas::",
    "three_nodes::",
    "scans::a_node_that_is_killed",
    "timestamps::g14_5_a_first_attempt",
];

/// Tests that start a server which asks who is there.
const OF_SECURITY: [&str; 2] = ["security::", "outside::"];

/// What a test prints that can tell nothing of its server.
const LEFT_OUT: &str = "left out: ";

/// Which tests.
#[derive(Copy, Clone, Debug, PartialEq, Eq, ValueEnum)]
enum Suite {
    /// One server that asks for nothing.
    Plain,
    /// One server that asks for TLS, for passwords, or for both.
    Security,
    /// Several servers, which come and go.
    Several,
}

/// Runs the tests with real servers, leg by leg; fails if any leg does.
#[derive(Debug, Parser)]
#[command(name = "test-matrix")]
struct Arguments {
    /// Only this version of the server; several times, if need be
    #[arg(long)]
    server: Vec<String>,
    /// Only this version of the protocol; several times, if need be
    #[arg(long)]
    protocol: Vec<String>,
    /// Only these tests; several times, if need be
    #[arg(long)]
    suite: Vec<Suite>,
    /// Where the output of each leg goes
    #[arg(long, default_value = "target/test-matrix")]
    out: PathBuf,
}

/// One way through the tests.
#[derive(Debug)]
struct Leg {
    server: String,
    protocol: &'static str,
    suite: Suite,
}

/// What became of it.
#[derive(Debug, Default, PartialEq, Eq)]
struct Outcome {
    passed: u32,
    failed: Vec<String>,
    left_out: Vec<String>,
    /// It came to its end, and that was a good one.
    is_good: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("test-matrix: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> io::Result<bool> {
    fs::create_dir_all(&arguments.out)?;
    let mut outcomes = Vec::new();
    for leg in legs(arguments) {
        println!("test-matrix: {leg}");
        let outcome = leg.run(&arguments.out)?;
        outcomes.push((leg, outcome));
        // What was found is kept, whatever comes next.
        fs::write(arguments.out.join("table.txt"), table(&outcomes))?;
    }
    print!("{}", table(&outcomes));
    Ok(!outcomes.is_empty() && outcomes.iter().all(|(_, outcome)| outcome.is_good))
}

/// All that are wanted.
fn legs(arguments: &Arguments) -> Vec<Leg> {
    let wanted = |wanted: &[String], what: &str| {
        wanted.is_empty() || wanted.iter().any(|one| what.starts_with(one.as_str()))
    };
    let mut legs = Vec::new();
    for (server, protocols) in SERVERS {
        for protocol in protocols {
            for suite in [Suite::Plain, Suite::Security, Suite::Several] {
                let is_wanted = wanted(&arguments.server, server)
                    && wanted(&arguments.protocol, protocol)
                    && (arguments.suite.is_empty() || arguments.suite.contains(&suite));
                if is_wanted {
                    legs.push(Leg { server: server.to_owned(), protocol, suite });
                }
            }
        }
    }
    legs
}

impl Leg {
    /// Under one shared server, as `make test` has it.
    fn run(&self, out: &Path) -> io::Result<Outcome> {
        let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        let tests = "run --locked -p cqlwire-testkit --bin cassandra -- run -- \
                     cargo test --locked --all-features -p cqlwire-tests --test real -- --show-output";
        command.args(tests.split_whitespace()).args(self.suite.filters());
        command.env("CQLWIRE_CASSANDRA_VERSION", &self.server);
        command.env("CQLWIRE_NEWEST_PROTOCOL", self.protocol);
        let output = command.output()?;
        let text = String::from_utf8_lossy(&output.stdout);
        let errors = String::from_utf8_lossy(&output.stderr);
        fs::write(out.join(format!("{self}.log").replace(' ', "-")), format!("{text}\n{errors}"))?;
        Ok(Outcome::read(&text, output.status.success()))
    }
}

impl std::fmt::Display for Leg {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} {}", self.server, self.protocol, self.suite.name())
    }
}

impl Suite {
    const fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Security => "security",
            Self::Several => "several",
        }
    }

    /// As the harness takes them.
    fn filters(self) -> Vec<&'static str> {
        match self {
            Self::Security => OF_SECURITY.to_vec(),
            Self::Several => OF_SEVERAL.to_vec(),
            Self::Plain => {
                let others = OF_SECURITY.into_iter().chain(OF_SEVERAL);
                others.flat_map(|other| ["--skip", other]).collect()
            }
        }
    }
}

impl Outcome {
    /// What the harness has printed.
    fn read(text: &str, is_good: bool) -> Self {
        let mut outcome = Self { is_good, ..Self::default() };
        let mut of = "";
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("test ") {
                match rest.split_once(" ... ") {
                    Some((_, "ok")) => outcome.passed += 1,
                    Some((name, "FAILED")) => outcome.failed.push(name.to_owned()),
                    _ => {}
                }
            } else if let Some((name, _)) =
                line.strip_prefix("---- ").and_then(|line| line.split_once(" stdout ----"))
            {
                of = name;
            } else if let Some(why) = line.strip_prefix(LEFT_OUT) {
                outcome.left_out.push(format!("{of}: {why}"));
            }
        }
        outcome
    }
}

/// A line a leg; below, what failed and what was left out.
fn table(outcomes: &[(Leg, Outcome)]) -> String {
    let mut out = format!(
        "{:<12}{:<10}{:<10}{:>8}{:>8}{:>10}\n",
        "server", "protocol", "tests", "passed", "failed", "left out"
    );
    for (leg, outcome) in outcomes {
        let (passed, failed) = (outcome.passed, outcome.failed.len());
        let left_out = outcome.left_out.len();
        let bad = if outcome.is_good { "" } else { "  FAILED" };
        let Leg { server, protocol, suite } = leg;
        let suite = suite.name();
        out += &format!(
            "{server:<12}{protocol:<10}{suite:<10}{passed:>8}{failed:>8}{left_out:>10}{bad}\n"
        );
    }
    for (leg, outcome) in outcomes {
        let failed = outcome.failed.iter().map(|name| format!("{leg}: failed: {name}\n"));
        let left_out = outcome.left_out.iter().map(|why| format!("{leg}: left out: {why}\n"));
        out.extend(failed.chain(left_out));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = "running 3 tests\ntest values::one ... ok\ntest values::two ... FAILED\n\
                          test seen::three ... ok\n\nsuccesses:\n\n---- seen::three stdout ----\n\
                          left out: 4.0 shows less\n\ntest result: FAILED. 2 passed; 1 failed\n";

    #[test]
    fn what_the_harness_prints_is_understood() {
        let outcome = Outcome::read(OUTPUT, false);
        assert_eq!((outcome.passed, &outcome.failed[..]), (2, &["values::two".to_owned()][..]));
        assert_eq!(outcome.left_out, ["seen::three: 4.0 shows less"]);
        let leg = Leg { server: "4.0.19".to_owned(), protocol: "v4", suite: Suite::Plain };
        let table = table(&[(leg, outcome)]);
        assert!(
            table.contains("4.0.19      v4        plain            2       1         1  FAILED"),
            "{table}"
        );
        assert!(table.contains("4.0.19 v4 plain: failed: values::two\n"), "{table}");
    }

    #[test]
    fn each_test_is_in_one_suite() {
        let plain = Suite::Plain.filters();
        for name in Suite::Security.filters().into_iter().chain(Suite::Several.filters()) {
            assert!(plain.contains(&name), "{name}");
        }
        assert_eq!(plain.len(), 2 * (OF_SECURITY.len() + OF_SEVERAL.len()));
    }
}
