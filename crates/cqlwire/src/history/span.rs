//! A request as a span of [`tracing`], with an event for each step of it. Its fields are those of
//! OpenTelemetry's semantic conventions for databases and for Cassandra.
//!
//! Spans and events are of the level DEBUG, with the target `cqlwire::request`. As long as nobody
//! wants that level, a request costs one relaxed load for it.

use cqlwire_codec::Consistency;
use tracing::field::Empty;
use tracing::level_filters::LevelFilter;
use tracing::{Level, Span};

use super::beginning::Beginning;
use super::report::{ReportHost, RequestReport, Step, StepKind};
use crate::cql;
use crate::error::ErrorKind;
use crate::request_log::RequestLog;

/// The span of a request; none, if nobody wants it.
pub(super) struct RequestSpan(Span);

/// Does anybody want spans of requests?
#[inline]
pub(crate) fn are_wanted() -> bool {
    LevelFilter::current() >= LevelFilter::DEBUG && are_enabled()
}

#[cold]
fn are_enabled() -> bool {
    tracing::span_enabled!(target: "cqlwire::request", Level::DEBUG)
}

impl RequestSpan {
    /// It begins within the span of whoever polls the request first.
    pub(super) fn new(beginning: &Beginning<'_>, log: &RequestLog) -> Self {
        let statement = &beginning.statement;
        let consistency = beginning.consistency.map(level);
        let text = log.settings().statements_in_traces.then_some(&*statement.text);
        Self(tracing::debug_span!(
            target: "cqlwire::request",
            "request",
            otel.name = statement.name(),
            otel.kind = "client",
            otel.status_code = Empty,
            otel.status_description = Empty,
            session = %log.session(),
            db.system.name = "cassandra",
            db.namespace = beginning.keyspace.as_deref(),
            db.collection.name = statement.table.as_deref(),
            db.operation.name = &*statement.operation,
            db.operation.batch.size = beginning.batch_size,
            db.query.text = text,
            db.response.status_code = Empty,
            cassandra.consistency.level = consistency.as_deref(),
            cassandra.page.size = beginning.page_size,
            cassandra.query.idempotent = beginning.idempotent,
            cassandra.speculative_execution.count = Empty,
            cassandra.coordinator.id = Empty,
            cassandra.coordinator.dc = Empty,
            server.address = Empty,
            server.port = Empty,
            "error.type" = Empty,
        ))
    }

    /// Itself; where nobody wants it, that of whoever polls the request first.
    pub(super) fn seen_by_callers<T>(&self, look: impl FnOnce(&Span) -> T) -> T {
        if self.0.is_none() { look(&Span::current()) } else { look(&self.0) }
    }

    /// This happens to it.
    pub(super) fn step(&self, step: &Step) {
        if self.0.is_none() {
            return;
        }
        match &step.kind {
            StepKind::Turn => self.event("turn", None),
            StepKind::Prepared => self.event("prepared", None),
            // What there is to know before anything happens, and what is for whoever asks for one
            // request.
            StepKind::Known
            | StepKind::Routed { .. }
            | StepKind::Queued { .. }
            | StepKind::Written(_)
            | StepKind::FirstByte(_)
            | StepKind::Decoded(_) => {}
            StepKind::Sent(host) => self.event("attempt", Some(host)),
            StepKind::Teaching(host) => self.event("prepare", Some(host)),
            StepKind::PlanAnew => self.event("plan anew", None),
            StepKind::Failed(host, failure) => {
                let (host, error) =
                    (&host.address, cql::without_quoted_values(&failure.to_string()));
                tracing::debug!(
                    target: "cqlwire::request", parent: &self.0, %host, error, "attempt failed"
                );
            }
            StepKind::Pause(length) => {
                tracing::debug!(target: "cqlwire::request", parent: &self.0, ?length, "pause");
            }
            StepKind::Beside { for_silence } => {
                tracing::debug!(
                    target: "cqlwire::request", parent: &self.0, for_silence, "speculative execution"
                );
            }
            StepKind::Response { host, bytes } => {
                let host = &host.address;
                tracing::debug!(
                    target: "cqlwire::request", parent: &self.0, %host, bytes, "response"
                );
            }
        }
    }

    fn event(&self, what: &'static str, host: Option<&ReportHost>) {
        let host = host.map(|host| tracing::field::display(&host.address));
        tracing::debug!(target: "cqlwire::request", parent: &self.0, host, "{what}");
    }

    /// It is over.
    pub(super) fn end(&self, report: &RequestReport) {
        let span = &self.0;
        if span.is_none() {
            return;
        }
        if let Some(host) = report.coordinator() {
            span.record("cassandra.coordinator.id", tracing::field::display(host.id));
            span.record("cassandra.coordinator.dc", &*host.data_center);
            span.record("server.address", host.address.host());
            span.record("server.port", host.address.port());
        }
        let speculative = report.speculative_executions();
        span.record("cassandra.speculative_execution.count", speculative);
        if let Some(name) = report.error_type() {
            span.record("error.type", &*name);
        }
        if let Some(error) = report.error() {
            self.failed(error.kind());
        }
    }

    fn failed(&self, kind: &ErrorKind) {
        let span = &self.0;
        span.record("otel.status_code", "error");
        let said = cql::without_quoted_values(&kind.to_string());
        span.record("otel.status_description", said);
        if let ErrorKind::Server { error, .. } = kind {
            span.record("db.response.status_code", error.code.code().to_string());
        }
    }
}

/// As the conventions spell it.
fn level(consistency: Consistency) -> String {
    consistency.to_string().to_ascii_lowercase()
}
