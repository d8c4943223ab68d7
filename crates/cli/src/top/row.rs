//! One row a host: what is known of it, as scripts get it in JSON, and in which order rows stand.

use std::cmp::Ordering;

use super::rates::{Coordinated, Slowest};

/// See the [module](self). What is not known is none, and nothing is written for it.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
pub(super) struct Row {
    pub(super) host: String,
    pub(super) state: State,
    pub(super) data_center: String,
    pub(super) rack: String,
    pub(super) version: String,
    pub(super) clients: Option<usize>,
    pub(super) requests_per_second: Option<f64>,
    /// Of the requests of the cluster, from 0 to 1.
    pub(super) share: Option<f64>,
    pub(super) reads: Option<Coordinated>,
    pub(super) writes: Option<Coordinated>,
    pub(super) pending: Option<u64>,
    pub(super) blocked: Option<u64>,
    pub(super) errors: u64,
    pub(super) answered_in_ms: Option<f64>,
    pub(super) silent_for_s: Option<f64>,
    pub(super) why: Option<String>,
}

/// How it is with a host.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum State {
    /// It has been asked for the first time.
    #[default]
    Asked,
    Up,
    /// It does not answer in time: it may be down, or have too much to do.
    Silent,
}

/// What hosts are sorted by, the highest first; but by name from the first to the last.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Order {
    /// Data center, rack, and address
    #[default]
    Host,
    /// Open connections of clients
    Clients,
    /// Requests a second
    Requests,
    /// p99 of reads
    Reads,
    /// p99 of writes
    Writes,
    /// Tasks that wait in thread pools
    Pending,
    /// How long the host took to answer
    Answer,
}

impl State {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Up => "up",
            Self::Silent => "silent",
        }
    }
}

impl Order {
    /// As the flag has it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::Clients => "clients",
            Self::Requests => "requests",
            Self::Reads => "reads",
            Self::Writes => "writes",
            Self::Pending => "pending",
            Self::Answer => "answer",
        }
    }

    /// In this order, and where that is the same, by name.
    pub(super) fn sort(self, rows: &mut [Row]) {
        rows.sort_by(|a, b| self.compare(a, b).then_with(|| a.place().cmp(&b.place())));
    }

    #[allow(clippy::cast_precision_loss, reason = "they are compared, and counted in thousands")]
    fn compare(self, a: &Row, b: &Row) -> Ordering {
        let by = |of: fn(&Row) -> Option<f64>| {
            let [a, b] = [a, b].map(|row| of(row).unwrap_or(-1.0));
            b.total_cmp(&a)
        };
        match self {
            Self::Host => Ordering::Equal,
            Self::Clients => by(|row| row.clients.map(|clients| clients as f64)),
            Self::Requests => by(|row| row.requests_per_second),
            Self::Reads => by(|row| Some(slowest(row.reads.as_ref())?.p99_ms)),
            Self::Writes => by(|row| Some(slowest(row.writes.as_ref())?.p99_ms)),
            Self::Pending => by(|row| row.pending.map(|pending| pending as f64)),
            Self::Answer => by(|row| row.answered_in_ms),
        }
    }
}

impl Row {
    fn place(&self) -> (&str, &str, &str) {
        (&self.data_center, &self.rack, &self.host)
    }

    /// What there is to say of it beside numbers.
    pub(super) fn note(&self) -> String {
        let why = self.why.as_deref().unwrap_or_default();
        match self.silent_for_s {
            Some(seconds) => format!("no answer for {seconds:.0} s: {why}"),
            None => why.to_owned(),
        }
    }
}

/// The table that took longest, if any was asked.
pub(super) fn slowest(coordinated: Option<&Coordinated>) -> Option<&Slowest> {
    coordinated?.slowest.as_ref()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A host that answers, of which so much is known.
    pub(in super::super) fn row(host: &str, requests: f64) -> Row {
        let slowest = Slowest { table: "shop.users".to_owned(), p50_ms: 0.5, p99_ms: 12.25 };
        let reads = Coordinated { per_second: 80.0, slowest: Some(slowest) };
        Row {
            host: host.to_owned(),
            state: State::Up,
            data_center: "oslo".to_owned(),
            rack: "r1".to_owned(),
            version: "5.0.9".to_owned(),
            clients: Some(7),
            requests_per_second: Some(requests),
            share: Some(0.5),
            reads: Some(reads),
            writes: Some(Coordinated { per_second: 0.0, slowest: None }),
            pending: Some(0),
            blocked: Some(0),
            answered_in_ms: Some(0.42),
            ..Row::default()
        }
    }

    /// One that does not.
    pub(in super::super) fn silent(host: &str) -> Row {
        let Row { host, data_center, rack, version, .. } = row(host, 0.0);
        Row {
            host,
            state: State::Silent,
            data_center,
            rack,
            version,
            errors: 4,
            silent_for_s: Some(8.2),
            why: Some("connection refused".to_owned()),
            ..Row::default()
        }
    }

    #[test]
    fn rows_stand_by_what_is_asked_for_and_then_by_name() {
        let rows = [row("c", 5.0), silent("d"), row("b", 5.0), row("a", 9.0)];
        let sorted = |order: Order| {
            let mut rows = rows.to_vec();
            order.sort(&mut rows);
            rows.into_iter().map(|row| row.host).collect::<String>()
        };
        assert_eq!(sorted(Order::Host), "abcd");
        assert_eq!(sorted(Order::Requests), "abcd");
        let mut slow = rows.to_vec();
        let reads = slow[2].reads.as_mut().and_then(|reads| reads.slowest.as_mut());
        reads.unwrap().p99_ms = 99.0;
        Order::Reads.sort(&mut slow);
        assert_eq!(slow.into_iter().map(|row| row.host).collect::<String>(), "bacd");
    }

    #[test]
    fn scripts_get_what_is_known_and_null_for_the_rest() {
        let json = serde_json::to_value(silent("a")).unwrap();
        assert_eq!(json["state"], "silent");
        assert!(json["clients"].is_null() && json["reads"].is_null(), "{json}");
        let json = serde_json::to_value(row("a", 1.5)).unwrap();
        assert_eq!(json["reads"]["slowest"]["p99_ms"], 12.25);
        assert_eq!(json["requests_per_second"], 1.5);
    }
}
