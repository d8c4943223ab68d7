//! From a name to a connection: every address, every version, one deadline for all of it.
//!
//! Each address has an attempt of its own, from the socket to the end of the handshake; the next one
//! begins while the last is still silent ([`Race`]), and the first that is done wins.

use cqlwire_codec::{FramingError, ProtocolVersion};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::dial::ByteStream;
use crate::handshake::{Established, Failure, Peer, Progress, establish, shake_hands};
use crate::socket::{tcp, unix};
use crate::user_code::awaited;
use crate::{
    ConnectCause, ConnectError, ConnectPhase, Connection, Deadline, Endpoint, Race, ServerAddress,
    Settings, UserCode,
};

impl Connection {
    /// Connects to one of the servers that the endpoint stands for: looks the name up, and tries
    /// each of its addresses as [`open_at`](Self::open_at) does, the next one beginning
    /// [`attempt_delay`](Settings::attempt_delay) after the last. The first whose handshake is done
    /// is taken, and the others are given up.
    ///
    /// # Errors
    ///
    /// [`ConnectError`] says to whom, in which phase, after how long and why; of several addresses,
    /// of each. Nothing is left behind.
    ///
    /// # Cancel safety
    ///
    /// Dropped at any point, all sockets are closed; no request was sent but those of handshakes.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime with I/O and time.
    pub async fn open(
        endpoint: &Endpoint,
        settings: &Settings,
        deadline: Deadline,
    ) -> Result<Self, ConnectError> {
        let addresses = endpoint.addresses(settings, deadline).await?;
        if let [address] = &addresses[..] {
            return Self::open_at(address, settings, deadline).await;
        }
        Self::open_any(&endpoint.to_string(), &addresses, settings, deadline).await
    }

    /// Connects to the first of these that does its handshake.
    pub(crate) async fn open_any(
        name: &str,
        addresses: &[ServerAddress],
        settings: &Settings,
        deadline: Deadline,
    ) -> Result<Self, ConnectError> {
        let mut race = Race::new(settings.attempt_delay, deadline);
        for (index, address) in addresses.iter().enumerate() {
            race.enter(async move { (index, Self::open_at(address, settings, deadline).await) });
        }
        let mut failed = Vec::with_capacity(addresses.len());
        while let Some((index, outcome)) = race.next().await {
            match outcome {
                Ok(connection) => return Ok(connection),
                Err(error) => failed.push((index, error)),
            }
        }
        failed.sort_unstable_by_key(|(index, _)| *index);
        let errors: Vec<_> = failed.into_iter().map(|(_, error)| error).collect();
        let phase = errors.last().map_or(ConnectPhase::Resolve, |error| error.phase);
        let cause = ConnectCause::EveryAddress(errors.into());
        Err(ConnectError::new(name, phase, deadline, cause))
    }

    /// Connects to the server at this address: speaks TLS if the settings say so, and does the
    /// handshake in the newest version that both sides speak.
    ///
    /// # Errors
    ///
    /// [`ConnectError`] says to whom, in which phase, after how long and why. Nothing is left behind.
    ///
    /// # Cancel safety
    ///
    /// Dropped at any point, the socket is closed; no request was sent but those of the handshake.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime with I/O and time.
    pub async fn open_at(
        address: &ServerAddress,
        settings: &Settings,
        deadline: Deadline,
    ) -> Result<Self, ConnectError> {
        let progress = Progress { phase: first_phase(address) };
        let mut attempt = Attempt { address, settings, progress };
        let cause = match deadline.bound(attempt.run()).await {
            Ok(Ok(connection)) => {
                let (session, version) = (settings.log.id(), connection.version());
                tracing::debug!(%session, host = %address, %version, "connection open");
                return Ok(connection);
            }
            Ok(Err(cause)) => cause,
            Err(_) => ConnectCause::DeadlinePassed,
        };
        let phase = attempt.progress.phase;
        let mut error = ConnectError::new(&address.named(), phase, deadline, cause);
        error.address = address.socket();
        error.over_tls = Some(settings.tls.is_some());
        tracing::debug!(session = %settings.log.id(), host = %address, reason = %error, "not connected");
        Err(error)
    }

