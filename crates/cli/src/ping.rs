//! `ping`: each host of the cluster, whether it answers, and how fast.

use std::collections::HashMap;
use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cqlwire::codec::in_one_line;
use cqlwire::{Host, NeverRetry, ProtocolVersion, Session};
use futures_util::future::join_all;

use crate::connect::{self, ConnectionArgs, Settings};
use crate::exit::Failure;
use crate::output::{self, Look, Table};

/// How long after connecting a host may take until it is connected to as well.
const PATIENCE: Duration = Duration::from_secs(5);

/// How to ask.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Args {
    /// How often each host is asked, one question after the other
    #[arg(short = 'n', long, default_value_t = 3, value_name = "TIMES")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=1_000))]
    count: u32,
}

/// What one host had to say.
#[derive(Debug)]
struct Answers {
    protocol: Option<ProtocolVersion>,
    /// As the server names it; of servers before 4.1, and for users who may not look, nothing.
    tls: Option<String>,
    times: Vec<Duration>,
}

/// Asks each host, those of other data centers too, all at once.
pub(crate) async fn run(connection: &ConnectionArgs, args: &Args) -> Result<(), Failure> {
    let settings = Settings::of(connection)?;
    let session = connect::connect(connect::every_host(settings.builder()?)).await?;
    let topology = session.topology();
    let mut hosts: Vec<&Arc<Host>> = topology.hosts().iter().collect();
    hosts.sort_by_key(|host| (host.data_center(), host.rack(), host.address().to_string()));
    let asked = hosts.iter().map(|host| ask(&session, host, args.count, settings.is_encrypted()));
    let answers = join_all(asked).await;
    tell(&session, &hosts, &answers, settings.is_encrypted())?;
    session.close(PATIENCE).await;
    let failed = answers.iter().filter(|answers| answers.is_err()).count();
    match failed {
        0 => Ok(()),
        failed => {
            let hosts = hosts.len();
            Err(Failure::refused(format_args!("{failed} of {hosts} hosts did not answer")))
        }
    }
}

async fn ask(
    session: &Session,
    host: &Host,
    count: u32,
    is_encrypted: bool,
) -> Result<Answers, String> {
    connect::connected(host, PATIENCE).await?;
    let mut answers = Answers { protocol: None, tls: None, times: Vec::new() };
    for _ in 0..count {
        let question = session.query("SELECT key FROM system.local", ());
        let began = Instant::now();
        let answer = question.host(host.id()).retry_policy(NeverRetry).await;
        let answer = answer.map_err(|error| error.to_string())?;
        answers.times.push(began.elapsed());
        answers.protocol = answer.page().protocol();
    }
    if is_encrypted {
        answers.tls = cipher(session, host).await;
    }
    Ok(answers)
}

/// A connection as the server has it: protocol and cipher of TLS, and what its client said of itself.
type Client = (Option<String>, Option<String>, HashMap<String, String>);

/// What the host says of the connections of this session.
async fn cipher(session: &Session, host: &Host) -> Option<String> {
    let text = "SELECT ssl_protocol, ssl_cipher_suite, client_options FROM system_views.clients";
    let clients = session.query(text, ()).host(host.id()).await.ok()?;
    let own = session.id().to_string();
    let mut rows = clients.rows::<Client>().ok()?.flatten();
    let (protocol, cipher, _) =
        rows.find(|(_, _, options)| options.get("SESSION_ID") == Some(&own))?;
    Some(format!("{} {}", protocol?, cipher?))
}

fn tell(
    session: &Session,
    hosts: &[&Arc<Host>],
    answers: &[Result<Answers, String>],
    is_encrypted: bool,
) -> Result<(), Failure> {
    let row = |(host, answers): (&&Arc<Host>, &Result<Answers, String>)| {
        let whose =
            [host.data_center(), host.rack(), host.release_version()].map(ToOwned::to_owned);
        let said = match answers {
            Ok(answers) => answers.columns(is_encrypted),
            Err(_) => ["down", "", "", "", ""].map(ToOwned::to_owned),
        };
        Table::texts([host.address().to_string()].into_iter().chain(whose).chain(said))
    };
    let rows: Vec<_> = hosts.iter().zip(answers).map(row).collect();
    let mut out = output::stdout();
    writeln!(out, "Cluster: {}", in_one_line(session.topology().cluster_name()))?;
    Table::of(&COLUMNS, Look::of_stdout()).whole(&rows, &mut out)?;
    out.flush()?;
    for (host, answers) in hosts.iter().zip(answers) {
        if let Err(why) = answers {
            output::notice(&format!("{}: {why}", host.address()));
        }
    }
    Ok(())
}

const COLUMNS: [&str; 9] =
    ["host", "dc", "rack", "version", "protocol", "TLS", "fastest", "mean", "slowest"];

impl Answers {
    /// The last five columns.
    fn columns(&self, is_encrypted: bool) -> [String; 5] {
        let protocol = self.protocol.map_or_else(String::new, |version| version.to_string());
        let tls = match &self.tls {
            Some(tls) => tls.clone(),
            None => if is_encrypted { "yes" } else { "no" }.to_owned(),
        };
        let count = u32::try_from(self.times.len()).unwrap_or(u32::MAX).max(1);
        let mean = self.times.iter().sum::<Duration>() / count;
        let fastest = self.times.iter().min().copied().unwrap_or_default();
        let slowest = self.times.iter().max().copied().unwrap_or_default();
        let [fastest, mean, slowest] = [fastest, mean, slowest].map(millis);
        [protocol, tls, fastest, mean, slowest]
    }
}

/// `0.42 ms`
fn millis(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1_000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_in_milliseconds_and_tls_as_far_as_it_is_known() {
        let times = [420, 1_000, 2_000].map(Duration::from_micros).to_vec();
        let answers = Answers { protocol: Some(ProtocolVersion::V5), tls: None, times };
        assert_eq!(answers.columns(false), ["v5", "no", "0.42 ms", "1.14 ms", "2.00 ms"]);
        assert_eq!(answers.columns(true)[1], "yes");
        let tls = Some("TLSv1.3 TLS_AES_256_GCM_SHA384".to_owned());
        let answers = Answers { protocol: None, tls, times: Vec::new() };
        let expected = ["", "TLSv1.3 TLS_AES_256_GCM_SHA384", "0.00 ms", "0.00 ms", "0.00 ms"];
        assert_eq!(answers.columns(true), expected);
    }
}
