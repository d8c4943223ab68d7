//! The trace context of a request, which goes along to the servers in its custom payload: what a
//! function of the user's says of the request's span, asked once a request.

use std::collections::HashMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use bytes::Bytes;
use cqlwire_codec::CustomPayload;
use tracing::Span;

use crate::request_log::RequestLog;

/// How long a field may be, its name and its value together: baggage may be that long.
const LONGEST_FIELD: usize = 8 << 10;

/// How many fields there may be: those of W3C are two, and a third is baggage.
const MOST_FIELDS: usize = 16;

/// How many fields a payload has room for, with those of the user's.
const MOST_IN_PAYLOAD: usize = u16::MAX as usize;

/// See [`SessionBuilder::trace_context`](crate::SessionBuilder::trace_context).
#[derive(Clone)]
pub(crate) struct TraceContext(Arc<Propagate>);

type Propagate = dyn Fn(&Span, &mut HashMap<String, String>) + Send + Sync;

impl TraceContext {
    pub(crate) fn new(
        propagate: impl Fn(&Span, &mut HashMap<String, String>) + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(propagate))
    }

    /// The custom payload of a request that has this span, and this payload of its own, which comes
    /// first; `None` if there is nothing to be added to that.
    pub(super) fn payload(
        &self,
        span: &Span,
        own: Option<&CustomPayload>,
        log: &RequestLog,
    ) -> Option<CustomPayload> {
        let mut fields = HashMap::new();
        // A request does not fail for how it is traced.
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| (self.0)(span, &mut fields))) {
            log.trace_context_panicked(&*payload);
            return None;
        }
        let mut fields: Vec<_> = fields
            .into_iter()
            .filter(|(key, value)| {
                let is_own = own.is_some_and(|own| own.contains_key(key));
                !is_own && key.len() + value.len() <= LONGEST_FIELD
            })
            .collect();
        // Where there are too many, those are kept without which there is no trace, and not any.
        let is_baggage = |key: &str| !key.starts_with("trace");
        fields.sort_unstable_by(|(one, _), (other, _)| {
            (is_baggage(one), one).cmp(&(is_baggage(other), other))
        });
        let room = MOST_IN_PAYLOAD.saturating_sub(own.map_or(0, CustomPayload::len));
        let mut payload: CustomPayload = fields
            .into_iter()
            .take(MOST_FIELDS.min(room))
            .map(|(key, value)| (key, Some(Bytes::from(value.into_bytes()))))
            .collect();
        if payload.is_empty() {
            return None;
        }
        payload.extend(own.into_iter().flatten().map(|(key, value)| (key.clone(), value.clone())));
        Some(payload)
    }
}

impl fmt::Debug for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TraceContext")
    }
}
