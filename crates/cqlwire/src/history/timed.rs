//! How far one attempt has got when, as its connection noted it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use cqlwire_cluster::Host;
use cqlwire_net::Timeline;

use super::report::{ReportHost, Step, StepKind};

/// An attempt whose times somebody asked for.
pub(super) struct TimedAttempt {
    host: ReportHost,
    /// By when the connection had taken it in, after the beginning of the request.
    sent: Duration,
    timeline: Arc<Timeline>,
}

impl TimedAttempt {
    pub(super) fn new(host: &Host, sent: Duration, timeline: Arc<Timeline>) -> Self {
        Self { host: host.into(), sent, timeline }
    }

    /// Joins what has happened to it by now to the steps of its request, which began then and was sent so
    /// often before.
    pub(super) fn join(&self, sent_before: usize, steps: &mut Vec<Step>, begun: Instant) {
        let is_sent = |(_, step): &(usize, &Step)| matches!(step.kind, StepKind::Sent(_));
        let sent = steps.iter().enumerate().filter(is_sent).nth(sent_before);
        let Some((mut place, _)) = sent else { return };
        for step in self.steps(begun) {
            // What ends an attempt comes last, also where the clock does not tell.
            let is_later = |other: &Step| {
                other.at > step.at || (other.at == step.at && self.ends_with(&other.kind))
            };
            let behind = steps.iter().skip(place + 1).position(is_later);
            place = behind.map_or(steps.len(), |behind| place + 1 + behind);
            steps.insert(place, step);
        }
    }

    fn ends_with(&self, kind: &StepKind) -> bool {
        match kind {
            StepKind::Response { host, .. } | StepKind::Failed(host, _) => *host == self.host,
            _ => false,
        }
    }

    fn steps(&self, begun: Instant) -> impl Iterator<Item = Step> + use<> {
        let Self { host, sent, timeline } = self;
        let waited = timeline.queued() > timeline.taken_in();
        let bytes = timeline.bytes().unwrap_or(0);
        let queued = StepKind::Queued { host: host.clone(), bytes, waited };
        let each = [
            (timeline.queued(), queued),
            (timeline.written(), StepKind::Written(host.clone())),
            (timeline.first_byte(), StepKind::FirstByte(host.clone())),
        ];
        let sent = *sent;
        each.into_iter().filter_map(move |(at, kind)| {
            // It is queued before whoever sends it can say that it is sent.
            let at = at?.saturating_duration_since(begun).max(sent);
            Some(Step { at, kind })
        })
    }
}
