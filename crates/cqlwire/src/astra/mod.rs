//! Astra DB: a secure connect bundle says how a database is reached, and its metadata service
//! where its hosts are.
//!
//! ```text
//!   bundle.zip --> certificates, host:port
//!                       |
//!                       | GET https://host:port/metadata, with the client's certificate
//!                       v
//!             ids of hosts, proxy:port, data center
//!                       |
//!   TCP to the proxy, TLS with the id of a host as SNI --> that host
//! ```
//!
//! Nobody outside sees the addresses of hosts: each is known by its id, and reached by a dialer that
//! connects to the proxy and leaves it to TLS to say which host is meant.

mod bundle;
mod metadata;
mod proxy;

use std::path::PathBuf;
use std::sync::Arc;

use cqlwire_net::{Deadline, DeadlinePassed, InvalidEndpoint, Tls};

use self::bundle::Bundle;
use self::metadata::{Metadata, NoHelp};
use self::proxy::Proxy;
use crate::error::{Error, ErrorKind, TimeoutPhase};

const SETTING: &str = "secure_connect_bundle";

/// Completes the settings of a cluster by what the bundle in this file says.
///
/// # Cancel safety
///
/// Dropped, the connection to the metadata service is closed; a file may be read to its end.
pub(crate) async fn complete(
    settings: &mut cqlwire_cluster::Settings,
    path: PathBuf,
    deadline: Deadline,
) -> Result<(), Error> {
    let refused = |why: String| Error::from(ErrorKind::Settings { setting: SETTING.into(), why });
    contradiction(settings).map_or(Ok(()), |other| {
        Err(refused(format!("it says what `{other}` says: one of both has to go")))
    })?;
    let completing = async {
        let shown = path.display().to_string();
        let reading = tokio::task::spawn_blocking(move || Bundle::read(&path));
        let bundle = reading.await.map_err(|error| error.to_string()).flatten();
        let bundle = bundle.map_err(|why| refused(format!("`{shown}`: {why}")))?;
        let metadata =
            ask(&bundle, settings, deadline).await?.map_err(|NoHelp { why, .. }| {
                refused(format!("its metadata service {} does not help: {why}", bundle.url()))
            })?;
        let config = bundle.config(&metadata.proxy_host());
        Ok((metadata, Tls::with_config(config.map_err(|why| refused(why.to_string()))?)))
    };
    let (metadata, tls) = deadline.bound(completing).await.map_err(timeout).flatten()?;
    reach(settings, metadata, tls).map_err(|error| refused(error.to_string()))
}

fn timeout(_: DeadlinePassed) -> Error {
    ErrorKind::Timeout { phase: TimeoutPhase::Connect, host: None, of_attempt: false }.into()
}

/// Asks the metadata service; again and again, if the settings want that, until the deadline.
async fn ask(
    bundle: &Bundle,
    settings: &cqlwire_cluster::Settings,
    deadline: Deadline,
) -> Result<Result<Metadata, NoHelp>, Error> {
    let pool = &settings.pool;
    let mut failures = 0;
    loop {
        let attempt = match settings.reconnect_on_init {
            true => deadline.within(pool.connect_timeout),
            false => deadline,
        };
        let asking = metadata::ask(bundle, &pool.connection, attempt);
        let failed = match attempt.bound(asking).await {
            Ok(Ok(metadata)) => return Ok(Ok(metadata)),
            Ok(Err(failed)) => failed,
            Err(passed) if deadline.remaining().is_zero() => return Err(timeout(passed)),
            Err(_) => NoHelp { why: "it is silent".to_owned(), may_pass: true },
        };
        failures += 1;
        let wait = pool.backoff.after(failures);
        let gives_up = !settings.reconnect_on_init || !failed.may_pass;
        if gives_up || deadline.remaining() <= wait {
            return Ok(Err(failed));
        }
        let session = pool.connection.log.id();
        tracing::warn!(%session, service = bundle.url(), error = failed.why, "not connected yet");
        tokio::time::sleep(wait).await;
    }
}

/// What is set beside the bundle and says the same.
fn contradiction(settings: &cqlwire_cluster::Settings) -> Option<&'static str> {
    let default = cqlwire_cluster::Settings::default();
    let connection = &settings.pool.connection;
    let others = [
        ("contact_points", settings.contact_points != default.contact_points),
        ("tls", connection.tls.is_some()),
        ("dialer", connection.dialer.is_some()),
        ("address_translator", settings.address_translator.is_some()),
    ];
    others.into_iter().find(|(_, is_set)| *is_set).map(|(name, _)| name)
}

fn reach(
    settings: &mut cqlwire_cluster::Settings,
    metadata: Metadata,
    tls: Tls,
) -> Result<(), InvalidEndpoint> {
    let Metadata { local_data_center, hosts, proxy } = metadata;
    let (connection, timeout) = (settings.pool.connection.clone(), settings.pool.connect_timeout);
    let proxy = Arc::new(Proxy { endpoint: proxy, settings: connection, timeout });
    let points: Result<_, _> = hosts.iter().map(|host| proxy.endpoint(*host)).collect();
    settings.contact_points = points?;
    settings.local_data_center = settings.local_data_center.take().or(local_data_center);
    settings.address_translator = Some(Arc::<Proxy>::clone(&proxy));
    settings.pool.connection.dialer = Some(proxy);
    settings.pool.connection.tls = Some(tls);
    Ok(())
}
