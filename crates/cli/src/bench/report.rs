//! What was measured, as a file keeps it and as people read it.

use std::collections::BTreeMap;
use std::fmt::{self, Display};
use std::path::Path;
use std::time::Duration;

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

use super::running::Outcome;
use super::tally::Answered;
use crate::exit::Failure;

/// See the [module](self).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Report {
    pub(super) load: Load,
    /// When it was written.
    pub(super) time: String,
    pub(super) seconds: f64,
    pub(super) answered: u64,
    pub(super) answered_per_second: f64,
    pub(super) failed: u64,
    /// That were due by the rate, and were not sent before the end.
    pub(super) not_sent: u64,
    pub(super) latency_ms: Latency,
    pub(super) statements: Vec<OfStatement>,
    pub(super) errors: BTreeMap<String, OfKind>,
    /// How many were answered in each second, to the end.
    pub(super) by_second: Vec<u64>,
}

/// What was sent, and how.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Load {
    pub(super) statements: Vec<String>,
    pub(super) weights: Vec<u32>,
    pub(super) values: BTreeMap<String, String>,
    pub(super) rate: Option<f64>,
    pub(super) concurrency: u32,
    pub(super) consistency: String,
    pub(super) seed: u64,
}

/// The requests of one statement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct OfStatement {
    pub(super) cql: String,
    pub(super) answered: u64,
    pub(super) failed: u64,
    pub(super) latency_ms: Latency,
}

/// The errors of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct OfKind {
    pub(super) count: u64,
    pub(super) example: String,
}

/// How long requests took that were answered, in milliseconds.
#[derive(Copy, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Latency {
    pub(super) mean: f64,
    pub(super) p50: f64,
    pub(super) p90: f64,
    pub(super) p95: f64,
    pub(super) p99: f64,
    pub(super) p999: f64,
    pub(super) max: f64,
}

impl Latency {
    fn of(times: &Histogram<u64>) -> Self {
        let at = |quantile: f64| millis(times.value_at_quantile(quantile));
        let (mean, max) = (times.mean() / 1_000.0, millis(times.max()));
        let [p50, p90, p95, p99, p999] = [0.5, 0.9, 0.95, 0.99, 0.999].map(at);
        Self { mean, p50, p90, p95, p99, p999, max }
    }

    /// Each figure with its name.
    pub(super) const fn figures(&self) -> [(&'static str, f64); 7] {
        let Self { mean, p50, p90, p95, p99, p999, max } = *self;
        [
            ("mean", mean),
            ("p50", p50),
            ("p90", p90),
            ("p95", p95),
            ("p99", p99),
            ("p99.9", p999),
            ("max", max),
        ]
    }
}

impl Report {
    pub(super) fn of(load: Load, time: String, outcome: &Outcome) -> Self {
        let tally = &outcome.tally;
        let seconds = outcome.elapsed.as_secs_f64();
        let answered: u64 = tally.statements.iter().map(|of| of.times.len()).sum();
        let statement = |(cql, of): (&String, &Answered)| OfStatement {
            cql: cql.clone(),
            answered: of.times.len(),
            failed: of.failed,
            latency_ms: Latency::of(&of.times),
        };
        let kinds = tally.failures.iter().map(|(kind, failed)| {
            (kind.clone(), OfKind { count: failed.count, example: failed.example.clone() })
        });
        Self {
            time,
            seconds,
            answered,
            answered_per_second: float(answered) / seconds.max(f64::MIN_POSITIVE),
            failed: tally.statements.iter().map(|of| of.failed).sum(),
            not_sent: outcome.not_sent,
            latency_ms: tally.times().as_ref().map(Latency::of).unwrap_or_default(),
            statements: load.statements.iter().zip(&tally.statements).map(statement).collect(),
            errors: kinds.collect(),
            by_second: by_second(&tally.seconds, outcome.elapsed),
            load,
        }
    }

    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let wrong = |why: &dyn Display| Failure::usage(format_args!("{}: {why}", path.display()));
        let text = std::fs::read_to_string(path).map_err(|error| wrong(&error))?;
        let no_report = |error| wrong(&format_args!("it is no report of a bench: {error}"));
        serde_json::from_str(&text).map_err(no_report)
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seconds, answered, answered_per_second, failed, .. } = self;
        writeln!(f, "answered   {answered} in {seconds:.1} s, {answered_per_second:.1}/s")?;
        writeln!(f, "failed     {failed}")?;
        if self.not_sent > 0 {
            writeln!(f, "not sent   {} that were due by the rate", self.not_sent)?;
        }
        writeln!(f, "latency    {}", self.latency_ms)?;
        if self.statements.len() > 1 {
            for OfStatement { cql, answered, failed, latency_ms } in &self.statements {
                let cql = crate::output::visible(cql);
                writeln!(f, "statement  {cql}\n           {answered} answered, {failed} failed")?;
                writeln!(f, "           {latency_ms}")?;
            }
        }
        if let Some((lowest, highest)) = extremes(&self.by_second, self.seconds) {
            writeln!(f, "by second  from {lowest} to {highest} answered")?;
        }
        for (kind, OfKind { count, example }) in &self.errors {
            writeln!(f, "error      {count} {kind}, such as: {}", crate::output::visible(example))?;
        }
        Ok(())
    }
}

