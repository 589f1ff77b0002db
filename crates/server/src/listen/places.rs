//! How many connections there may be, counted from their first byte on: before anything is known of who comes.
//!
//! Who has not said yet who it is has one of few places, and no address may take most of them: what comes slowly, or
//! says nothing, keeps nobody else out.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use crate::Settings;

/// All places.
#[derive(Debug)]
pub(crate) struct Places {
    max: usize,
    unknown: usize,
    of_address: usize,
    unknown_of_address: usize,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    all: Count,
    addresses: HashMap<IpAddr, Count>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Count {
    all: usize,
    unknown: usize,
}

/// Why there is no place for one more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoPlace {
    #[error("there are as many connections as there may be")]
    Full,
    #[error("there are as many connections as may be that have not said who they are")]
    Unknown,
    #[error("there are as many connections from this address as one address may have")]
    Address,
    #[error("as many connections from this address as may be have not said who they are")]
    UnknownOfAddress,
}

/// The place of one connection; given back when dropped.
#[derive(Debug)]
pub(crate) struct Place {
    address: IpAddr,
    unknown: AtomicBool,
    places: Arc<Places>,
}

impl Places {
    pub(crate) fn new(settings: &Settings) -> Self {
        let limit = |number| usize::try_from(number).unwrap_or(usize::MAX);
        Self {
            // Each client may make calls beside its connection.
            max: limit(settings.connections_max).saturating_mul(2).saturating_add(limit(settings.connections_unknown)),
            unknown: limit(settings.connections_unknown),
            of_address: limit(settings.connections_per_address),
            unknown_of_address: limit(settings.connections_unknown_per_address),
            taken: Mutex::default(),
        }
    }

    /// Takes a place for a connection from this address, of which nothing is known yet.
    ///
    /// # Errors
    /// When there is none.
    pub(crate) fn take(self: &Arc<Self>, address: IpAddr) -> Result<Place, NoPlace> {
        let address = network(address);
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let own = taken.addresses.get(&address).copied().unwrap_or_default();
        if own.all >= self.of_address {
            return Err(NoPlace::Address);
        }
        if own.unknown >= self.unknown_of_address {
            return Err(NoPlace::UnknownOfAddress);
        }
        if taken.all.all >= self.max {
            return Err(NoPlace::Full);
        }
        if taken.all.unknown >= self.unknown {
            return Err(NoPlace::Unknown);
        }
        taken.count(address, |count| {
            count.all += 1;
            count.unknown += 1;
        });
        Ok(Place { address, unknown: AtomicBool::new(true), places: Arc::clone(self) })
    }
}

impl Place {
    /// Who comes here has shown a token that is good.
    pub(crate) fn is_known(&self) {
        if self.unknown.swap(false, Ordering::Relaxed) {
            self.give(|count| count.unknown -= 1);
        }
    }

    fn give(&self, change: impl Fn(&mut Count)) {
        self.places.taken.lock().unwrap_or_else(PoisonError::into_inner).count(self.address, change);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.is_known();
        self.give(|count| count.all -= 1);
    }
}

impl Taken {
    fn count(&mut self, address: IpAddr, change: impl Fn(&mut Count)) {
        change(&mut self.all);
        let own = self.addresses.entry(address).or_default();
        change(own);
        if own.all == 0 {
            self.addresses.remove(&address);
        }
    }
}

/// Who has one address of IPv6 has as many as the last 64 bits can tell apart: all of them count as one.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(settings: &[(&str, &str)]) -> Arc<Places> {
        let mut all = Settings::default();
        for (key, value) in settings {
            all.set(key, value).unwrap();
        }
        Arc::new(Places::new(&all))
    }

    fn from(last: u8) -> IpAddr {
        [192, 0, 2, last].into()
    }

    #[test]
    fn one_address_can_not_take_the_places_of_all_who_have_not_said_who_they_are() {
        let places = places(&[("connections.unknown", "3"), ("connections.unknown_per_address", "2")]);
        let held = [places.take(from(1)).unwrap(), places.take(from(1)).unwrap()];
        assert_eq!(places.take(from(1)).unwrap_err(), NoPlace::UnknownOfAddress);
        let _other = places.take(from(2)).unwrap();
        assert_eq!(places.take(from(3)).unwrap_err(), NoPlace::Unknown);
        held[0].is_known();
        held[0].is_known();
        let _third = places.take(from(1)).unwrap();
        assert_eq!(places.take(from(3)).unwrap_err(), NoPlace::Unknown, "said twice, it counts once");
    }

    #[test]
    fn an_address_has_so_many_places_whether_it_is_known_or_not() {
        let places = places(&[("connections.per_address", "2")]);
        let first = places.take("::ffff:127.0.0.1".parse().unwrap()).unwrap();
        first.is_known();
        let second = places.take("127.0.0.1".parse().unwrap()).unwrap();
        assert_eq!(places.take("127.0.0.1".parse().unwrap()).unwrap_err(), NoPlace::Address);
        drop(second);
        let _third = places.take("127.0.0.1".parse().unwrap()).unwrap();
    }

    #[test]
    fn the_addresses_of_one_ipv6_network_count_as_one() {
        let places = places(&[("connections.per_address", "2")]);
        let take = |address: &str| places.take(address.parse().unwrap());
        let _held = [take("2001:db8:0:1::1").unwrap(), take("2001:db8:0:1:ffff:ffff:ffff:ffff").unwrap()];
        assert_eq!(take("2001:db8:0:1:2:3:4:5").unwrap_err(), NoPlace::Address);
        let _neighbour = take("2001:db8:0:2::1").unwrap();
    }

    #[test]
    fn what_is_given_back_is_forgotten() {
        let places = places(&[]);
        let (first, second) = (places.take(from(1)).unwrap(), places.take(from(1)).unwrap());
        first.is_known();
        drop((first, second));
        let taken = places.taken.lock().unwrap();
        assert_eq!(taken.all, Count::default());
        assert!(taken.addresses.is_empty());
    }
}
