//! What the metadata service says: the hosts by their ids, and the proxy that leads to them.

use std::error::Error;
use std::pin::pin;

use bytes::Bytes;
use cqlwire_codec::in_one_line;
use cqlwire_net::rustls;
use cqlwire_net::rustls::pki_types::ServerName;
use cqlwire_net::{Deadline, Endpoint, InvalidEndpoint, Settings, dial_tcp};
use http_body_util::{BodyExt, Empty, LengthLimitError, Limited};
use hyper::client::conn::http1;
use hyper::header::{ACCEPT, HOST, USER_AGENT};
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use uuid::Uuid;

use super::bundle::Bundle;

/// The longest answer that is read, in bytes.
const LONGEST: usize = 1 << 20;

/// The most hosts that are taken for contact points.
const MOST_HOSTS: usize = 1_000;

/// The most characters of it that an error shows.
const MOST_SHOWN: usize = 100;

/// Where the hosts are.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Metadata {
    pub(super) local_data_center: Option<String>,
    /// By their ids, at least one.
    pub(super) hosts: Vec<Uuid>,
    pub(super) proxy: Endpoint,
}

impl Metadata {
    /// To whom the certificates of the proxy are made out.
    pub(super) fn proxy_host(&self) -> String {
        self.proxy.host()
    }

    fn read(json: &[u8]) -> Result<Self, String> {
        let json: Value =
            serde_json::from_slice(json).map_err(|error| format!("it answers no JSON: {error}"))?;
        let info = json.get("contact_info").ok_or("it answers without `contact_info`")?;
        let text = |name: &str| info.get(name).and_then(Value::as_str);
        let proxy = text("sni_proxy_address").ok_or("it names no `sni_proxy_address`")?;
        let proxy: Endpoint = proxy.parse().map_err(|error: InvalidEndpoint| {
            let text = shown(proxy);
            format!("its `sni_proxy_address`: `{text}` is no host:port: {}", error.why)
        })?;
        // Before hosts are looked for there.
        let is_certified = ServerName::try_from(proxy.host()).is_ok();
        if proxy.path().is_some() || proxy.port() == 0 || !is_certified {
            let text = shown(&proxy.to_string());
            return Err(format!("its `sni_proxy_address`: there is no proxy at `{text}`"));
        }
        let hosts = info.get("contact_points").and_then(Value::as_array);
        let hosts =
            hosts.filter(|hosts| !hosts.is_empty()).ok_or("it names no `contact_points`")?;
        let id = |host: &Value| {
            let id = host.as_str().and_then(|id| id.parse().ok());
            let none = || {
                let host = shown(&host.to_string());
                format!("one of its `contact_points` is the id of no host: {host}")
            };
            id.ok_or_else(none)
        };
        let hosts = hosts.iter().take(MOST_HOSTS).map(id).collect::<Result<_, _>>()?;
        let local_data_center = text("local_dc").filter(|name| !name.is_empty());
        Ok(Self { local_data_center: local_data_center.map(str::to_owned), hosts, proxy })
    }
}

/// What it said, in one line and no more of it than tells what it is.
fn shown(text: &str) -> String {
    let cut: String = text.chars().take(MOST_SHOWN).collect();
    let more = if cut.len() < text.len() { "..." } else { "" };
    format!("{}{more}", in_one_line(&cut))
}

/// Why the service does not help.
#[derive(Debug)]
pub(super) struct NoHelp {
    pub(super) why: String,
    /// Another time it may: it is not there, or not well.
    pub(super) may_pass: bool,
}

impl NoHelp {
    fn for_good(why: impl Into<String>) -> Self {
        Self { why: why.into(), may_pass: false }
    }

    fn for_now(why: impl Into<String>) -> Self {
        Self { why: why.into(), may_pass: true }
    }
}

