//! A secure connect bundle: a zip with certificates, and where the metadata service is.

use std::fs::File;
use std::io::{self, Read};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use cqlwire_net::rustls::ClientConfig;
use cqlwire_net::secrecy::{ExposeSecret, SecretSlice};
use cqlwire_net::{Endpoint, InvalidEndpoint, TlsSettingsError, tls_config_expecting};
use serde_json::Value;
use zip::ZipArchive;

/// The longest file in it that is read, in bytes.
const LONGEST: u64 = 1 << 20;

/// What is needed of it.
pub(super) struct Bundle {
    /// The metadata service.
    pub(super) service: Endpoint,
    authorities: Vec<u8>,
    chain: Vec<u8>,
    key: SecretSlice<u8>,
}

impl Bundle {
    /// Reads it, and says what is wrong with it.
    pub(super) fn read(path: &Path) -> Result<Self, String> {
        let unreadable = |error: io::Error| format!("it cannot be read: {error}");
        // Before it is opened: a pipe is opened only once somebody writes into it.
        if !path.metadata().map_err(unreadable)?.is_file() {
            return Err("it is no regular file".to_owned());
        }
        let file = File::open(path).map_err(unreadable)?;
        let mut zip = ZipArchive::new(file)
            .map_err(|error| format!("it is no secure connect bundle: {error}"))?;
        let config = entry(&mut zip, "config.json")?;
        let config: Value = serde_json::from_slice(&config)
            .map_err(|error| format!("its config.json is no JSON: {error}"))?;
        let host = config.get("host").and_then(Value::as_str).filter(|host| !host.is_empty());
        let port = config.get("port").and_then(port);
        let host = host.ok_or("its config.json has no `host`")?;
        let port: u16 = port.ok_or("its config.json has no `port` of 1 to 65535")?;
        let address = host.parse().map(|ip| SocketAddr::new(ip, port).into());
        let service = address.or_else(|_| format!("{host}:{port}").parse());
        let no_host = |error: InvalidEndpoint| format!("the `host` of its config.json: {error}");
        Ok(Self {
            service: service.map_err(no_host)?,
            authorities: entry(&mut zip, "ca.crt")?,
            chain: entry(&mut zip, "cert")?,
            key: entry(&mut zip, "key")?.into(),
        })
    }

    /// Where it is asked.
    pub(super) fn url(&self) -> String {
        format!("https://{}/metadata", self.authority())
    }

    /// Its name, or its address, and its port, as in a URL.
    pub(super) fn authority(&self) -> String {
        self.service.to_string()
    }

    /// Its name, or its address.
    pub(super) fn host(&self) -> String {
        self.service.host()
    }

    /// A client's side of TLS, for servers whose certificates are made out to this name.
    pub(super) fn config(&self, name: &str) -> Result<Arc<ClientConfig>, TlsSettingsError> {
        let client = Some((&*self.chain, self.key.expose_secret()));
        tls_config_expecting(name, &self.authorities, client)
    }
}

/// A number, or a text with one.
fn port(value: &Value) -> Option<u16> {
    let number = value.as_u64().or_else(|| value.as_str()?.parse().ok())?;
    u16::try_from(number).ok().filter(|port| *port != 0)
}

fn entry(zip: &mut ZipArchive<File>, name: &str) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let read = |error: io::Error| format!("its {name} cannot be read: {error}");
    let file = zip.by_name(name).map_err(|error| format!("its {name}: {error}"))?;
    file.take(LONGEST + 1).read_to_end(&mut bytes).map_err(read)?;
    if bytes.len() as u64 > LONGEST {
        return Err(format!("its {name} is longer than 1 MiB"));
    }
    Ok(bytes)
}
