//! How many connections there may be, counted from their first byte on: before anything is known of who comes.
//!
//! Who has not authenticated yet waits in a pool. Where it is full, room is made for the newcomer: the oldest connection
//! of the address that has most of them there is closed. So somebody who only holds or opens connections closes their
//! own, and keeps nobody else out, at the same address neither: who speaks outlasts who is silent.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    net::{IpAddr, Ipv6Addr},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{sync::Notify, time::Instant};

use crate::{Settings, settings::Networks};

/// How long a connection may be silent before it makes room in place of older ones that spoke.
const SILENCE: Duration = Duration::from_millis(250);

/// A younger connection is only closed where the whole pool is full: many may come back from one address at once, and
/// wait for the processor.
const GRACE: Duration = Duration::from_secs(5);

/// How many bytes are read of a connection, in one piece of work, before it has authenticated.
const ALLOWANCE: usize = 14 * 1024;

/// No limit.
const UNLIMITED: usize = usize::MAX;

/// All places.
#[derive(Debug)]
pub(crate) struct Places {
    max: usize,
    unknown: usize,
    of_address: usize,
    unknown_of_address: usize,
    trusted: Networks,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    unknown: usize,
    addresses: HashMap<IpAddr, Own>,
    /// The addresses by how many of their connections have not authenticated.
    crowds: BTreeSet<(usize, IpAddr)>,
    next: u64,
}

/// What one address has taken.
#[derive(Debug, Default)]
struct Own {
    all: usize,
    /// Those that have said nothing at all, by age.
    silent: BTreeMap<u64, Waiting>,
    /// Those that have said something, and not yet who they are, by age.
    speaking: BTreeMap<u64, Waiting>,
}

#[derive(Debug)]
struct Waiting {
    since: Instant,
    eviction: Arc<Eviction>,
}

/// Tells a connection that it has to go.
#[derive(Debug, Default)]
struct Eviction {
    is_due: AtomicBool,
    wake: Notify,
}

/// Why there is no place for one more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoPlace {
    #[error("there are as many connections as there may be")]
    Full,
    #[error("there are as many connections from this address as one address may have")]
    Address,
}

/// The place of one connection; given back when dropped.
#[derive(Debug)]
pub(crate) struct Place {
    number: u64,
    standing: Mutex<Standing>,
    eviction: Arc<Eviction>,
    /// How many more bytes may be read.
    allowance: AtomicUsize,
    places: Arc<Places>,
}

#[derive(Debug, Clone, Copy)]
struct Standing {
    /// None while it is a trusted proxy's, which brings many people.
    address: Option<IpAddr>,
    is_known: bool,
}

impl Places {
    /// `files` is how many files the system lets this process have open.
    pub(crate) fn new(settings: &Settings, files: Option<usize>) -> Self {
        let limit = |number| usize::try_from(number).unwrap_or(usize::MAX);
        let unknown = limit(settings.connections_unknown);
        // Each client may make calls beside its connection.
        let max = limit(settings.connections_max).saturating_mul(2).saturating_add(unknown);
        let max = files.map_or(max, |files| max.min(files.saturating_sub(OTHER_FILES).max(1)));
        Self {
            max,
            unknown: unknown.min(max / 2).max(1),
            of_address: limit(settings.connections_per_address),
            unknown_of_address: limit(settings.connections_unknown_per_address),
            trusted: settings.proxies_trusted.clone(),
            taken: Mutex::default(),
        }
    }

    /// Takes a place for a connection from this address, of which nothing is known yet.
    ///
    /// # Errors
    /// When there is none, and nobody has to make room.
    pub(crate) fn take(self: &Arc<Self>, peer: IpAddr) -> Result<Place, NoPlace> {
        let mut taken = self.lock();
        if taken.all >= self.max && !taken.evict() {
            return Err(NoPlace::Full);
        }
        let number = taken.next;
        taken.next += 1;
        let eviction = Arc::<Eviction>::default();
        let mut standing = Standing { address: None, is_known: false };
        if !self.trusted.contains(peer) {
            let address = network(peer);
            self.settle(&mut taken, address, number, &eviction, false)?;
            standing.address = Some(address);
        }
        taken.all += 1;
        drop(taken);
        let allowance = AtomicUsize::new(if standing.address.is_some() { ALLOWANCE } else { UNLIMITED });
        Ok(Place { number, standing: Mutex::new(standing), eviction, allowance, places: Arc::clone(self) })
    }

