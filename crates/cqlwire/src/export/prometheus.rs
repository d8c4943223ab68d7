//! Prometheus, by `prometheus-client`: its collectors read when they are scraped, which is what a
//! snapshot is for. (The facade `metrics` wants each figure to be written when it changes.)

use std::fmt;
use std::sync::{Arc, Weak};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Unit;

use super::buckets::{BOUNDS, by_bounds};
use super::families::families;
use super::family::{Family, FamilyKind, Sample, Value};
use crate::metrics::Metrics;
use crate::session::Session;
use crate::shared::Shared;

/// What a session has counted, at each scrape: of each figure in [`Metrics`] one of that name with
/// `cqlwire_` before it, `cqlwire_requests_total{outcome="ok"}`. Times are in seconds.
///
/// It does not keep the session open: once that is gone, there is nothing to scrape. Several sessions
/// need a label that tells them apart:
///
/// ```no_run
/// use cqlwire::export::SessionCollector;
/// use prometheus_client::registry::Registry;
///
/// # fn example(session: &cqlwire::Session) -> Result<(), std::fmt::Error> {
/// let mut registry = Registry::default();
/// let labelled = registry.sub_registry_with_label(("session".into(), "orders".into()));
/// labelled.register_collector(Box::new(SessionCollector::new(session)));
///
/// let mut scraped = String::new();
/// prometheus_client::encoding::text::encode(&mut scraped, &registry)?;
/// # Ok(()) }
/// ```
pub struct SessionCollector {
    session: Weak<Shared>,
    times_of_hosts: bool,
}

impl SessionCollector {
    /// Of this session.
    pub fn new(session: &Session) -> Self {
        Self { session: Arc::downgrade(session.shared()), times_of_hosts: false }
    }

    /// With histograms of each host, `cqlwire_host_attempt_duration_seconds`: some twenty series a host
    /// and kind of request, which many hosts make too many. Default no.
    #[must_use]
    pub const fn times_of_hosts(mut self, are_wanted: bool) -> Self {
        self.times_of_hosts = are_wanted;
        self
    }
}

impl Collector for SessionCollector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let Some(session) = self.session.upgrade() else { return Ok(()) };
        let metrics = Metrics::of(&session);
        families(&metrics, self.times_of_hosts)
            .iter()
            .try_for_each(|family| encode_family(family, &mut encoder))
    }
}

fn encode_family(family: &Family<'_>, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
    // One without figures would be an empty line to whoever reads it.
    if family.samples.is_empty() {
        return Ok(());
    }
    let (kind, unit) = match family.kind {
        FamilyKind::Counter => (MetricType::Counter, None),
        FamilyKind::Gauge => (MetricType::Gauge, None),
        FamilyKind::Durations => (MetricType::Histogram, Some(&Unit::Seconds)),
    };
    let name = format!("cqlwire_{}", family.name);
    let mut encoder = encoder.encode_descriptor(&name, &family.help, unit, kind)?;
    family.samples.iter().try_for_each(|sample| {
        let labels = &sample.labels[..];
        if labels.is_empty() {
            encode_sample(sample, family.kind, &mut encoder)
        } else {
            encode_sample(sample, family.kind, &mut encoder.encode_family(&labels)?)
        }
    })
}

fn encode_sample(
    sample: &Sample<'_>,
    kind: FamilyKind,
    encoder: &mut MetricEncoder<'_>,
) -> fmt::Result {
    match sample.value {
        Value::Figure(figure) if kind == FamilyKind::Counter => {
            encoder.encode_counter::<NoLabelSet, _, u64>(&figure, None)
        }
        Value::Figure(figure) => encoder.encode_gauge(&figure),
        Value::Times(times) => {
            let (sum, buckets) = (times.sum().as_secs_f64(), by_bounds(times, &BOUNDS));
            encoder.encode_histogram::<NoLabelSet>(sum, times.count(), &buckets, None)
        }
    }
}

impl fmt::Debug for SessionCollector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionCollector")
            .field("times_of_hosts", &self.times_of_hosts)
            .finish_non_exhaustive()
    }
}
