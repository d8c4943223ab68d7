//! Opening sockets. What the system refuses is said with the setting that it refuses.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;

use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpSocket, TcpStream};

use super::{Keepalive, SocketSettings};
use crate::ByteStream;

/// A connection to this address.
pub(crate) async fn tcp(server: SocketAddr, settings: &SocketSettings) -> io::Result<TcpStream> {
    let socket = if server.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_nodelay(true)?;
    prepare(&SockRef::from(&socket), settings)?;
    if let Some(local) = settings.local_address {
        bind(&socket, local, server)?;
    }
    socket.connect(server).await
}

/// A connection to the socket at this path.
#[cfg(unix)]
pub(crate) async fn unix(
    path: &Path,
    settings: &SocketSettings,
) -> io::Result<Box<dyn ByteStream>> {
    Ok(Box::new(unix_stream(path, settings).await?))
}

#[cfg(unix)]
async fn unix_stream(path: &Path, settings: &SocketSettings) -> io::Result<tokio::net::UnixStream> {
    let stream = tokio::net::UnixStream::connect(path).await?;
    buffers(&SockRef::from(&stream), settings)?;
    Ok(stream)
}

/// There are none here.
#[cfg(not(unix))]
pub(crate) async fn unix(_: &Path, _: &SocketSettings) -> io::Result<Box<dyn ByteStream>> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "this system has no Unix sockets"))
}

/// What has to be set before it is connected: the sizes of buffers decide what the handshake of TCP
/// agrees on.
fn prepare(socket: &SockRef<'_>, settings: &SocketSettings) -> io::Result<()> {
    buffers(socket, settings)?;
    keep_alive(socket, settings.keepalive)?;
    match settings.user_timeout {
        Some(timeout) => user_timeout(socket, timeout).map_err(of("user_timeout")),
        None => Ok(()),
    }
}

fn buffers(socket: &SockRef<'_>, settings: &SocketSettings) -> io::Result<()> {
    let size = |bytes: u32| usize::try_from(bytes).unwrap_or(usize::MAX);
    if let Some(bytes) = settings.send_buffer_bytes {
        socket.set_send_buffer_size(size(bytes)).map_err(of("send_buffer_bytes"))?;
    }
    if let Some(bytes) = settings.receive_buffer_bytes {
        socket.set_recv_buffer_size(size(bytes)).map_err(of("receive_buffer_bytes"))?;
    }
    Ok(())
}

fn keep_alive(socket: &SockRef<'_>, keepalive: Keepalive) -> io::Result<()> {
    if !keepalive.enabled {
        return socket.set_keepalive(false);
    }
    let asking = TcpKeepalive::new().with_time(keepalive.time);
    // How often, and how long: not every system lets it be said for one socket.
    #[cfg(any(
        windows,
        target_vendor = "apple",
        target_os = "android",
        target_os = "dragonfly",
        target_os = "freebsd",
        target_os = "illumos",
        target_os = "linux",
        target_os = "netbsd",
    ))]
    let asking = asking.with_interval(keepalive.interval).with_retries(keepalive.probes.into());
    socket.set_tcp_keepalive(&asking).map_err(of("keepalive"))
}

#[cfg(any(target_os = "linux", target_os = "android", target_os = "fuchsia"))]
fn user_timeout(socket: &SockRef<'_>, timeout: std::time::Duration) -> io::Result<()> {
    socket.set_tcp_user_timeout(Some(timeout))
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_os = "fuchsia")))]
fn user_timeout(_: &SockRef<'_>, _: std::time::Duration) -> io::Result<()> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "this system does not have it"))
}

fn bind(socket: &TcpSocket, local: IpAddr, server: SocketAddr) -> io::Result<()> {
    if local.is_ipv4() != server.is_ipv4() {
        let why = format!("{local} and {server} are of different families of IP");
        return Err(of("local_address")(io::Error::new(io::ErrorKind::InvalidInput, why)));
    }
    socket.bind(SocketAddr::new(local, 0)).map_err(|error| {
        let why = format!("cannot begin at {local}: {error}");
        of("local_address")(io::Error::new(error.kind(), why))
    })
}

