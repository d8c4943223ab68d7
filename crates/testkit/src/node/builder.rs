//! How a node is set up.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use cqlwire_codec::ProtocolVersion;
use tokio::net::TcpListener;

use super::ScriptedNode;
use super::authentication::{Authentication, Verdict};
use super::shared::{Settings, Shared};
use super::system::Member;

impl ScriptedNode {
    /// Sets up a node.
    pub fn builder() -> Builder {
        Builder::new()
    }
}

/// Sets up a [`ScriptedNode`]: without anything said, a Cassandra 5.0 of v3, v4 and v5 without
/// authentication, alone in its cluster.
#[derive(Clone, Debug)]
pub struct Builder {
    settings: Settings,
    member: Option<Member>,
}

impl Builder {
    fn new() -> Self {
        let versions = vec![ProtocolVersion::V3, ProtocolVersion::V4, ProtocolVersion::V5];
        let settings = Settings {
            versions,
            beta_refusal: false,
            authentication: None,
            buffer: 64 << 10,
            graceful_disconnect: false,
        };
        Self { settings, member: None }
    }

    /// The only versions that it speaks. Others are refused as the servers do that have the same
    /// newest version: 2.1 for v3, 3.0 for v4, 4.0 and newer for v5.
    ///
    /// # Panics
    ///
    /// Without any version.
    #[must_use]
    pub fn versions(mut self, versions: impl IntoIterator<Item = ProtocolVersion>) -> Self {
        self.settings.versions = versions.into_iter().collect();
        self.settings.versions.sort_unstable();
        assert!(!self.settings.versions.is_empty(), "a node speaks at least one version");
        self
    }

    /// Refuses the version after its newest as Cassandra 3.11 refuses v5: as a beta, with the
    /// refused version in the header of the error.
    #[must_use]
    pub const fn refuses_as_beta(mut self) -> Self {
        self.settings.beta_refusal = true;
        self
    }

    /// Asks for this user and password, as `PasswordAuthenticator` does.
    #[must_use]
    pub fn password(mut self, user: &str, password: &str) -> Self {
        self.settings.authentication = Some(Authentication::password(user, password));
        self
    }

    /// Asks who is connecting in the name of this class, and has each token judged.
    #[must_use]
    pub fn authenticator(
        mut self,
        class: &str,
        judge: impl Fn(&[u8]) -> Verdict + Send + Sync + 'static,
    ) -> Self {
        self.settings.authentication = Some(Authentication::new(class, judge));
        self
    }

    /// Says in SUPPORTED that it announces the end of a connection, and takes v5 connections that
    /// register for `GRACEFUL_DISCONNECT` (CEP-59).
    #[must_use]
    pub const fn graceful_disconnect(mut self) -> Self {
        self.settings.graceful_disconnect = true;
        self
    }

    /// How many bytes each direction of an in-memory connection takes before its writer has to
    /// wait. Default 64 KiB.
    #[must_use]
    pub const fn buffer(mut self, bytes: usize) -> Self {
        self.settings.buffer = bytes;
        self
    }

    /// What the node says about itself in `system.local`. Its address is replaced by the one that
    /// it listens on, if it listens.
    #[must_use]
    pub fn member(mut self, member: Member) -> Self {
        self.member = Some(member);
        self
    }

    /// A node to be connected to in memory, by [`ScriptedNode::connect`] and
    /// [`ScriptedNode::serve`]. Works under paused time. Has to be called within a runtime.
    pub fn in_memory(self) -> ScriptedNode {
        let address = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 9042);
        let member = self.member.unwrap_or_else(|| Member::new(address));
        ScriptedNode::new(Arc::new(Shared::new(self.settings, member)))
    }

    /// A node that listens on a free port of 127.0.0.1.
    ///
    /// # Errors
    ///
    /// What the system says against that.
    pub async fn start_tcp(self) -> io::Result<ScriptedNode> {
        self.start_tcp_at((Ipv4Addr::LOCALHOST, 0).into()).await
    }

    /// A node that listens on this address, for instance that of a node which was dropped.
    ///
    /// # Errors
    ///
    /// What the system says against that.
    pub async fn start_tcp_at(self, address: SocketAddr) -> io::Result<ScriptedNode> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let mut member = self.member.unwrap_or_else(|| Member::new(address));
        member.address = address;
        let node = ScriptedNode::new(Arc::new(Shared::new(self.settings, member)));
        node.accept_from(listener);
        Ok(node)
    }
}