    /// Does the handshake over a stream that is connected already: a tunnel, a pipe, a test's end
    /// of memory. `name` stands for the server in errors. TLS is the stream's own matter here, and
    /// a version that the server refuses is an error, since there is nowhere to connect anew.
    ///
    /// # Errors
    ///
    /// As [`open_at`](Self::open_at).
    ///
    /// # Cancel safety
    ///
    /// Dropped at any point, the stream is dropped.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime with time.
    pub async fn over<S>(
        stream: S,
        name: &str,
        settings: &Settings,
        deadline: Deadline,
    ) -> Result<Self, ConnectError>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let established = establish(stream, name, settings, deadline).await?;
        Ok(Self::start(established, name, settings))
    }
}

/// One attempt, and how far it has got.
struct Attempt<'a> {
    address: &'a ServerAddress,
    settings: &'a Settings,
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
        self.progress.phase = first_phase(self.address);
        let socket = &self.settings.socket;
        match (&self.settings.dialer, self.address.socket(), self.address.path()) {
            (Some(dialer), ..) => {
                let dialing = async { dialer.dial(self.address).await };
                let stream = awaited(UserCode::Dialer, dialing, &self.settings.log).await??;
                self.over(stream, version).await
            }
            (None, Some(server), _) => {
                let stream = tcp(server, socket).await.map_err(ConnectCause::from)?;
                self.over(stream, version).await
            }
            (None, None, Some(path)) => {
                let stream = unix(path, socket).await.map_err(ConnectCause::from)?;
                self.over(stream, version).await
            }
            (None, None, None) => Err(ConnectCause::NoAddress.into()),
        }
    }

    /// TLS, if it is asked for, and the handshake.
    async fn over<S>(&mut self, stream: S, version: ProtocolVersion) -> Result<Connection, Failure>
    where
        S: ByteStream + 'static,
    {
        let (address, settings, progress) = (self.address, self.settings, &mut self.progress);
        let shaking = async move {
            let named = address.named();
            let is_encrypted = settings.tls.is_some();
            let peer = Peer { name: &named, address: Some(address), is_encrypted };
            let Some(tls) = &settings.tls else {
                let established = shake_hands(stream, version, peer, settings, progress).await;
                return started(established, address, settings);
            };
            progress.phase = ConnectPhase::Tls;
            let name = tls.name_for(address).map_err(ConnectCause::from)?;
            let stream = tls.connector(&settings.log).await?.connect(name, stream).await?;
            let established = shake_hands(stream, version, peer, settings, progress).await;
            started(established, address, settings)
        };
        awaited(UserCode::Stream, shaking, &settings.log).await?
    }
}

fn started<S>(
    established: Result<Established<S>, Failure>,
    address: &ServerAddress,
    settings: &Settings,
) -> Result<Connection, Failure>
where
    S: ByteStream + 'static,
{
    match established {
        Ok(established) => Ok(Connection::start(established, &address.to_string(), settings)),
        // 2.0 and older answer in a format that has no place in the other versions.
        Err(Failure::Cause(ConnectCause::Framing(FramingError::VersionTooOld {
            number,
            message,
        }))) => Err(ConnectCause::NoCommonVersion {
            oldest: settings.oldest_version,
            newest: settings.newest_version,
            said: message.unwrap_or_else(|| format!("it answers in v{number}")),
        }
        .into()),
        Err(other) => Err(other),
    }
}

/// What a connection to this address begins with.
const fn first_phase(address: &ServerAddress) -> ConnectPhase {
    if address.path().is_some() { ConnectPhase::UnixSocket } else { ConnectPhase::Tcp }
}
