//! Prometheus, by `prometheus-client`: its collectors read when they are scraped, which is what a
//! snapshot is for. (The facade `metrics` wants each figure to be written when it changes.)

use std::fmt;
use std::iter::once;
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
/// are of one collector, which tells them apart by the label `session`: the format has each name once,
/// and a registry does not see to that.
///
/// ```no_run
/// use cqlwire::export::SessionCollector;
/// use prometheus_client::registry::Registry;
///
/// # fn example(orders: &cqlwire::Session, users: &cqlwire::Session) -> Result<(), std::fmt::Error> {
/// let mut registry = Registry::default();
/// let collector = SessionCollector::of_several([("orders", orders), ("users", users)]);
/// registry.register_collector(Box::new(collector));
///
/// let mut scraped = String::new();
/// prometheus_client::encoding::text::encode(&mut scraped, &registry)?;
/// # Ok(()) }
/// ```
pub struct SessionCollector {
    /// Each with its name, if there are several.
    sessions: Vec<(Option<String>, Weak<Shared>)>,
    times_of_hosts: bool,
}

impl SessionCollector {
    /// Of this session.
    pub fn new(session: &Session) -> Self {
        let sessions = vec![(None, Arc::downgrade(session.shared()))];
        Self { sessions, times_of_hosts: false }
    }

    /// Of several, each with its name: the label `session` of its figures. No two have the same.
    pub fn of_several<'s, N: Into<String>>(
        sessions: impl IntoIterator<Item = (N, &'s Session)>,
    ) -> Self {
        let named =
            |(name, session): (N, &Session)| (Some(name.into()), Arc::downgrade(session.shared()));
        Self { sessions: sessions.into_iter().map(named).collect(), times_of_hosts: false }
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
        let there = self.sessions.iter().filter_map(|(name, session)| {
            let session = session.upgrade()?;
            Some((name.as_deref(), Metrics::with(&session, self.times_of_hosts)))
        });
        let metrics: Vec<_> = there.collect();
        let mut sessions: Vec<_> = metrics
            .iter()
            .map(|(name, metrics)| (*name, families(metrics, self.times_of_hosts).into_iter()))
            .collect();
        // All have the same families, in the same order.
        loop {
            let of_each: Vec<_> = sessions
                .iter_mut()
                .filter_map(|(name, families)| Some((*name, families.next()?)))
                .collect();
            let Some((_, first)) = of_each.first() else { return Ok(()) };
            encode_family(first, &of_each, &mut encoder)?;
        }
    }
}

/// Of each session, with its name.
fn encode_family(
    family: &Family<'_>,
    of_each: &[(Option<&str>, Family<'_>)],
    encoder: &mut DescriptorEncoder<'_>,
) -> fmt::Result {
    // One without figures would be an empty line to whoever reads it.
    if of_each.iter().all(|(_, family)| family.samples.is_empty()) {
        return Ok(());
    }
    let (kind, unit) = match family.kind {
        FamilyKind::Counter => (MetricType::Counter, None),
        FamilyKind::Gauge => (MetricType::Gauge, None),
        FamilyKind::Durations => (MetricType::Histogram, Some(&Unit::Seconds)),
    };
    let name = format!("cqlwire_{}", family.name);
    let mut encoder = encoder.encode_descriptor(&name, &family.help, unit, kind)?;
    for (session, family) in of_each {
        for sample in &family.samples {
            match (session, &sample.labels[..]) {
                (None, []) => encode_sample(sample, family.kind, &mut encoder)?,
                (None, own) => {
                    encode_sample(sample, family.kind, &mut encoder.encode_family(&own)?)?;
                }
                (Some(name), own) => {
                    let own = own.iter().map(|(label, value)| (*label, value.as_str()));
                    let labels: Vec<_> = once(("session", *name)).chain(own).collect();
                    let labels = labels.as_slice();
                    encode_sample(sample, family.kind, &mut encoder.encode_family(&labels)?)?;
                }
            }
        }
    }
    Ok(())
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
