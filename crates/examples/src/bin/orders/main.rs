//! A service: orders over HTTP, kept in Cassandra.
//!
//! | request | what it shows |
//! |---|---|
//! | `PUT /customers/{customer}/orders/{id}` | two tables that agree in the end: a logged batch |
//! | `GET /customers/{customer}/orders?after=…` | a list by pages, each link a position |
//! | `PUT /stock/{sku}`, `PUT /stock/{sku}/reservations/{order}` | lightweight transactions, and what to do where none was heard of |
//! | `POST` and `GET /stock/{sku}/views` | counters |
//! | `GET /metrics`, `GET /ready` | for Prometheus and for whoever sends requests here |
//!
//! `store.rs` is what is asked of the database, `http.rs` what is asked of the service, `failure.rs`
//! which status an error is. Its tables are those of `migrations`; `CQLWIRE_URL` says where they are:
//! `cql://user:password@host1,host2/shop?local_dc=oslo`. `ORDERS_LISTEN` is where it listens, and
//! `RUST_LOG` what it logs: `info,cqlwire::request=debug` has each request to the database, within the
//! request of the service that it is for.

mod failure;
mod http;
mod store;
#[cfg(test)]
mod tests;

use std::env;
use std::error::Error;
use std::time::Duration;

use cqlwire::{ExecutionProfile, Session};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::sleep;
use tracing::{info, warn};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::prelude::*;

use crate::store::Store;

/// Whoever waits for an answer of this service has given up by then.
const TIMEOUT: Duration = Duration::from_secs(3);

/// How long requests that were begun may take once the service is to stop.
const GRACE: Duration = Duration::from_secs(10);

/// How long the database session may take to close after that. Nothing is asked any more by then.
const CLOSE: Duration = Duration::from_secs(5);

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let wanted: Targets = env::var("RUST_LOG").unwrap_or_else(|_| "info".to_owned()).parse()?;
    // The end of a span is a line, with how long it took. To send spans elsewhere, put a layer of
    // `tracing-opentelemetry` beside this one.
    let lines = tracing_subscriber::fmt::layer().with_span_events(FmtSpan::CLOSE);
    tracing_subscriber::registry().with(lines.with_filter(wanted)).init();

    let url = env::var("CQLWIRE_URL").unwrap_or_else(|_| "cql://127.0.0.1/shop".to_owned());
    let session = Session::builder()
        .profile(ExecutionProfile::default().timeout(TIMEOUT))
        // What the URL says comes later, so it is what counts.
        .url(&url)
        .application_name("orders")
        .connect()
        .await?;
    // A statement that the database does not understand is found here, and not by a customer.
    let store = Store::prepare(session.clone()).await?;

    let listen = env::var("ORDERS_LISTEN").unwrap_or_else(|_| "127.0.0.1:8080".to_owned());
    let listener = TcpListener::bind(listen).await?;
    info!(address = %listener.local_addr()?, "listening");
    serve(listener, store).await?;

    // Only now: requests that were let finish still had their session.
    session.close(CLOSE).await;
    info!(left = %session.resources(), "stopped");
    Ok(())
}

/// Until it is to stop, and all requests have their answers, or the time for that has passed.
async fn serve(listener: TcpListener, store: Store) -> Result<(), Box<dyn Error>> {
    let (stop, stopping) = watch::channel(false);
    let asked = asked_to_stop()?;
    tokio::spawn(async move {
        asked.await;
        stop.send_replace(true);
    });
    let is_stopping = |mut stopping: watch::Receiver<bool>| async move {
        // An error says that nobody can ask any more, which is an end as well.
        let _asked = stopping.wait_for(|stopping| *stopping).await;
    };
    // It accepts nothing more, and each connection closes behind the answer that it owes.
    let server = axum::serve(listener, http::router(store))
        .with_graceful_shutdown(is_stopping(stopping.clone()));
    tokio::select! {
        ended = server.into_future() => ended?,
        () = async { is_stopping(stopping).await; sleep(GRACE).await } => {
            warn!("requests are still under way, and are cut off");
        }
    }
    Ok(())
}

/// Waits for SIGTERM, which is how services are stopped, or Ctrl-C. It listens from now on.
#[cfg(unix)]
fn asked_to_stop() -> std::io::Result<impl Future<Output = ()> + Send + 'static> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut terminate, mut interrupt) =
        (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Waits for Ctrl-C.
#[cfg(not(unix))]
fn asked_to_stop() -> std::io::Result<impl Future<Output = ()> + Send + 'static> {
    let mut interrupt = tokio::signal::windows::ctrl_c()?;
    Ok(async move {
        interrupt.recv().await;
    })
}
