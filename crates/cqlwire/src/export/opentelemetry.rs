//! The figures of a session as observable instruments of OpenTelemetry.

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use opentelemetry::KeyValue;
use opentelemetry::metrics::{AsyncInstrument, Meter};

use super::families::families;
use super::family::{Family, FamilyKind, Sample, Value};
use crate::metrics::Metrics;
use crate::session::Session;
use crate::shared::Shared;

/// How old a look at the session may be: the callbacks of one collection come one after the other, and
/// those of the next one after seconds.
const ONE_COLLECTION: Duration = Duration::from_millis(100);

/// Has this meter observe what a session has counted: of each figure in [`Metrics`] an instrument of that
/// name with `cqlwire.` before it, such as `cqlwire.requests` with the attribute `outcome`.
///
/// It does not keep the session open: once that is gone, nothing is observed any more. Several sessions of
/// one meter need attributes that tell them apart ([`observe_with`]): of two figures with the same ones, a
/// meter keeps one. How long requests
/// take is not among them, since what is observed has no distribution: that is for
/// [`OperationDuration`](crate::export::OperationDuration).
///
/// ```no_run
/// # fn example(session: &cqlwire::Session) {
/// let meter = opentelemetry::global::meter("cqlwire");
/// cqlwire::export::observe(session, &meter);
/// # }
/// ```
pub fn observe(session: &Session, meter: &Meter) {
    observe_with(session, meter, []);
}

/// The same, each figure with these attributes as well: the name of the session, where there are several.
///
/// ```no_run
/// # fn example(orders: &cqlwire::Session, users: &cqlwire::Session) {
/// use cqlwire::export::observe_with;
/// use opentelemetry::KeyValue;
///
/// let meter = opentelemetry::global::meter("cqlwire");
/// observe_with(orders, &meter, [KeyValue::new("session", "orders")]);
/// observe_with(users, &meter, [KeyValue::new("session", "users")]);
/// # }
/// ```
pub fn observe_with(
    session: &Session,
    meter: &Meter,
    attributes: impl IntoIterator<Item = KeyValue>,
) {
    let looks = Arc::new(Looks {
        session: Arc::downgrade(session.shared()),
        attributes: attributes.into_iter().collect(),
        last: Mutex::default(),
    });
    let metrics = Metrics::with(session.shared(), false);
    for (at, family) in families(&metrics, false).iter().enumerate() {
        let (name, help) = (format!("cqlwire.{}", family.name), family.help.clone());
        let looks = Arc::clone(&looks);
        let observed = move |observer: &dyn AsyncInstrument<u64>| looks.observe(at, observer);
        match family.kind {
            FamilyKind::Counter => {
                let counter = meter.u64_observable_counter(name).with_description(help);
                counter.with_callback(observed).build();
            }
            FamilyKind::Gauge => {
                let gauge = meter.u64_observable_gauge(name).with_description(help);
                gauge.with_callback(observed).build();
            }
            FamilyKind::Durations => {}
        }
    }
}

/// The figures of one family, each with its attributes.
type Observations = Vec<(u64, Vec<KeyValue>)>;

/// Looks at a session: one for all callbacks of a collection.
struct Looks {
    session: Weak<Shared>,
    /// Of all its figures.
    attributes: Vec<KeyValue>,
    last: Mutex<Option<(Instant, Arc<[Observations]>)>>,
}

impl Looks {
    fn observe(&self, family: usize, observer: &dyn AsyncInstrument<u64>) {
        let families = self.look(Instant::now());
        for (figure, attributes) in families.get(family).into_iter().flatten() {
            observer.observe(*figure, attributes);
        }
    }

    fn look(&self, now: Instant) -> Arc<[Observations]> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, families)) = &*last
            && now.saturating_duration_since(*at) < ONE_COLLECTION
        {
            return Arc::clone(families);
        }
        let Some(session) = self.session.upgrade() else {
            *last = None;
            return Arc::default();
        };
        let metrics = Metrics::with(&session, false);
        let families: Arc<[_]> =
            families(&metrics, false).iter().map(|family| self.observations(family)).collect();
        *last = Some((now, Arc::clone(&families)));
        families
    }

    fn observations(&self, family: &Family<'_>) -> Observations {
        let observation = |sample: &Sample<'_>| match sample.value {
            Value::Figure(figure) => {
                let labels = sample.labels.iter();
                let own = labels.map(|(name, value)| KeyValue::new(*name, value.clone()));
                Some((figure, self.attributes.iter().cloned().chain(own).collect()))
            }
            Value::Times(_) => None,
        };
        family.samples.iter().filter_map(observation).collect()
    }
}
