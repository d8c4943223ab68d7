//! The families of what a session has counted. Which there are does not depend on what was counted,
//! so that whoever registers them knows all of them at once.

use std::rc::Rc;

use cqlwire_cluster::Distance;

use super::family::{Family, Labels, Value};
use crate::metrics::{HostMetrics, Metrics};

/// A group of counters: what each is called, what it is, and how many.
type Described = Box<dyn Iterator<Item = (&'static str, &'static str, u64)>>;

/// All families of a session. Times of each host are there only if they are asked for: there are as
/// many series of them as hosts, kinds of requests and buckets.
pub(super) fn families(metrics: &Metrics, times_of_hosts: bool) -> Vec<Family<'_>> {
    let mut families = of_requests(metrics);
    families
        .extend(groups(metrics).into_iter().flat_map(|(group, figures)| of_group(group, figures)));
    families.extend(held(metrics));
    families.extend(times(metrics));
    families.extend(of_hosts(metrics));
    if times_of_hosts {
        families.push(times_on_hosts(metrics));
    }
    families
}

fn labels<const N: usize>(labels: [(&'static str, String); N]) -> Labels {
    Rc::new(labels)
}

fn of_requests(metrics: &Metrics) -> Vec<Family<'_>> {
    let help = "Requests, each with all of its attempts, by what became of them.";
    let mut requests = Family::counter("requests", help);
    for (outcome, count) in metrics.requests.each().filter(|(name, _)| *name != "begun") {
        requests = requests.with(&labels([("outcome", outcome.to_owned())]), count);
    }
    let help = "Requests that ended with what a server said, by its code.";
    let mut errors = Family::counter("server_errors", help);
    for (code, count) in &metrics.server_errors {
        let code = code.map_or_else(|| "others".to_owned(), |code| code.to_string());
        errors = errors.with(&labels([("code", code)]), *count);
    }
    let none = labels([]);
    let under_way = Family::gauge("requests_under_way", "Requests that have not ended.")
        .with(&none, metrics.requests.under_way());
    let help = "1 if a server is asked about the cluster; 0: its changes are not seen.";
    let control = Family::gauge("control_connection", help);
    vec![requests, errors, under_way, control.with(&none, metrics.has_control_connection.into())]
}

fn groups(metrics: &Metrics) -> [(&'static str, Described); 9] {
    [
        ("retries", Box::new(metrics.retries.described())),
        ("speculation", Box::new(metrics.speculation.described())),
        ("timestamps", Box::new(metrics.timestamps.described())),
        ("streams", Box::new(metrics.streams.described())),
        ("prepared", Box::new(metrics.prepared.described())),
        ("observers", Box::new(metrics.observers.described())),
        ("cluster", Box::new(metrics.cluster.described())),
        ("connections", Box::new(metrics.pools.connections.described())),
        ("attempts", Box::new(metrics.pools.requests.described())),
    ]
}

fn of_group<'m>(group: &'static str, figures: Described) -> impl Iterator<Item = Family<'m>> {
    figures.map(move |(name, help, count)| {
        Family::counter(named(group, name), help).with(&labels([]), count)
    })
}

/// `retries_plans`, and `retries` of what is called as its group.
fn named(group: &str, name: &str) -> String {
    if group == name { name.to_owned() } else { format!("{group}_{name}") }
}

fn held(metrics: &Metrics) -> Vec<Family<'_>> {
    let help = "What the session holds at the moment, by what it is.";
    let mut held = Family::gauge("held", help);
    for (what, count) in metrics.resources.each() {
        held = held.with(&labels([("what", what.to_owned())]), count);
    }
    let kept = Family::gauge("prepared_kept", "Prepared statements that are kept at the moment.");
    vec![held, kept.with(&labels([]), metrics.kept_statements as u64)]
}

fn times(metrics: &Metrics) -> Vec<Family<'_>> {
    let help = "How long requests took that have their result, with all of their attempts.";
    let mut requests = Family::durations("request_duration", help);
    let help = "How long attempts took until they had their response, or were given up.";
    let mut attempts = Family::durations("attempt_duration", help);
    for (kind, latencies) in &metrics.latencies {
        let kind = labels([("kind", kind.name().to_owned())]);
        requests.add(&kind, Value::Times(&latencies.requests));
        attempts.add(&kind, Value::Times(&latencies.attempts));
    }
    let help = "How long executions of statements that have names took, failed ones included.";
    let mut statements = Family::durations("statement_duration", help);
    let mut failed =
        Family::counter("statement_failures", "Executions of named statements that failed.");
    for statement in &metrics.statements {
        let name = labels([("statement", statement.name.clone())]);
        statements.add(&name, Value::Times(&statement.latency));
        failed.add(&name, Value::Figure(statement.failed));
    }
    vec![requests, attempts, statements, failed]
}

fn of_host(host: &HostMetrics) -> Labels {
    labels([
        ("host", host.address.clone()),
        ("data_center", host.data_center.clone()),
        ("rack", host.rack.clone()),
        // While a host takes the place of another one, both may be listed at its address.
        ("host_id", host.host_id.to_string()),
    ])
}

/// Those that are to be connected to: that the others are not is nobody's alarm.
fn shown_hosts(metrics: &Metrics) -> impl Iterator<Item = &HostMetrics> {
    metrics.hosts.iter().filter(|host| host.distance != Distance::Ignored)
}

fn of_hosts(metrics: &Metrics) -> Vec<Family<'_>> {
    let hosts: Vec<_> = shown_hosts(metrics).map(|host| (of_host(host), host)).collect();
    let gauge = |name: &str, help: &str, figure: fn(&HostMetrics) -> usize| {
        hosts.iter().fold(Family::gauge(format!("host_{name}"), help), |family, (labels, host)| {
            family.with(labels, figure(host) as u64)
        })
    };
    let mut families = vec![
        gauge("up", "1 if it is connected to at the moment.", |host| host.is_up.into()),
        gauge("open_connections", "Connections at the moment.", |host| host.open_connections),
        gauge("in_flight", "Responses that are owed.", |host| host.usage.in_flight),
        gauge("orphaned", "Responses that are owed to nobody.", |host| host.usage.orphaned),
        gauge("waiting", "Requests that wait for their turn.", |host| host.usage.waiting),
    ];
    let none = cqlwire_pool::PoolTotals::default();
    let names = none.connections.described().map(|(name, help, _)| ("connections", name, help));
    let names =
        names.chain(none.requests.described().map(|(name, help, _)| ("attempts", name, help)));
    let mut counters: Vec<_> = names
        .map(|(group, name, help)| Family::counter(format!("host_{group}_{name}"), help))
        .collect();
    for (labels, host) in &hosts {
        let figures = host.totals.connections.each().chain(host.totals.requests.each());
        for (family, (_, count)) in counters.iter_mut().zip(figures) {
            family.add(labels, Value::Figure(count));
        }
    }
    families.append(&mut counters);
    families
}

fn times_on_hosts(metrics: &Metrics) -> Family<'_> {
    let help = "How long attempts took at each host.";
    let mut family = Family::durations("host_attempt_duration", help);
    for host in shown_hosts(metrics) {
        for (kind, latency) in &host.latencies {
            let mut labels = of_host(host).to_vec();
            labels.push(("kind", kind.name().to_owned()));
            family.add(&labels.into(), Value::Times(latency));
        }
    }
    family
}