    /// Closes the oldest connection that has not authenticated; false where there is none.
    pub(crate) fn make_room(&self) -> bool {
        self.lock().evict()
    }

    /// Counts a connection for an address, in the pool.
    fn settle(
        &self,
        taken: &mut Taken,
        address: IpAddr,
        number: u64,
        eviction: &Arc<Eviction>,
        speaks: bool,
    ) -> Result<(), NoPlace> {
        let (all, waiting) = taken.addresses.get(&address).map_or((0, 0), |own| (own.all, own.waiting()));
        if all >= self.of_address && !taken.evict_from(address, Force::Always) {
            return Err(NoPlace::Address);
        }
        if waiting >= self.unknown_of_address {
            taken.evict_from(address, Force::AfterGrace);
        }
        if taken.unknown >= self.unknown {
            taken.evict();
        }
        let waiting = Waiting { since: Instant::now(), eviction: Arc::clone(eviction) };
        taken.change(address, |own| {
            own.all += 1;
            if speaks { &mut own.speaking } else { &mut own.silent }.insert(number, waiting);
        });
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The files that the server has open beside its connections: the store's, the log's, and some to spare.
pub(super) const OTHER_FILES: usize = 64;

/// Whether somebody has to go at any rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Force {
    AfterGrace,
    Always,
}

impl Taken {
    /// Closes the oldest of the address that has most connections in the pool.
    fn evict(&mut self) -> bool {
        self.crowds.last().copied().is_some_and(|(_, address)| self.evict_from(address, Force::Always))
    }

    fn evict_from(&mut self, address: IpAddr, force: Force) -> bool {
        let evicted = self.change(address, |own| own.evict(force));
        let Some(waiting) = evicted else { return false };
        self.all -= 1;
        waiting.eviction.is_due.store(true, Ordering::Release);
        waiting.eviction.wake.notify_waiters();
        true
    }

    /// Changes what an address has, and all sums with it.
    fn change<T>(&mut self, address: IpAddr, change: impl FnOnce(&mut Own) -> T) -> T {
        let own = self.addresses.entry(address).or_default();
        let before = own.waiting();
        let changed = change(own);
        let after = own.waiting();
        if own.all == 0 {
            self.addresses.remove(&address);
        }
        if before != after {
            self.crowds.remove(&(before, address));
            if after > 0 {
                self.crowds.insert((after, address));
            }
            self.unknown = self.unknown + after - before;
        }
        changed
    }
}

impl Own {
    fn waiting(&self) -> usize {
        self.silent.len() + self.speaking.len()
    }

    /// Takes out who has to go first: the oldest, but before it one that has been silent for a while.
    fn evict(&mut self, force: Force) -> Option<Waiting> {
        let age =
            |queue: &BTreeMap<u64, Waiting>| queue.first_key_value().map(|(number, w)| (*number, w.since.elapsed()));
        let (silent, speaking) = (age(&self.silent), age(&self.speaking));
        let (from_silent, age) = match (silent, speaking) {
            (Some((_, age)), None) => (true, age),
            (None, Some((_, age))) => (false, age),
            (Some((_, silent)), Some(_)) if silent >= SILENCE => (true, silent),
            (Some((first, silent)), Some((second, speaking))) => {
                if first < second {
                    (true, silent)
                } else {
                    (false, speaking)
                }
            }
            (None, None) => return None,
        };
        if force == Force::AfterGrace && age < GRACE {
            return None;
        }
        let queue = if from_silent { &mut self.silent } else { &mut self.speaking };
        let (_, waiting) = queue.pop_first()?;
        self.all -= 1;
        Some(waiting)
    }
}

impl Place {
    /// Bytes came.
    pub(crate) fn speaks(&self) {
        let Some(address) = self.standing().address else { return };
        self.places.lock().change(address, |own| {
            if let Some(waiting) = own.silent.remove(&self.number) {
                own.speaking.insert(self.number, waiting);
            }
        });
    }

    /// Who comes here has shown a token that is good.
    pub(crate) fn is_known(&self) {
        let mut standing = self.standing();
        if let Some(address) = standing.address
            && !standing.is_known
        {
            standing.is_known = self.places.lock().change(address, |own| own.forget(self.number));
        }
        self.allowance.store(UNLIMITED, Ordering::Relaxed);
    }

