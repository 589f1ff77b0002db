//! What is done in the background for as long as the server runs: old messages are removed from all rooms, and the store
//! notes what the clocks say.

use std::{sync::Arc, time::Duration};

use tokio::time::{Instant, MissedTickBehavior, interval};
use tracing::{debug, warn};

use crate::{service::Service, stop::Phase, store::StoreError};

/// How often the clocks are noted, and the longest time between two looks for what has expired.
const PERIOD: Duration = Duration::from_secs(60);

/// The shortest such time.
const SHORTEST: Duration = Duration::from_secs(1);

/// How many rooms are asked for at once.
const ROOMS: u16 = 500;

/// Keeps house until the server stops.
pub(super) async fn run(service: Arc<Service>) {
    let _busy = service.stop.busy();
    let mut stop = service.stop.watch();
    // A short time to keep something is kept to the tenth.
    let period = service.retention.keep().age.map_or(PERIOD, |age| (age / 10).clamp(SHORTEST, PERIOD));
    let mut tick = interval(period);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut noted: Option<Instant> = None;
    loop {
        tokio::select! {
            now = tick.tick() => {
                if noted.is_none_or(|at| at + PERIOD <= now) {
                    noted = Some(now);
                    if let Err(error) = service.store.keep_clock(service.retention.record()).await {
                        warn!(%error, "the store can't note what the clocks say");
                    }
                }
                if let Err(error) = prune(&service).await {
                    warn!(%error, "old messages can't be removed");
                }
            }
            () = stop.reached(Phase::Draining) => return,
        }
    }
}

/// Removes what is too old from all rooms, and pins whose message is gone.
async fn prune(service: &Service) -> Result<(), StoreError> {
    let keep = service.retention.keep();
    loop {
        let overdue = service.store.overdue(keep, service.retention.now(), ROOMS).await?;
        let (is_last, mut removed) = (overdue.len() < usize::from(ROOMS), 0);
        for room in overdue {
            if service.stop.phase() != Phase::Running {
                return Ok(());
            }
            removed += service.store.prune(&room.room, keep, service.retention.now()).await?;
            if room.has_pins
                && let Err(error) = service.room(&room.room).state().await
            {
                warn!(room = %room.room, %error, "the pins of a room can't be looked through");
            }
        }
        if removed > 0 {
            debug!(removed, "old messages are removed");
        }
        // What is left without any progress is tried again later.
        if is_last || removed == 0 {
            return Ok(());
        }
    }
}
