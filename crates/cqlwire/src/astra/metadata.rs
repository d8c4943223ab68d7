//! What the metadata service says: the hosts by their ids, and the proxy that leads to them.

use std::pin::pin;

use bytes::Bytes;
use cqlwire_net::rustls::pki_types::ServerName;
use cqlwire_net::{Endpoint, InvalidEndpoint};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::client::conn::http1;
use hyper::header::{ACCEPT, HOST, USER_AGENT};
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
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
    let mut shown = String::new();
    for c in text.chars().take(MOST_SHOWN) {
        match c.is_control() {
            true => shown.extend(c.escape_default()),
            false => shown.push(c),
        }
    }
    if text.chars().nth(MOST_SHOWN).is_some() {
        shown.push_str("...");
    }
    shown
}

/// Asks it.
pub(super) async fn ask(bundle: &Bundle) -> Result<Metadata, String> {
    let failed = |error: &dyn std::error::Error| {
        let mut text = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            text = format!("{text}: {cause}");
            source = cause.source();
        }
        text
    };
    let (host, port) = (bundle.host.as_str(), bundle.port);
    let config = bundle.config(host).map_err(|error| failed(&error))?;
    let name = ServerName::try_from(host.to_owned()).map_err(|error| failed(&error))?;
    let stream = TcpStream::connect((host, port)).await.map_err(|error| failed(&error))?;
    let stream = TlsConnector::from(config).connect(name, stream);
    let stream = TokioIo::new(stream.await.map_err(|error| failed(&error))?);
    let (mut sender, connection) =
        http1::handshake(stream).await.map_err(|error| failed(&error))?;
    let request = Request::get("/metadata")
        .header(HOST, format!("{host}:{port}"))
        .header(ACCEPT, "application/json")
        .header(USER_AGENT, concat!("cqlwire/", env!("CARGO_PKG_VERSION")))
        .body(Empty::<Bytes>::new())
        .map_err(|error| failed(&error))?;
    let asking = async {
        let response = sender.send_request(request).await.map_err(|error| failed(&error))?;
        body(response).await
    };
    // Bytes move only while the connection is polled; it may be over before its answer is read.
    let (mut asking, mut connection, mut is_over) = (pin!(asking), pin!(connection), false);
    loop {
        tokio::select! {
            answer = &mut asking => return Metadata::read(&answer?),
            _ = &mut connection, if !is_over => is_over = true,
        }
    }
}

async fn body(response: Response<hyper::body::Incoming>) -> Result<Bytes, String> {
    if response.status() != StatusCode::OK {
        return Err(format!("it answers {}", response.status()));
    }
    let body = Limited::new(response.into_body(), LONGEST).collect().await;
    Ok(body.map_err(|error| format!("its answer: {error}"))?.to_bytes())
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
