//! Certificates in files that somebody replaces while the program runs.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rustls::{ClientConfig, RootCertStore};
use secrecy::{ExposeSecret, SecretSlice};

use super::pem::{self, AUTHORITIES, CHAIN, KEY, Pem};
use super::{LoadingTls, TlsSettingsError, TlsSource};

/// The longest file that is read, in bytes; the bundles of whole systems have half a megabyte.
const LONGEST: u64 = 8 << 20;

/// Where the certificates of a client are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    authorities: Authorities,
    /// The chain and its key.
    client: Option<(PathBuf, PathBuf)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Authorities {
    File(PathBuf),
    #[cfg(feature = "system-roots")]
    System,
}

impl TlsFiles {
    /// Trusts servers whose certificates the authorities in this file (PEM, one or more) have signed.
    pub fn trusting(authorities: impl Into<PathBuf>) -> Self {
        Self { authorities: Authorities::File(authorities.into()), client: None }
    }

    /// Trusts the authorities that the system trusts, as
    /// [`Tls::trusting_system`](super::Tls::trusting_system) does.
    #[cfg(feature = "system-roots")]
    pub const fn trusting_system() -> Self {
        Self { authorities: Authorities::System, client: None }
    }

    /// Shows the chain in this file, leaf first, to servers that ask for a certificate; the file of
    /// its private key may be the same. Both PEM.
    #[must_use]
    pub fn client_auth(mut self, chain: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        self.client = Some((chain.into(), key.into()));
        self
    }

    fn read(&self) -> Result<Contents, TlsSettingsError> {
        let authorities = match &self.authorities {
            Authorities::File(path) => Some(read(AUTHORITIES, path)?),
            #[cfg(feature = "system-roots")]
            Authorities::System => None,
        };
        let client = match &self.client {
            Some((chain, key)) => Some((read(CHAIN, chain)?, read(KEY, key)?.into())),
            None => None,
        };
        Ok(Contents { authorities, client })
    }

    fn config(&self, contents: &Contents) -> Result<ClientConfig, TlsSettingsError> {
        let named = |what: &str, path: &Path| format!("{what} in `{}`", path.display());
        let roots = self.roots(contents)?;
        let (Some((chain, key)), Some((chain_text, key_text))) = (&self.client, &contents.client)
        else {
            return pem::config(roots, None);
        };
        let (chain, key) = (named(CHAIN, chain), named(KEY, key));
        let chain = Pem { what: &chain, text: chain_text };
        let key = Pem { what: &key, text: key_text.expose_secret() };
        pem::config(roots, Some((chain, key)))
    }

    fn roots(&self, contents: &Contents) -> Result<RootCertStore, TlsSettingsError> {
        match &self.authorities {
            Authorities::File(path) => {
                let what = format!("{AUTHORITIES} in `{}`", path.display());
                let text = contents.authorities.as_deref().unwrap_or_default();
                pem::authorities(Pem { what: &what, text })
            }
            #[cfg(feature = "system-roots")]
            Authorities::System => super::system::roots(),
        }
    }
}

/// What is in the files.
struct Contents {
    /// `None` if they are the system's.
    authorities: Option<Vec<u8>>,
    client: Option<(Vec<u8>, SecretSlice<u8>)>,
}

impl Contents {
    fn is_same(&self, other: &Self) -> bool {
        let same_client = match (&self.client, &other.client) {
            (None, None) => true,
            (Some((chain, key)), Some((other_chain, other_key))) => {
                chain == other_chain && key.expose_secret() == other_key.expose_secret()
            }
            _ => false,
        };
        // Those of the system are read anew by whoever connects anew.
        same_client && self.authorities.is_some() && self.authorities == other.authorities
    }
}

fn read(what: &'static str, path: &Path) -> Result<Vec<u8>, TlsSettingsError> {
    let failed = |error: io::Error| TlsSettingsError::File {
        what,
        path: path.to_owned(),
        error: error.into(),
    };
    // Before it is opened: a pipe is opened only once somebody writes into it, and until then the thread
    // that does so is lost, one with each attempt to connect.
    let found = path.metadata().map_err(failed)?;
    if !found.is_file() {
        return Err(failed(io::Error::other("it is no regular file")));
    }
    let file = File::open(path).map_err(failed)?;
    let length = file.metadata().map_err(failed)?.len().min(LONGEST);
    // A key leaves no copies of itself where a text that grows has been.
    let mut text = Vec::with_capacity(usize::try_from(length).unwrap_or(0));
    file.take(LONGEST + 1).read_to_end(&mut text).map_err(failed)?;
    if text.len() as u64 > LONGEST {
        return Err(failed(io::Error::other("it is longer than 8 MiB")));
    }
    Ok(text)
}

/// The files, and what was last made of them.
#[derive(Debug)]
pub(super) struct Watched(Arc<State>);

struct State {
    files: TlsFiles,
    known: Mutex<(Contents, Arc<ClientConfig>)>,
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.files.fmt(f)
    }
}

impl Watched {
    /// Reads them for the first time.
    pub(super) fn new(files: TlsFiles) -> Result<(Self, Arc<ClientConfig>), TlsSettingsError> {
        let contents = files.read()?;
        let config = Arc::new(files.config(&contents)?);
        let known = Mutex::new((contents, Arc::clone(&config)));
        Ok((Self(Arc::new(State { files, known })), config))
    }
}

impl State {
    /// Reads them again: they are short, and what a stamp says of a file is not to be relied on, on a
    /// network's file system, under a link that was turned, or within the tick of a clock.
    fn load(&self) -> Result<Arc<ClientConfig>, TlsSettingsError> {
        let contents = self.files.read()?;
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if !known.0.is_same(&contents) {
            let config = Arc::new(self.files.config(&contents)?);
            *known = (contents, config);
        }
        Ok(Arc::clone(&known.1))
    }
}

impl TlsSource for Watched {
    fn load(&self) -> LoadingTls<'_> {
        let state = Arc::clone(&self.0);
        Box::pin(async move { Ok(tokio::task::spawn_blocking(move || state.load()).await??) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is wiped is then all that there was of it.
    #[test]
    fn a_file_is_read_into_memory_of_its_own_length() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("key");
        for length in [1, 33, 1_704, 40_000] {
            std::fs::write(&path, vec![b'k'; length]).unwrap();
            let text = read(KEY, &path).unwrap();
            assert_eq!((text.len(), text.capacity()), (length, length));
        }
    }
}