impl Display for Latency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (name, millis)) in self.figures().into_iter().enumerate() {
            write!(f, "{}{name} {millis:.2} ms", if at > 0 { "  " } else { "" })?;
        }
        Ok(())
    }
}

/// Those in which nothing was answered are among them, also at the end.
fn by_second(answered: &[u64], elapsed: Duration) -> Vec<u64> {
    let whole = usize::try_from(elapsed.as_secs()).unwrap_or(usize::MAX);
    let mut all = answered.to_vec();
    all.resize(all.len().max(whole), 0);
    all
}

/// Of the seconds that are whole.
fn extremes(by_second: &[u64], seconds: f64) -> Option<(u64, u64)> {
    let whole = || {
        let ends = by_second.iter().zip(1_u32..);
        ends.filter(|(_, end)| f64::from(*end) <= seconds).map(|(answered, _)| *answered)
    };
    Some((whole().min()?, whole().max()?))
}

fn millis(micros: u64) -> f64 {
    float(micros) / 1_000.0
}

#[allow(clippy::cast_precision_loss, reason = "it is shown in a few digits")]
pub(super) const fn float(number: u64) -> f64 {
    number as f64
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::tally::Tallies;
    use super::*;

    pub(in super::super) fn loaded() -> Load {
        Load {
            statements: vec!["SELECT".to_owned(), "UPDATE".to_owned()],
            weights: vec![1, 1],
            values: BTreeMap::from([("k".to_owned(), "uuid".to_owned())]),
            rate: None,
            concurrency: 64,
            consistency: "LOCAL_ONE".to_owned(),
            seed: 1,
        }
    }

    /// Four answers of that time within three of four seconds, and a failure.
    pub(in super::super) fn outcome(millis: u64) -> Outcome {
        let tallies = Tallies::of(2).unwrap();
        for after in [100, 1_100, 1_200, 2_100] {
            let [took, after] = [millis, after].map(Duration::from_millis);
            tallies.answered(0, 0, took, after);
        }
        tallies.failed(0, 1, &cqlwire::ErrorKind::SessionClosed.into());
        let elapsed = Duration::from_secs(4);
        Outcome { tally: tallies.sum(), elapsed, not_sent: 3, interrupted: None }
    }

    pub(in super::super) fn report(millis: u64) -> Report {
        Report::of(loaded(), "2026-01-01T00:00:00Z".to_owned(), &outcome(millis))
    }

    #[test]
    fn people_read_what_was_measured() {
        let expected = "\
answered   4 in 4.0 s, 1.0/s
failed     1
not sent   3 that were due by the rate
latency    mean 2.00 ms  p50 2.00 ms  p90 2.00 ms  p95 2.00 ms  p99 2.00 ms  p99.9 2.00 ms  max 2.00 ms
statement  SELECT
           4 answered, 0 failed
           mean 2.00 ms  p50 2.00 ms  p90 2.00 ms  p95 2.00 ms  p99 2.00 ms  p99.9 2.00 ms  max 2.00 ms
statement  UPDATE
           0 answered, 1 failed
           mean 0.00 ms  p50 0.00 ms  p90 0.00 ms  p95 0.00 ms  p99 0.00 ms  p99.9 0.00 ms  max 0.00 ms
by second  from 0 to 2 answered
";
        let told = report(2).to_string();
        let (before, error) = told.split_once("error").unwrap();
        assert_eq!(before, expected);
        assert!(error.trim_start().starts_with("1 other, such as: "), "{error}");
    }

    #[test]
    fn a_file_keeps_it_and_another_file_is_told() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let report = report(2);
        std::fs::write(file.path(), serde_json::to_string(&report).unwrap()).unwrap();
        assert_eq!(Report::read(file.path()), Ok(report));
        std::fs::write(file.path(), "{}").unwrap();
        let told = Report::read(file.path()).unwrap_err().to_string();
        assert!(told.contains("it is no report of a bench"), "{told}");
    }
}
