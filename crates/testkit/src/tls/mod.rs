//! TLS for scripted nodes: authorities, what they sign, and a node behind it.

mod authority;
mod node;
mod servers;

pub use authority::{Authority, Identity, acceptor};
pub use node::{TlsNode, serve};
pub use servers::{HttpsServer, SniProxy};
