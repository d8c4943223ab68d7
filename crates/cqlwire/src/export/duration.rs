//! How long requests take, as OpenTelemetry's conventions for databases would have it.

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Histogram, Meter};

use crate::cql::Outline;
use crate::history::RequestReport;
use crate::observer::Observer;

/// In seconds, as the conventions advise.
const BOUNDS: [f64; 9] = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0];

/// Records each request in the histogram `db.client.operation.duration`, in seconds, with its operation,
/// table, keyspace, the server that it came to last, and what it failed with.
///
/// It is an [observer](Observer): what it costs, each request pays for being written down, and the
/// recording is done by the session's observer thread.
///
/// ```no_run
/// # fn example() {
/// let meter = opentelemetry::global::meter("cqlwire");
/// let builder =
///     cqlwire::Session::builder().observer(cqlwire::export::OperationDuration::new(&meter));
/// # drop(builder);
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct OperationDuration {
    durations: Histogram<f64>,
}

impl OperationDuration {
    /// In a histogram of this meter.
    pub fn new(meter: &Meter) -> Self {
        let durations = meter
            .f64_histogram("db.client.operation.duration")
            .with_unit("s")
            .with_description("Duration of database client operations.")
            .with_boundaries(BOUNDS.to_vec());
        Self { durations: durations.build() }
    }
}

impl Observer for OperationDuration {
    fn request(&self, report: &RequestReport) {
        self.durations.record(report.took.as_secs_f64(), &attributes(report));
    }
}

fn attributes(report: &RequestReport) -> Vec<KeyValue> {
    let outline = Outline::of(&report.statement);
    let mut attributes = vec![
        KeyValue::new("db.system.name", "cassandra"),
        KeyValue::new("db.operation.name", String::from(outline.operation)),
    ];
    let table = outline.table.map(|table| KeyValue::new("db.collection.name", String::from(table)));
    let keyspace = report.keyspace.clone().map(|name| KeyValue::new("db.namespace", name));
    let error = report.error_type().map(|name| KeyValue::new("error.type", name));
    attributes.extend([table, keyspace, error].into_iter().flatten());
    if let Some(host) = report.coordinator() {
        attributes.push(KeyValue::new("server.address", host.address.host()));
        attributes.push(KeyValue::new("server.port", i64::from(host.address.port())));
    }
    attributes
}
