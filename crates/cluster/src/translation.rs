//! From the addresses that servers tell of each other to those where this client reaches them.

use std::collections::HashMap;
use std::error::Error;
use std::fmt;
use std::future::{Future, ready};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::panic::AssertUnwindSafe;
use std::pin::Pin;

use cqlwire_net::{Endpoint, ServerAddress, SessionLog};
use futures_util::FutureExt;
use tokio::net::lookup_host;
use uuid::Uuid;

use crate::listing::HostRow;
use crate::{HostDescription, Topology};

/// An address that is being found.
pub type Translating<'a> = Pin<Box<dyn Future<Output = io::Result<ServerAddress>> + Send + 'a>>;

/// Leads from the address that other servers tell of a host to the one where this client reaches
/// it: in another network, behind a NAT, or through a proxy that tells its servers apart by the
/// server name of TLS ([`ServerAddress::through_proxy`]).
///
/// It is called on the task that lists the hosts, for each host but the one that is asked, whose
/// address is the one at which it was reached. A host whose address cannot be found, or whose
/// translation panics, keeps the one that it has, or is left out until the next listing.
pub trait AddressTranslator: fmt::Debug + Send + Sync + 'static {
    /// Where this host is reached.
    ///
    /// # Errors
    ///
    /// What stands against it; it is logged.
    fn translate<'a>(&'a self, host: &'a HostDescription) -> Translating<'a>;
}

/// Each of these addresses is reached at another one; all others as they are.
#[derive(Clone, Debug, Default)]
pub struct FixedAddresses {
    addresses: HashMap<SocketAddr, ServerAddress>,
}

impl<A: Into<ServerAddress>> FromIterator<(SocketAddr, A)> for FixedAddresses {
    fn from_iter<I: IntoIterator<Item = (SocketAddr, A)>>(addresses: I) -> Self {
        let addresses = addresses.into_iter().map(|(from, to)| (from, to.into())).collect();
        Self { addresses }
    }
}

impl AddressTranslator for FixedAddresses {
    fn translate<'a>(&'a self, host: &'a HostDescription) -> Translating<'a> {
        let translated = host.address.socket().and_then(|told| self.addresses.get(&told));
        Box::pin(ready(Ok(translated.unwrap_or(&host.address).clone())))
    }
}

/// The hosts of each of these networks are reached at one address: that of a proxy or of a load
/// balancer, which knows which of them is meant by the port, or leads to any of them (then
/// [`prove_hosts`](crate::Settings::prove_hosts) has to be switched off).
#[derive(Clone, Debug, Default)]
pub struct SubnetAddresses {
    subnets: Vec<(IpAddr, u8, IpAddr)>,
}

impl SubnetAddresses {
    /// The same, and the hosts whose addresses begin with the first `prefix` bits of `network` are
    /// reached at `address`, each with its own port. Of several that fit, the first one counts.
    #[must_use]
    pub fn with(mut self, network: IpAddr, prefix: u8, address: IpAddr) -> Self {
        self.subnets.push((network, prefix, address));
        self
    }
}

impl AddressTranslator for SubnetAddresses {
    fn translate<'a>(&'a self, host: &'a HostDescription) -> Translating<'a> {
        let translated = host.address.socket().and_then(|told| {
            let fits = |(network, prefix, _): &&(IpAddr, u8, IpAddr)| {
                is_within(told.ip(), *network, *prefix)
            };
            let (.., address) = self.subnets.iter().find(fits)?;
            Some(SocketAddr::new(*address, told.port()).into())
        });
        Box::pin(ready(Ok(translated.unwrap_or_else(|| host.address.clone()))))
    }
}

/// Are the first bits of both the same?
fn is_within(address: IpAddr, network: IpAddr, prefix: u8) -> bool {
    let (address, network, width) = match (address, network) {
        (IpAddr::V4(a), IpAddr::V4(n)) => (u128::from(a.to_bits()), u128::from(n.to_bits()), 32),
        (IpAddr::V6(a), IpAddr::V6(n)) => (a.to_bits(), n.to_bits(), 128),
        _ => return false,
    };
    let others = width - u32::from(prefix).min(width);
    (address ^ network).checked_shr(others).unwrap_or_default() == 0
}

/// The hosts are reached by names, which the resolver of this network knows: on EC2,
/// `ec2-203-0-113-7.compute-1.amazonaws.com` is the private address within the region, and the
/// public one outside of it.
#[derive(Clone, Debug)]
pub struct NamedAddresses {
    prefix: String,
    suffix: String,
}

impl NamedAddresses {
    /// Each host has the name `<prefix><its address, with dashes for dots and colons><suffix>`:
    /// `("ec2-", ".compute-1.amazonaws.com")`.
    pub fn new(prefix: impl Into<String>, suffix: impl Into<String>) -> Self {
        Self { prefix: prefix.into(), suffix: suffix.into() }
    }