/// An error with its causes.
fn told(error: &dyn Error) -> String {
    let (mut text, mut source) = (error.to_string(), error.source());
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

/// Asks it, once. Sockets are as these settings have them.
pub(super) async fn ask(
    bundle: &Bundle,
    settings: &Settings,
    deadline: Deadline,
) -> Result<Metadata, NoHelp> {
    let stream = TokioIo::new(connect(bundle, settings, deadline).await?);
    let passing = |error: hyper::Error| NoHelp::for_now(told(&error));
    let (mut sender, connection) = http1::handshake(stream).await.map_err(passing)?;
    let request = Request::get("/metadata")
        .header(HOST, bundle.authority())
        .header(ACCEPT, "application/json")
        .header(USER_AGENT, concat!("cqlwire/", env!("CARGO_PKG_VERSION")))
        .body(Empty::<Bytes>::new())
        .map_err(|error| NoHelp::for_good(told(&error)))?;
    let asking = async {
        let response = sender.send_request(request).await.map_err(passing)?;
        body(response).await
    };
    // Bytes move only while the connection is polled; it may be over before its answer is read.
    let (mut asking, mut connection, mut is_over) = (pin!(asking), pin!(connection), false);
    loop {
        tokio::select! {
            answer = &mut asking => return Metadata::read(&answer?).map_err(NoHelp::for_good),
            _ = &mut connection, if !is_over => is_over = true,
        }
    }
}

/// TLS to it, in which each knows who the other is.
async fn connect(
    bundle: &Bundle,
    settings: &Settings,
    deadline: Deadline,
) -> Result<TlsStream<TcpStream>, NoHelp> {
    let host = bundle.host();
    let config = bundle.config(&host).map_err(|error| NoHelp::for_good(told(&error)))?;
    let name = ServerName::try_from(host).map_err(|error| NoHelp::for_good(told(&error)))?;
    let stream = dial_tcp(&bundle.service, settings, deadline).await;
    let stream = stream.map_err(|error| NoHelp::for_now(told(&error)))?;
    let connecting = TlsConnector::from(config).connect(name, stream).await;
    // What TLS itself says is wrong stays so; a socket that is lost does not.
    connecting.map_err(|error| {
        match error.get_ref().is_some_and(<dyn Error + Send + Sync>::is::<rustls::Error>) {
            true => NoHelp::for_good(told(&error)),
            false => NoHelp::for_now(told(&error)),
        }
    })
}

async fn body(response: Response<hyper::body::Incoming>) -> Result<Bytes, NoHelp> {
    let status = response.status();
    if status != StatusCode::OK {
        let may_pass = status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS;
        return Err(NoHelp { why: format!("it answers {status}"), may_pass });
    }
    let body = Limited::new(response.into_body(), LONGEST).collect().await;
    let body = body.map_err(|error| {
        let may_pass = !error.is::<LengthLimitError>();
        NoHelp { why: format!("its answer: {error}"), may_pass }
    })?;
    Ok(body.to_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_and_what_is_missing_in_it_is_named() {
        let id = "6f1c2f5e-7a64-4f3d-9e53-0d3bde2a6c11";
        let json = format!(
            r#"{{"version": 1, "contact_info": {{"type": "sni_proxy", "local_dc": "eu",
                "contact_points": ["{id}"], "sni_proxy_address": "proxy.example:29042"}}}}"#
        );
        let metadata = Metadata::read(json.as_bytes()).unwrap();
        let expected = Metadata {
            local_data_center: Some("eu".to_owned()),
            hosts: vec![id.parse().unwrap()],
            proxy: "proxy.example:29042".parse().unwrap(),
        };
        assert_eq!(metadata, expected);
        for (from, to, says) in [
            ("{", "", "no JSON"),
            ("contact_info", "x", "`contact_info`"),
            ("sni_proxy_address", "x", "`sni_proxy_address`"),
            ("proxy.example:29042", "a b", "`sni_proxy_address`"),
            ("contact_points", "x", "`contact_points`"),
            (id, "10.0.0.1", "the id of no host: \"10.0.0.1\""),
        ] {
            let error = Metadata::read(json.replacen(from, to, 1).as_bytes()).unwrap_err();
            assert!(error.contains(says), "{error}");
        }
    }
}