/// Says of which setting an error is.
fn of(setting: &'static str) -> impl Fn(io::Error) -> io::Error {
    move |error| io::Error::new(error.kind(), format!("socket.{setting}: {error}"))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use cqlwire_testkit::probe::alone;
    use tokio::net::TcpListener;

    use super::*;

    async fn opened(settings: &SocketSettings) -> io::Result<TcpStream> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        tcp(listener.local_addr()?, settings).await
    }

    #[tokio::test]
    async fn by_default_it_waits_for_nothing_and_is_kept_alive() {
        let _alone = alone().await;
        let stream = opened(&SocketSettings::default()).await.unwrap();
        let socket = SockRef::from(&stream);
        assert!(stream.nodelay().unwrap());
        assert!(socket.keepalive().unwrap());
        assert_eq!(socket.tcp_keepalive_time().unwrap(), Duration::from_secs(60));
        assert_eq!(socket.tcp_keepalive_interval().unwrap(), Duration::from_secs(10));
        assert_eq!(socket.tcp_keepalive_retries().unwrap(), 6);
        #[cfg(target_os = "linux")]
        assert_eq!(socket.tcp_user_timeout().unwrap(), None);
    }

    #[tokio::test]
    async fn each_setting_is_set_on_the_socket() {
        let _alone = alone().await;
        let (time, interval) = (Duration::from_secs(7), Duration::from_secs(3));
        let keepalive = Keepalive { enabled: true, time, interval, probes: 2 };
        let settings = SocketSettings {
            local_address: Some([127, 0, 0, 9].into()),
            keepalive,
            send_buffer_bytes: Some(20 << 10),
            receive_buffer_bytes: Some(30 << 10),
            user_timeout: cfg!(target_os = "linux").then_some(Duration::from_millis(4_500)),
        };
        let stream = opened(&settings).await.unwrap();
        let socket = SockRef::from(&stream);
        assert_eq!(stream.local_addr().unwrap().ip(), settings.local_address.unwrap());
        assert_eq!(socket.tcp_keepalive_time().unwrap(), time);
        assert_eq!(socket.tcp_keepalive_interval().unwrap(), interval);
        assert_eq!(socket.tcp_keepalive_retries().unwrap(), 2);
        #[cfg(target_os = "linux")]
        {
            assert_eq!(socket.send_buffer_size().unwrap(), 2 * (20 << 10), "Linux doubles it");
            assert_eq!(socket.recv_buffer_size().unwrap(), 2 * (30 << 10));
            assert_eq!(socket.tcp_user_timeout().unwrap(), settings.user_timeout);
        }
        let off = Keepalive { enabled: false, ..keepalive };
        let settings = SocketSettings { keepalive: off, ..SocketSettings::default() };
        let stream = opened(&settings).await.unwrap();
        assert!(!SockRef::from(&stream).keepalive().unwrap());
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn a_unix_socket_has_buffers_of_the_sizes_that_are_set() {
        let _alone = alone().await;
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("db.sock");
        let _listener = tokio::net::UnixListener::bind(&path).unwrap();
        let settings = SocketSettings {
            send_buffer_bytes: Some(20 << 10),
            receive_buffer_bytes: Some(30 << 10),
            ..SocketSettings::default()
        };
        let stream = unix_stream(&path, &settings).await.unwrap();
        let socket = SockRef::from(&stream);
        assert_eq!(socket.send_buffer_size().unwrap(), 2 * (20 << 10), "Linux doubles it");
        assert_eq!(socket.recv_buffer_size().unwrap(), 2 * (30 << 10));
    }

    #[tokio::test]
    async fn what_the_system_refuses_is_said_with_the_setting() {
        let _alone = alone().await;
        let elsewhere = |text: &str| SocketSettings {
            local_address: Some(text.parse().unwrap()),
            ..SocketSettings::default()
        };
        // Of the network that is for documentation: no machine has it.
        let error = opened(&elsewhere("192.0.2.1")).await.unwrap_err().to_string();
        assert!(error.starts_with("socket.local_address: cannot begin at 192.0.2.1: "), "{error}");
        let error = opened(&elsewhere("::1")).await.unwrap_err().to_string();
        assert!(error.starts_with("socket.local_address: ::1 and 127.0.0.1:"), "{error}");
        assert!(error.ends_with("are of different families of IP"), "{error}");
        let keepalive = Keepalive { probes: 255, ..Keepalive::default() };
        let settings = SocketSettings { keepalive, ..SocketSettings::default() };
        let error = opened(&settings).await.unwrap_err().to_string();
        assert!(error.starts_with("socket.keepalive: "), "{error}");
    }
}
