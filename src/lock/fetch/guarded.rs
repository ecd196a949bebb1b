//! Where connections may lead, checked when they are made.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

use crate::net::guard::Addresses;

/// Stands in every refusal, so that the help can follow.
pub(super) const REFUSED: &str = "is not public";

/// Answers with permitted addresses only. The connection is made to one of these very answers, so
/// a name server that says something else a moment later changes nothing.
#[derive(Debug)]
pub(super) struct Resolver {
    pub(super) addresses: Addresses,
    /// Hosts whose address is known.
    pub(super) overrides: BTreeMap<String, SocketAddr>,
    /// The operator's own proxy may be anywhere.
    pub(super) proxy_host: Option<String>,
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let host = name.as_str().to_owned();
        let known = self.overrides.get(&host).copied();
        let is_proxy = self.proxy_host.as_ref() == Some(&host);
        let addresses = self.addresses.clone();
        Box::pin(async move {
            let found: Vec<SocketAddr> = match known {
                Some(address) => vec![address],
                None => tokio::net::lookup_host((host.as_str(), 0))
                    .await
                    .map_err(|error| format!("look up {host}: {error}"))?
                    .collect(),
            };
            let (good, bad): (Vec<SocketAddr>, Vec<SocketAddr>) = found
                .into_iter()
                .partition(|address| is_proxy || addresses.permit(address.ip()));
            match (good.is_empty(), bad.first()) {
                (false, _) => Ok(Box::new(good.into_iter()) as Addrs),
                (true, Some(address)) => Err(refusal(&host, address.ip()).into()),
                (true, None) => Err(format!("{host} has no address").into()),
            }
        })
    }
}

/// Checks a URL whose host is an address.
pub(super) fn direct(url: &Url, addresses: &Addresses) -> Result<(), String> {
    let address = match url.host() {
        Some(Host::Ipv4(address)) => IpAddr::V4(address),
        Some(Host::Ipv6(address)) => IpAddr::V6(address),
        Some(Host::Domain(_)) | None => return Ok(()),
    };
    if addresses.permit(address) {
        Ok(())
    } else {
        Err(refusal(url.host_str().unwrap_or_default(), address))
    }
}

fn refusal(host: &str, address: IpAddr) -> String {
    format!("the address {address} of {host} {REFUSED}, and only public ones are connected to")
}
