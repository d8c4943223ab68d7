//! What of a profile is code: who decides, where it is not whom the session has for it.

use std::sync::Arc;

use cqlwire_cluster::LoadBalancing;

use crate::retry::RetryPolicy;
use crate::speculation::SpeculativePolicy;
use crate::timestamps::TimestampGenerator;

/// `None` of each: that of whoever is asked next, of the session in the end.
#[derive(Clone, Debug, Default)]
pub(crate) struct Policies {
    pub(crate) retry: Option<Arc<dyn RetryPolicy>>,
    pub(crate) speculative: Option<Arc<dyn SpeculativePolicy>>,
    pub(crate) load_balancing: Option<Arc<dyn LoadBalancing>>,
    pub(crate) timestamps: Option<Arc<dyn TimestampGenerator>>,
}

impl Policies {
    /// Those of these, and what they lack from the others.
    pub(crate) fn or(self, others: &Self) -> Self {
        Self {
            retry: self.retry.or_else(|| others.retry.clone()),
            speculative: self.speculative.or_else(|| others.speculative.clone()),
            load_balancing: self.load_balancing.or_else(|| others.load_balancing.clone()),
            timestamps: self.timestamps.or_else(|| others.timestamps.clone()),
        }
    }
}
