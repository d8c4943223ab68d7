//! What happened to one request, step by step.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use cqlwire_cluster::Host;
use cqlwire_codec::Token;
use cqlwire_net::{RequestKind, ServerAddress};
use uuid::Uuid;

use crate::error::{AttemptFailure, Error, ErrorKind};
use crate::metrics::Outcome;

/// What happened to one request: each attempt and each wait, and how it ended. As text it is a table
/// for people, with a line a step.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RequestReport {
    /// As what it is counted.
    pub kind: RequestKind,
    /// The statement, with `?` for its literals; `BATCH` of a batch.
    pub statement: Arc<str>,
    /// The keyspace of its unqualified names, if there is one.
    pub keyspace: Option<Arc<str>>,
    /// How long it took, with all that it waited for.
    pub took: Duration,
    /// What happened, in order.
    pub steps: Vec<Step>,
    /// How it ended.
    pub ending: RequestEnding,
}

/// Something that happened to a request.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Step {
    /// How long after the request began.
    pub at: Duration,
    /// What.
    pub kind: StepKind,
}

/// What happened to a request.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum StepKind {
    /// Its turn in the session had come, for which it had to wait
    /// ([`max_requests`](crate::SessionBuilder::max_requests)).
    Turn,
    /// Its text was prepared, for which it had to wait.
    Prepared,
    /// Its text had been prepared before.
    Known,
    /// Where its partition is. Only of a request that was to be
    /// [explained](crate::Execution::explain).
    Routed {
        /// That of its partition; `None` if it is not known before it is sent.
        token: Option<Token>,
        /// The hosts that have it, the primary one first.
        replicas: Vec<Candidate>,
    },
    /// A host got it.
    Sent(ReportHost),
    /// It had a stream id at a host, and was queued for the next write. This and the next two are known
    /// only of a request that was to be [explained](crate::Execution::explain).
    Queued {
        /// Where.
        host: ReportHost,
        /// How long it is, in bytes with its header: on v5 before compression.
        bytes: usize,
        /// It had to wait for that.
        waited: bool,
    },
    /// The socket had all of it.
    Written(ReportHost),
    /// The header of the response of a host had come.
    FirstByte(ReportHost),
    /// The response of a host was decoded, but for its rows, or could not be. Only of a request that was
    /// to be [explained](crate::Execution::explain).
    Decoded(ReportHost),
    /// A host was asked to prepare a statement of it, which it did not know.
    Teaching(ReportHost),
    /// The attempt at a host came to this, or the host was skipped for it.
    Failed(ReportHost, AttemptFailure),
    /// It waits so long before it is sent again.
    Pause(Duration),
    /// No host was left, and its plan began anew.
    PlanAnew,
    /// Another execution began beside.
    Beside {
        /// Since the host had gone quiet; else for the time that passed.
        for_silence: bool,
    },
    /// A host responded.
    Response {
        /// Which.
        host: ReportHost,
        /// How long the response is, in bytes after decompression.
        bytes: usize,
    },
}

/// A host that has the partition of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Candidate {
    /// Which.
    pub host: ReportHost,
    /// How many requests were in flight there, or waited; `None` if it is not connected to, or has gone
    /// quiet.
    pub in_flight: Option<usize>,
}

/// A host that a request came to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReportHost {
    /// Its id.
    pub id: Uuid,
    /// Where it is.
    pub address: ServerAddress,
    /// Its data center.
    pub data_center: Box<str>,
}

/// How a request ended.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum RequestEnding {
    /// It has its result.
    Ok,
    /// It failed.
    Failed(Error),
    /// Whoever waited for it dropped it.
    Cancelled,
}

impl RequestReport {
    /// How many times it was sent.
    pub fn attempts(&self) -> usize {
        self.steps.iter().filter(|step| matches!(step.kind, StepKind::Sent(_))).count()
    }

    /// How many executions began beside the first.
    pub fn speculative_executions(&self) -> usize {
        self.steps.iter().filter(|step| matches!(step.kind, StepKind::Beside { .. })).count()
    }

    /// The host that it came to last: which responded, if one did.
    pub fn coordinator(&self) -> Option<&ReportHost> {
        // What is told of others that were under way is not where it came to.
        let came_to = |step: &&Step| !step.kind.is_time_of_attempt();
        self.steps.iter().rev().filter(came_to).find_map(|step| step.kind.host())
    }

    /// How long the response was, in bytes after decompression; `None` if there was none.
    pub fn response_bytes(&self) -> Option<usize> {
        self.steps.iter().rev().find_map(|step| match step.kind {
            StepKind::Response { bytes, .. } => Some(bytes),
            _ => None,
        })
    }

    /// The error that it ended with.
    pub const fn error(&self) -> Option<&Error> {
        match &self.ending {
            RequestEnding::Failed(error) => Some(error),
            RequestEnding::Ok | RequestEnding::Cancelled => None,
        }
    }

