//! Certificates that may be others tomorrow: asked for at each connection, and the last good ones in
//! the meantime.
//!
//! ```text
//!               loaded                       loaded: the new ones
//!   nothing yet -------> good --------------------------------------> good
//!        |                 |  cannot be loaded: the last good ones, and a WARN
//!        +--> the attempt  +----------------------------------------> good
//!     cannot  fails
//!     be loaded
//! ```

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustls::ClientConfig;

use super::TlsSettingsError;
use crate::user_code::awaited;
use crate::{ConnectCause, SessionLog, UserCode};

/// How often it is said at most that certificates cannot be loaded.
const EVERY: Duration = Duration::from_secs(60);

/// Why there is nothing to speak TLS with: shown to whoever connects, so without secrets.
pub type TlsSourceError = Box<dyn std::error::Error + Send + Sync>;

/// A configuration of TLS that is being loaded.
pub type LoadingTls<'a> =
    Pin<Box<dyn Future<Output = Result<Arc<ClientConfig>, TlsSourceError>> + Send + 'a>>;

/// Where a client's side of TLS comes from: a vault, a sidecar, the memory of the program.
///
/// It is asked at each new connection, on the task that connects, within the deadline of the attempt;
/// its future is dropped when that passes. When it fails, or panics, what it gave last is used, and
/// the log says so.
pub trait TlsSource: fmt::Debug + Send + Sync + 'static {
    /// The configuration for the next connection: the same pointer as before, as long as nothing has
    /// changed, so that TLS sessions can be resumed. [`tls_config`](crate::tls_config) makes one from
    /// PEM.
    ///
    /// # Errors
    ///
    /// There is none to be had.
    fn load(&self) -> LoadingTls<'_>;
}

impl<S: TlsSource + ?Sized> TlsSource for Arc<S> {
    fn load(&self) -> LoadingTls<'_> {
        (**self).load()
    }
}

/// A source, and what it gave last.
#[derive(Debug)]
pub(super) struct Reloaded {
    source: Box<dyn TlsSource>,
    last: Mutex<Option<Arc<ClientConfig>>>,
}

impl Reloaded {
    pub(super) fn new(source: Box<dyn TlsSource>, last: Option<Arc<ClientConfig>>) -> Self {
        Self { source, last: Mutex::new(last) }
    }

    /// What to connect with now.
    pub(super) async fn load(&self, log: &SessionLog) -> Result<Arc<ClientConfig>, ConnectCause> {
        let loading = async { self.source.load().await };
        let cause = match awaited(UserCode::TlsSource, loading, log).await {
            Ok(Ok(config)) => {
                let before = self.swap(Arc::clone(&config));
                // Behind the lock: it may hold what users wrote.
                drop(before);
                return Ok(config);
            }
            Ok(Err(error)) => match error.downcast::<TlsSettingsError>() {
                Ok(error) => ConnectCause::TlsSettings(*error),
                Err(error) => ConnectCause::TlsSource(Arc::from(error)),
            },
            Err(panicked) => panicked,
        };
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(last) = last else { return Err(cause) };
        if let Some(passed_over) = log.now_and_then("certificates", (), EVERY) {
            tracing::warn!(
                session = %log.id(),
                error = %cause,
                passed_over,
                "the certificates for TLS cannot be loaded: the last good ones are used"
            );
        }
        Ok(last)
    }

    fn swap(&self, config: Arc<ClientConfig>) -> Option<Arc<ClientConfig>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).replace(config)
    }
}