    fn name_of(&self, address: IpAddr) -> String {
        let dashes = address.to_string().replace(['.', ':'], "-");
        format!("{}{dashes}{}", self.prefix, self.suffix)
    }
}

impl AddressTranslator for NamedAddresses {
    fn translate<'a>(&'a self, host: &'a HostDescription) -> Translating<'a> {
        Box::pin(async move {
            let Some(told) = host.address.socket() else { return Ok(host.address.clone()) };
            let name = self.name_of(told.ip());
            let endpoint: Endpoint =
                format!("{name}:{}", told.port()).parse().map_err(io::Error::other)?;
            let found = lookup_host((name.as_str(), told.port())).await?.next();
            let found = found.ok_or_else(|| io::Error::other("the name stands for no address"))?;
            Ok(ServerAddress::found_as(found, &endpoint))
        })
    }
}

/// The rows with the addresses where this client reaches their hosts. The first is the one that was
/// asked.
pub(crate) async fn translate(
    translator: &dyn AddressTranslator,
    rows: &mut Vec<HostRow>,
    known: Option<&Topology>,
    log: &SessionLog,
) {
    let mut reached = Vec::with_capacity(rows.len());
    for (index, mut row) in rows.drain(..).enumerate() {
        let address = match index {
            0 => Some(row.address.clone()),
            _ => translated(translator, &row, log).await.or_else(|| address_of(known?, row.id)),
        };
        if let Some(address) = address {
            row.description.address = address;
            reached.push(row);
        }
    }
    *rows = reached;
}

async fn translated(
    translator: &dyn AddressTranslator,
    row: &HostRow,
    log: &SessionLog,
) -> Option<ServerAddress> {
    let host = &row.address;
    let translating =
        AssertUnwindSafe(async { translator.translate(&row.description).await }).catch_unwind();
    let error: Box<dyn Error + Send + Sync> = match translating.await {
        Ok(Ok(address)) => return Some(address),
        Ok(Err(error)) => error.into(),
        Err(_) => "the address translator panicked".into(),
    };
    // The hosts are listed again and again.
    if log.is_news("no translation", host) {
        let session = log.id();
        tracing::warn!(%session, %host, %error, "the address of a host cannot be translated");
    }
    None
}

fn address_of(known: &Topology, host_id: Uuid) -> Option<ServerAddress> {
    known.find(host_id).map(|index| known.host(index).address().clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(address: &str) -> HostDescription {
        let address: SocketAddr = address.parse().unwrap();
        HostDescription {
            id: Uuid::nil(),
            address: address.into(),
            data_center: String::new(),
            rack: String::new(),
            release_version: String::new(),
        }
    }

    async fn translated(translator: &dyn AddressTranslator, address: &str) -> String {
        translator.translate(&host(address)).await.unwrap().to_string()
    }

    #[tokio::test]
    async fn addresses_are_looked_up_in_a_list() {
        let proxy: SocketAddr = "192.0.2.1:29042".parse().unwrap();
        let list: FixedAddresses = [
            ("10.0.0.1:9042".parse().unwrap(), ServerAddress::through_proxy(proxy, "one")),
            ("10.0.0.2:9042".parse().unwrap(), proxy.into()),
        ]
        .into_iter()
        .collect();
        assert_eq!(translated(&list, "10.0.0.1:9042").await, "one through 192.0.2.1:29042");
        assert_eq!(translated(&list, "10.0.0.2:9042").await, "192.0.2.1:29042");
        assert_eq!(translated(&list, "10.0.0.3:9042").await, "10.0.0.3:9042");
    }

    #[tokio::test]
    async fn the_hosts_of_a_network_are_at_one_address_each_with_its_port() {
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let subnets = SubnetAddresses::default()
            .with(ip("10.1.0.0"), 16, ip("192.0.2.1"))
            .with(ip("10.0.0.0"), 8, ip("192.0.2.2"))
            .with(ip("fd00::"), 8, ip("2001:db8::1"))
            .with(ip("0.0.0.0"), 0, ip("192.0.2.3"));
        assert_eq!(translated(&subnets, "10.1.255.7:1").await, "192.0.2.1:1");
        assert_eq!(translated(&subnets, "10.2.0.7:2").await, "192.0.2.2:2");
        assert_eq!(translated(&subnets, "11.0.0.7:3").await, "192.0.2.3:3");
        assert_eq!(translated(&subnets, "[fdff::7]:4").await, "[2001:db8::1]:4");
        assert_eq!(translated(&subnets, "[fe80::7]:5").await, "[fe80::7]:5");
    }

    #[test]
    fn names_are_made_of_addresses() {
        let names = NamedAddresses::new("ec2-", ".compute-1.amazonaws.com");
        let name = names.name_of("203.0.113.7".parse().unwrap());
        assert_eq!(name, "ec2-203-0-113-7.compute-1.amazonaws.com");
    }
}
