//! A list of networks, as a setting.

use std::net::IpAddr;

use super::value::Value;

/// Addresses and networks, written `127.0.0.1, 10.0.0.0/8, fd00::/8`, or `none`.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd)]
pub struct Networks(Vec<Network>);

/// All addresses that begin with the same bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd)]
struct Network {
    first: IpAddr,
    bits: u8,
}

impl Networks {
    /// No address at all.
    pub(super) const NONE: Self = Self(Vec::new());

    /// Whether an address belongs to one of them.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| masked(address, network.bits) == network.first)
    }
}

impl Value for Networks {
    const FORM: &'static str = "a list of addresses and networks such as 127.0.0.1, 10.0.0.0/8";

    fn read(text: &str) -> Option<Self> {
        // A list of TOML arrives here as it is written there.
        let words = text.split([',', ' ', '\t', '\n', '[', ']', '"', '\'']).filter(|word| !word.is_empty());
        let words: Vec<&str> = words.filter(|word| *word != "none").collect();
        words.into_iter().map(network).collect::<Option<Vec<Network>>>().map(Self)
    }

    fn show(&self) -> String {
        if self.0.is_empty() {
            return "none".to_owned();
        }
        let one = |network: &Network| {
            let whole = network.bits == width(network.first);
            if whole { network.first.to_string() } else { format!("{}/{}", network.first, network.bits) }
        };
        self.0.iter().map(one).collect::<Vec<_>>().join(", ")
    }

    fn allowed(_: &Self, _: &Self) -> String {
        format!("{}, or none", Self::FORM)
    }

    fn is_within(&self, _: &Self, _: &Self) -> bool {
        true
    }
}

fn network(text: &str) -> Option<Network> {
    let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
    let address: IpAddr = address.parse().ok()?;
    let bits = match bits {
        None => width(address),
        Some(bits) => bits.parse().ok().filter(|bits| *bits <= width(address))?,
    };
    Some(Network { first: masked(address, bits), bits })
}

fn width(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

/// The first address of the network; one that no network of another family has.
fn masked(address: IpAddr, bits: u8) -> IpAddr {
    let bits = u32::from(bits);
    match address {
        IpAddr::V4(address) => {
            let mask = u32::MAX.checked_shl(32_u32.saturating_sub(bits)).unwrap_or(0);
            IpAddr::V4((address.to_bits() & mask).into())
        }
        IpAddr::V6(address) => {
            let mask = u128::MAX.checked_shl(128_u32.saturating_sub(bits)).unwrap_or(0);
            IpAddr::V6((address.to_bits() & mask).into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_addresses_and_networks_in_every_form() {
        for text in ["127.0.0.1, 10.0.0.0/8, fd00::/8", "[\"127.0.0.1\",'10.1.2.3/8', \"fd00::1/8\"]"] {
            let networks = Networks::read(text).unwrap();
            assert_eq!(networks.show(), "127.0.0.1, 10.0.0.0/8, fd00::/8");
            for (address, is_in) in [
                ("127.0.0.1", true),
                ("::ffff:127.0.0.1", true),
                ("127.0.0.2", false),
                ("10.255.0.1", true),
                ("11.0.0.1", false),
                ("fd12::1", true),
                ("fe80::1", false),
                ("::1", false),
            ] {
                assert_eq!(networks.contains(address.parse().unwrap()), is_in, "{address}");
            }
        }
        assert_eq!(Networks::read("none"), Some(Networks::NONE));
        assert!(Networks::read("0.0.0.0/0").unwrap().contains([192, 0, 2, 1].into()));
        for wrong in ["proxy.example", "10.0.0.0/33", "10.0.0.0/", "10.0.0"] {
            assert_eq!(Networks::read(wrong), None, "{wrong}");
        }
    }
}