    /// What it ended with, as OpenTelemetry's `error.type`: the code of a server's error, or as what the
    /// request is counted. `None` if it has its result.
    pub(crate) fn error_type(&self) -> Option<Cow<'static, str>> {
        match &self.ending {
            RequestEnding::Ok => None,
            RequestEnding::Cancelled => Some(Outcome::Cancelled.name().into()),
            RequestEnding::Failed(error) => Some(match error.kind() {
                ErrorKind::Server { error, .. } => error.code.code().to_string().into(),
                kind => Outcome::of(kind).name().into(),
            }),
        }
    }

    /// Its steps in one line, with what failed shown so: servers may quote values in it.
    pub(crate) fn in_one_line(&self, failure: fn(&str) -> String) -> String {
        let steps = self.steps.iter().map(|step| match &step.kind {
            StepKind::Failed(..) => failure(&step.to_string()),
            _ => step.to_string(),
        });
        let steps: Vec<_> = steps.collect();
        steps.join(", ")
    }
}

impl StepKind {
    /// The host that it is about.
    pub const fn host(&self) -> Option<&ReportHost> {
        match self {
            Self::Sent(host)
            | Self::Queued { host, .. }
            | Self::Written(host)
            | Self::FirstByte(host)
            | Self::Decoded(host)
            | Self::Teaching(host)
            | Self::Failed(host, _)
            | Self::Response { host, .. } => Some(host),
            Self::Turn
            | Self::Prepared
            | Self::Known
            | Self::Routed { .. }
            | Self::Pause(_)
            | Self::PlanAnew
            | Self::Beside { .. } => None,
        }
    }

    /// How far an attempt has got, as its connection noted it.
    const fn is_time_of_attempt(&self) -> bool {
        matches!(self, Self::Queued { .. } | Self::Written(_) | Self::FirstByte(_))
    }
}

impl From<&Host> for ReportHost {
    fn from(host: &Host) -> Self {
        let (id, address) = (host.id(), host.address().clone());
        Self { id, address, data_center: host.data_center().into() }
    }
}

impl From<&Host> for Candidate {
    fn from(host: &Host) -> Self {
        Self { host: host.into(), in_flight: host.pool().load() }
    }
}

impl fmt::Display for Candidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.in_flight {
            Some(requests) => write!(f, "{} ({requests} in flight)", self.host.address),
            None => write!(f, "{} (not connected, or quiet)", self.host.address),
        }
    }
}

/// Where the partition is.
fn routed(f: &mut fmt::Formatter<'_>, token: Option<Token>, replicas: &[Candidate]) -> fmt::Result {
    let Some(token) = token else {
        return f.write_str("its partition is not known: to any local host");
    };
    let hosts: Vec<_> = replicas.iter().map(ToString::to_string).collect();
    match &hosts[..] {
        [] => write!(f, "its partition (token {token}) is at hosts that are not known"),
        hosts => write!(f, "its partition (token {token}) is at {}", hosts.join(", ")),
    }
}

impl fmt::Display for StepKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Turn => f.write_str("its turn had come"),
            Self::Prepared => f.write_str("prepared"),
            Self::Known => f.write_str("its statement was prepared before"),
            Self::Routed { token, replicas } => routed(f, *token, replicas),
            Self::Sent(host) => write!(f, "sent to {}", host.address),
            Self::Queued { host, bytes, waited } => {
                let waited = if *waited { ", after it had waited" } else { "" };
                write!(f, "{bytes} bytes queued at {}{waited}", host.address)
            }
            Self::Written(host) => write!(f, "written to {}", host.address),
            Self::FirstByte(host) => write!(f, "first byte from {}", host.address),
            Self::Decoded(host) => write!(f, "decoded what came from {}", host.address),
            Self::Teaching(host) => write!(f, "being prepared at {}", host.address),
            Self::Failed(host, failure) => write!(f, "failed at {}: {failure}", host.address),
            Self::Pause(length) => write!(f, "a pause of {length:.1?}"),
            Self::PlanAnew => f.write_str("no host left, the plan begins anew"),
            Self::Beside { for_silence: true } => f.write_str("another one beside, for silence"),
            Self::Beside { for_silence: false } => f.write_str("another one beside, for the time"),
            Self::Response { host, bytes } => {
                write!(f, "response of {bytes} bytes from {}", host.address)
            }
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "+{:.1?} {}", self.at, self.kind)
    }
}

impl fmt::Display for RequestReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ending = match &self.ending {
            RequestEnding::Ok => "done".to_owned(),
            RequestEnding::Failed(error) => format!("failed: {}", error.kind()),
            RequestEnding::Cancelled => "cancelled".to_owned(),
        };
        writeln!(f, "{}", self.statement)?;
        for step in &self.steps {
            writeln!(f, "{:>12}  {}", format!("+{:.1?}", step.at), step.kind)?;
        }
        writeln!(f, "{:>12}  {ending}", format!("+{:.1?}", self.took))
    }
}
