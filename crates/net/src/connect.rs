//! From a name to a connection: every address, every version, one deadline for all of it.

use std::net::SocketAddr;

use cqlwire_codec::{FramingError, ProtocolVersion};
use tokio::net::TcpStream;

use crate::deadline::{Deadline, DeadlinePassed};
use crate::dial::ByteStream;
use crate::handshake::{Established, Failure, Progress, connect_error, shake_hands};
use crate::{ConnectCause, ConnectError, ConnectPhase, Connection, Endpoint, Settings};

pub(crate) async fn connect(
    endpoint: &Endpoint,
    settings: &Settings,
    deadline: Deadline,
) -> Result<Connection, ConnectError> {
    let mut attempt = Attempt {
        endpoint,
        settings,
        deadline,
        name: endpoint.to_string(),
        address: None,
        progress: Progress { phase: ConnectPhase::Resolve },
    };
    let cause = match deadline.bound(attempt.run()).await {
        Ok(Ok(connection)) => return Ok(connection),
        Ok(Err(cause)) => cause,
        Err(_) => ConnectCause::DeadlinePassed,
    };
    let Attempt { name, address, progress, .. } = &attempt;
    Err(connect_error(name, *address, progress.phase, deadline.elapsed(), cause))
}

/// One attempt, and how far it has got.
struct Attempt<'a> {
    endpoint: &'a Endpoint,
    settings: &'a Settings,
    deadline: Deadline,
    name: String,
    address: Option<SocketAddr>,
    progress: Progress,
}

impl Attempt<'_> {
    /// Tries the versions from the newest to the oldest, each on a new socket: a server that
    /// refused one does not reliably read on.
    async fn run(&mut self) -> Result<Connection, ConnectCause> {
        let (oldest, newest) = (self.settings.oldest_version, self.settings.newest_version);
        let mut version = newest;
        loop {
            let refused = match self.in_version(version).await {
                Ok(connection) => return Ok(connection),
                Err(Failure::Cause(cause)) => return Err(cause),
                Err(Failure::Version(refused)) => refused,
            };
            match refused.next.filter(|next| *next >= oldest) {
                Some(next) => version = next,
                None => return Err(refused.cause(oldest, newest)),
            }
        }
    }

    async fn in_version(&mut self, version: ProtocolVersion) -> Result<Connection, Failure> {
        match &self.settings.dialer {
            None => {
                let stream = self.tcp().await?;
                self.over(stream, version).await
            }
            Some(dialer) => {
                self.progress.phase = ConnectPhase::Tcp;
                let stream = dialer.dial(self.endpoint).await?;
                self.over(stream, version).await
            }
        }
    }

    /// TLS, if it is asked for, and the handshake.
    async fn over<S>(&mut self, stream: S, version: ProtocolVersion) -> Result<Connection, Failure>
    where
        S: ByteStream + 'static,
    {
        let Some(tls) = &self.settings.tls else {
            let shaken = shake_hands(stream, version, self.settings, &mut self.progress).await;
            return self.start(shaken);
        };
        self.progress.phase = ConnectPhase::Tls;
        let name = tls.name_for(self.endpoint).map_err(ConnectCause::from)?;
        let stream = tls.connector().connect(name, stream).await?;
        let shaken = shake_hands(stream, version, self.settings, &mut self.progress).await;
        self.start(shaken)
    }

    fn start<S>(&self, shaken: Result<Established<S>, Failure>) -> Result<Connection, Failure>
    where
        S: ByteStream + 'static,
    {
        match shaken {
            Ok(established) => Ok(Connection::start(established, &self.name, self.settings)),
            // 2.0 and older answer in a format that has no place in the other versions.
            Err(Failure::Cause(ConnectCause::Framing(FramingError::VersionTooOld {
                number,
                message,
            }))) => Err(ConnectCause::NoCommonVersion {
                oldest: self.settings.oldest_version,
                newest: self.settings.newest_version,
                said: message.unwrap_or_else(|| format!("it answers in v{number}")),
            }
            .into()),
            Err(other) => Err(other),
        }
    }

    /// A socket to the first address that takes one. The time that is left is shared out evenly
    /// among those not tried yet, so that one which never answers does not keep the others from
    /// their turn.
    async fn tcp(&mut self) -> Result<TcpStream, ConnectCause> {
        self.progress.phase = ConnectPhase::Resolve;
        self.address = None;
        let addresses = self.endpoint.resolve().await?;
        self.progress.phase = ConnectPhase::Tcp;
        let mut last = ConnectCause::NoAddress;
        for (address, untried) in addresses.iter().zip((1..=addresses.len()).rev()) {
            self.address = Some(*address);
            let share = self.deadline.remaining() / u32::try_from(untried).unwrap_or(u32::MAX);
            match Deadline::after(share).bound(TcpStream::connect(address)).await {
                Ok(Ok(stream)) => {
                    // Requests that gather are written together already; waiting for more to
                    // gather in the kernel would only cost time.
                    stream.set_nodelay(true)?;
                    return Ok(stream);
                }
                Ok(Err(error)) => last = error.into(),
                // The last address has all of the time that is left.
                Err(DeadlinePassed) => last = ConnectCause::DeadlinePassed,
            }
        }
        Err(last)
    }
}
