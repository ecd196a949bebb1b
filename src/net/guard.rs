//! Which addresses a program that is told where to connect by foreign documents may connect to:
//! public ones, and those that the operator allows.
//!
//! Everything that is not known to be public counts as not public (IANA special-purpose address
//! registries, RFC 6890): loopback, private, link-local with the metadata services of clouds,
//! carrier-grade NAT, and IPv6 forms that carry an IPv4 address.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The addresses that may be connected to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Addresses {
    allowed: Vec<Network>,
}

/// A network in CIDR form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Network {
    address: IpAddr,
    prefix: u32,
}

impl Addresses {
    /// Public addresses and these: addresses (`127.0.0.1`) and networks (`10.0.0.0/8`).
    ///
    /// # Errors
    /// Says which text is neither.
    pub fn allowing(texts: &[String]) -> Result<Self, String> {
        let allowed: Result<_, String> = texts
            .iter()
            .map(|text| {
                network(text).ok_or_else(|| {
                    format!("`{text}` is neither an address nor a network such as 10.0.0.0/8")
                })
            })
            .collect();
        Ok(Self { allowed: allowed? })
    }

    /// Allows one more address.
    #[must_use]
    pub fn and(mut self, address: IpAddr) -> Self {
        let address = address.to_canonical();
        let prefix = bits(address).1;
        self.allowed.push(Network { address, prefix });
        self
    }

    /// Whether an address may be connected to.
    pub fn permit(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        is_public(address) || self.allowed.iter().any(|network| network.holds(address))
    }
}

impl Network {
    fn holds(&self, address: IpAddr) -> bool {
        let ((own, width), (other, other_width)) = (bits(self.address), bits(address));
        width == other_width
            && own.checked_shr(width - self.prefix).unwrap_or_default()
                == other.checked_shr(width - self.prefix).unwrap_or_default()
    }
}

/// The bits of an address, and how many they are.
fn bits(address: IpAddr) -> (u128, u32) {
    match address {
        IpAddr::V4(address) => (u128::from(address.to_bits()), 32),
        IpAddr::V6(address) => (address.to_bits(), 128),
    }
}

fn network(text: &str) -> Option<Network> {
    let (address, prefix) = match text.split_once('/') {
        Some((address, prefix)) => (address, Some(prefix)),
        None => (text, None),
    };
    let written: IpAddr = address.parse().ok()?;
    let address = written.to_canonical();
    let (_, width) = bits(address);
    let prefix = match prefix {
        // A prefix over a mapped address would count other bits than were meant.
        Some(_) if address != written => return None,
        Some(prefix) => prefix.parse().ok().filter(|prefix| *prefix <= width)?,
        None => width,
    };
    Some(Network { address, prefix })
}

/// Whether the whole internet knows an address by this number.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let is_special = matches!(
        (a, b, c),
        // This network, private, loopback, multicast, reserved and broadcast.
        (0 | 10 | 127 | 224..=255, _, _)
        // Carrier-grade NAT.
        | (100, 64..=127, _)
        // Link-local, with the metadata services.
        | (169, 254, _)
        | (172, 16..=31, _)
        | (192, 168, _)
        // Protocol assignments, documentation, the retired 6to4 relays.
        | (192, 0, 0 | 2)
        | (192, 88, 99)
        // Benchmarks and documentation.
        | (198, 18 | 19, _)
        | (198, 51, 100)
        | (203, 0, 113)
    );
    // Alibaba Cloud's metadata service stands in carrier-grade NAT space, Azure's wire server does
    // not: it answers inside of Azure only, on a public number.
    !is_special && address != Ipv4Addr::new(168, 63, 129, 16)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    let embedded = |high: u16, low: u16| {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    match segments {
        // NAT64: an IPv4 address in the last 32 bits.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => embedded(high, low),
        // 6to4: an IPv4 address behind the prefix.
        [0x2002, high, low, ..] => embedded(high, low),
        // Protocol assignments (Teredo among them) and documentation.
        [0x2001, 0..=0x1ff | 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => false,
        // Global unicast; whatever lies outside of it is special in some way.
        [first, ..] => (0x2000..=0x3fff).contains(&first),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn permits(allow: &[&str], address: &str) -> bool {
        let allow: Vec<String> = allow.iter().map(|text| (*text).to_owned()).collect();
        Addresses::allowing(&allow)
            .unwrap()
            .permit(address.parse().unwrap())
    }

    #[test]
    fn only_public_addresses_are_public() {
        for public in [
            "1.1.1.1",
            "9.255.255.255",
            "100.63.255.255",
            "100.128.0.1",
            "169.253.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "198.17.0.1",
            "223.255.255.255",
            "2606:4700::1111",
            "2400:3200::1",
            "64:ff9b::101:101",
            "2002:101:101::1",
            "::ffff:1.1.1.1",
        ] {
            assert!(permits(&[], public), "{public}");
        }
        for special in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "100.100.100.200",
            "127.0.0.1",
            "127.9.9.9",
            "168.63.129.16",
            "169.254.169.254",
            "169.254.0.23",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.192",
            "192.0.2.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::7f00:1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::7f00:1",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::1",
            "2002:a9fe:a9fe::",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!permits(&[], special), "{special}");
        }
    }

    #[test]
    fn the_operator_may_allow_more() {
        let allow = ["10.0.0.0/8", "127.0.0.1", "fd00::/8", "::1"];
        for good in [
            "10.255.0.1",
            "127.0.0.1",
            "::ffff:10.0.0.1",
            "fd12::1",
            "::1",
        ] {
            assert!(permits(&allow, good), "{good}");
        }
        for bad in ["127.0.0.2", "192.168.0.1", "fc00::1", "::2"] {
            assert!(!permits(&allow, bad), "{bad}");
        }
        assert!(permits(&["0.0.0.0/0"], "10.0.0.1"));
        assert!(!permits(&["0.0.0.0/0"], "fc00::1"));
        assert!(permits(&["::/0"], "fc00::1"));
        for wrong in [
            "10.0.0.0/33",
            "10.0.0.0/",
            "10.0.0/8",
            "localhost",
            "",
            "::ffff:10.0.0.0/104",
        ] {
            assert!(Addresses::allowing(&[wrong.to_owned()]).is_err(), "{wrong}");
        }
    }
}