    /// The connection is from now on one client's alone, at this address: it is no proxy's for many any more.
    ///
    /// # Errors
    /// When the address has as many connections as it may.
    pub(crate) fn belongs_to(&self, client: IpAddr) -> Result<(), NoPlace> {
        let mut standing = self.standing();
        if standing.address.is_none() {
            let address = network(client);
            self.places.settle(&mut self.places.lock(), address, self.number, &self.eviction, true)?;
            standing.address = Some(address);
            self.allowance.store(ALLOWANCE, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Returns when the connection has to make room for another one.
    ///
    /// # Cancel safety
    /// May be dropped and called again.
    pub(crate) async fn evicted(&self) {
        let wake = self.eviction.wake.notified();
        if !self.eviction.is_due.load(Ordering::Acquire) {
            wake.await;
        }
    }

    /// Takes bytes off what may be read; false where nothing was left.
    pub(super) fn spend(&self, bytes: usize) -> bool {
        let spend = |left| if left == UNLIMITED { None } else { Some(left - bytes.min(left)) };
        let before = self.allowance.fetch_update(Ordering::Relaxed, Ordering::Relaxed, spend);
        before.is_err() || before.is_ok_and(|left| left > 0)
    }

    /// The next piece of work begins: TLS, the head of a request, a CONNECT.
    pub(super) fn renew(&self) {
        let standing = self.standing();
        if standing.address.is_some() && !standing.is_known {
            self.allowance.store(ALLOWANCE, Ordering::Relaxed);
        }
    }

    /// What is read now is limited in another way.
    pub(super) fn lift(&self) {
        self.allowance.store(UNLIMITED, Ordering::Relaxed);
    }

    fn standing(&self) -> MutexGuard<'_, Standing> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let standing = *self.standing();
        let mut taken = self.places.lock();
        let Some(address) = standing.address else {
            taken.all -= 1;
            return;
        };
        let counts = taken.change(address, |own| {
            // One that was evicted was given back then.
            let counts = standing.is_known || own.forget(self.number);
            own.all -= usize::from(counts);
            counts
        });
        taken.all -= usize::from(counts);
    }
}

impl Own {
    /// Takes a connection out of the pool; false where it is not in it.
    fn forget(&mut self, number: u64) -> bool {
        self.silent.remove(&number).or_else(|| self.speaking.remove(&number)).is_some()
    }
}

/// Who has one address of IPv6 has as many as the last 64 bits can tell apart: all of them count as one.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(),
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;
    use tokio::time::advance;

    use super::*;

    fn places(settings: &[(&str, &str)]) -> Arc<Places> {
        let mut all = Settings::default();
        for (key, value) in settings {
            all.set(key, value).unwrap();
        }
        Arc::new(Places::new(&all, None))
    }

    fn from(last: u8) -> IpAddr {
        [192, 0, 2, last].into()
    }

    fn evicted(places: &[Place]) -> Vec<usize> {
        let is_evicted = |place: &Place| place.evicted().now_or_never().is_some();
        places.iter().enumerate().filter(|(_, place)| is_evicted(place)).map(|(index, _)| index).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn a_full_pool_closes_the_oldest_of_the_largest_crowd() {
        let places = places(&[("connections.unknown", "4")]);
        let mut taken: Vec<Place> = [1, 2, 2, 2].map(|last| places.take(from(last)).unwrap()).into();
        taken.push(places.take(from(3)).unwrap());
        assert_eq!(evicted(&taken), [1]);
        taken.push(places.take(from(3)).unwrap());
        assert_eq!(evicted(&taken), [1, 2]);
        taken.push(places.take(from(3)).unwrap());
        // Of crowds of one size any may lose one; nobody who is alone does.
        assert_eq!(evicted(&taken).len(), 3);
        assert!(!evicted(&taken).contains(&0));
    }

    #[tokio::test(start_paused = true)]
    async fn who_speaks_outlasts_who_is_silent() {
        let places = places(&[("connections.unknown", "3")]);
        let mut taken = vec![places.take(from(1)).unwrap()];
        taken[0].speaks();
        for _ in 0..20 {
            advance(SILENCE).await;
            taken.push(places.take(from(1)).unwrap());
        }
        assert_eq!(evicted(&taken), (1..19).collect::<Vec<_>>());
    }

    #[tokio::test(start_paused = true)]
    async fn newcomers_have_as_long_as_anybody_where_all_speak() {
        let places = places(&[("connections.unknown", "3")]);
        let mut taken = Vec::new();
        for _ in 0..6 {
            advance(Duration::from_millis(1)).await;
            let place = places.take(from(1)).unwrap();
            taken.push(place);
            if taken.len() != 5 {
                taken.last().unwrap().speaks();
            }
        }
        assert_eq!(evicted(&taken), [0, 1, 2], "the newest that is still silent stays");
    }

    #[tokio::test(start_paused = true)]
    async fn many_may_come_from_one_address_at_once_but_not_stay() {
        let places = places(&[("connections.unknown_per_address", "2")]);
        let mut taken: Vec<Place> = (0..10).map(|_| places.take(from(1)).unwrap()).collect();
        taken.iter().for_each(Place::speaks);
        assert_eq!(evicted(&taken), [0; 0]);
        taken[9].is_known();
        advance(GRACE).await;
        taken.push(places.take(from(1)).unwrap());
        taken.push(places.take(from(2)).unwrap());
        assert_eq!(evicted(&taken), [0]);
    }

    #[test]
    fn an_address_has_so_many_places_whether_it_is_known_or_not() {
        let places = places(&[("connections.per_address", "2")]);
        let take = |address: &str| places.take(address.parse().unwrap());
        let first = take("::ffff:127.0.0.1").unwrap();
        first.is_known();
        let second = take("127.0.0.1").unwrap();
        let third = take("127.0.0.1").unwrap();
        assert!(second.evicted().now_or_never().is_some(), "who is not known makes room");
        third.is_known();
        assert_eq!(take("127.0.0.1").unwrap_err(), NoPlace::Address);
        drop(third);
        let _fourth = take("127.0.0.1").unwrap();
    }

    #[test]
    fn the_addresses_of_one_ipv6_network_count_as_one() {
        let places = places(&[("connections.per_address", "2")]);
        let take = |address: &str| places.take(address.parse().unwrap());
        let held = [take("2001:db8:0:1::1").unwrap(), take("2001:db8:0:1:ffff:ffff:ffff:ffff").unwrap()];
        held.iter().for_each(Place::is_known);
        assert_eq!(take("2001:db8:0:1:2:3:4:5").unwrap_err(), NoPlace::Address);
        let _neighbour = take("2001:db8:0:2::1").unwrap();
    }

    #[test]
    fn the_connections_of_a_trusted_proxy_count_for_their_clients() {
        let places = places(&[("proxies.trusted", "127.0.0.1"), ("connections.per_address", "1")]);
        let taken: Vec<Place> = (0..3).map(|_| places.take([127, 0, 0, 1].into()).unwrap()).collect();
        taken[0].belongs_to(from(1)).unwrap();
        taken[0].is_known();
        assert_eq!(taken[1].belongs_to(from(1)), Err(NoPlace::Address));
        taken[2].belongs_to(from(2)).unwrap();
        drop(taken);
        assert_eq!(places.take(from(1)).map(drop), Ok(()));
    }

    #[test]
    fn what_is_given_back_is_forgotten() {
        let places = places(&[("connections.unknown", "2")]);
        let taken: Vec<Place> = [1, 1, 1, 2].map(|last| places.take(from(last)).unwrap()).into();
        taken[2].is_known();
        assert!(places.make_room());
        drop(taken);
        let taken = places.taken.lock().unwrap();
        assert_eq!((taken.all, taken.unknown), (0, 0));
        assert!(taken.addresses.is_empty() && taken.crowds.is_empty());
    }

    #[test]
    fn what_is_read_before_anybody_is_known_is_limited() {
        let places = places(&[]);
        let place = places.take(from(1)).unwrap();
        assert!(place.spend(ALLOWANCE) && !place.spend(1));
        place.renew();
        assert!(place.spend(1));
        place.is_known();
        assert!(place.spend(ALLOWANCE) && place.spend(1));
        place.renew();
        assert!(place.spend(ALLOWANCE) && place.spend(1));
    }
}
