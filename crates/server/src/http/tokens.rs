//! `…/tokens`: chat tokens, and new ones for old (docs/protocol.md, section C.1).

use std::{sync::Arc, time::Duration};

use axum::{Extension, Json, extract::State};
use chatroom_wire::{
    RoomId, Time, UserId,
    rest::{CreateToken, RefreshAnswer, RefreshRequest, Role, TokenAnswer},
    safe_text,
};
use jiff::Timestamp;
use uuid::Builder;

use super::{ApiError, acting::ID_MAX, body::Body, call_rates::CallerKey, path::Id};
use crate::{
    Settings,
    bars::BARRED,
    listen::Arrival,
    room::act::{ActError, Deed},
    rules::{Author, taken::GUEST},
    service::Service,
    token::Grant,
};

/// The longest life that may be asked for.
const LIFE_MAX: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// The one organisation of a server.
pub(crate) const TENANT: &str = "local";

/// `POST /chatrooms/{id}/tokens`.
pub(super) async fn create(
    State(service): State<Arc<Service>>,
    Id(room): Id<RoomId>,
    Body(request): Body<CreateToken>,
) -> Result<Json<TokenAnswer>, ApiError> {
    let now = service.clock.now().wall;
    let room = service.store.room(&room).await?.ok_or_else(|| ApiError::not_found("there is no such room"))?;
    let grant = grant(room.id, request, &service.settings, now).map_err(ApiError::invalid)?;
    moderates(&service, &grant).await?;
    Ok(Json(issue(&service, &grant, now)))
}

/// `POST /chatrooms/tokens:refresh`. The refresh token stays good until its own end.
pub(super) async fn refresh(
    State(service): State<Arc<Service>>,
    Extension(arrival): Extension<Arrival>,
    Body(request): Body<RefreshRequest>,
) -> Result<Json<RefreshAnswer>, ApiError> {
    let now = service.clock.now().wall;
    let verified = service.keys.verify_refresh(&request.refresh_token, now);
    service.call_rates.take(match &verified {
        Ok(old) => CallerKey::person(old),
        Err(_) => CallerKey::address(arrival.address),
    })?;
    let old = verified.map_err(|error| ApiError::token_invalid(error.to_string()))?;
    if service.bars.contains(&old.room, &old.user) {
        return Err(ApiError::forbidden(BARRED));
    }
    let wanted = end(request.expired_at, service.settings.token_life, now).map_err(ApiError::invalid)?;
    // What is bought ends with what bought it.
    let end = wanted.min(old.expires_at);
    let token = service.keys.issue_chat(&old.until(end), now);
    Ok(Json(RefreshAnswer { token, expires_in: Some(seconds_until(end, now)) }))
}

/// What a request for a token grants, with all filled in that it does not say.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn grant(room: RoomId, request: CreateToken, settings: &Settings, now: Timestamp) -> Result<Grant, String> {
    for (name, value) in [("subject", &request.subject), ("device_id", &request.device_id)] {
        if value.as_ref().is_some_and(|value| value.len() > ID_MAX || value.contains(char::is_control)) {
            return Err(format!("{name} is longer than {ID_MAX} bytes or holds control characters"));
        }
    }
    let name_max = usize::try_from(settings.name_max).unwrap_or(usize::MAX);
    if request.name.as_ref().is_some_and(|name| name.chars().count() > name_max) {
        return Err(format!("name is longer than {name_max} characters"));
    }
    let said = |value: Option<String>| value.filter(|value| !safe_text::is_blank(value));
    let subject = said(request.subject);
    let default_name = match request.role {
        Role::Admin => "Admin",
        Role::Viewer => GUEST,
    };
    let grant = Grant {
        room,
        is_guest: subject.is_none(),
        user: UserId::from(subject.unwrap_or_else(new_uuid)),
        device_id: said(request.device_id).unwrap_or_else(new_uuid),
        name: said(request.name).unwrap_or_else(|| default_name.to_owned()),
        role: request.role,
        tenant_id: TENANT.to_owned(),
        expires_at: end(request.expired_at, settings.token_life, now)?,
    };
    if !grant.is_issuable() {
        return Err("subject, device_id and name are too long for a token".to_owned());
    }
    Ok(grant)
}

/// Makes a moderator's name known in the room before anybody can take it.
///
/// # Errors
/// Those of the store.
pub(crate) async fn moderates(service: &Service, grant: &Grant) -> Result<(), ActError> {
    if grant.role == Role::Admin {
        let author = Author {
            id: grant.user.clone(),
            device_id: grant.device_id.clone(),
            name: grant.name.clone(),
            is_admin: true,
            is_guest: grant.is_guest,
        };
        service.room(&grant.room).act(author, Deed::Moderates).await?;
    }
    Ok(())
}

/// Makes a chat token and its refresh token.
pub(crate) fn issue(service: &Service, grant: &Grant, now: Timestamp) -> TokenAnswer {
    let refresh_end = after(now, service.settings.refresh_life);
    TokenAnswer {
        token: service.keys.issue_chat(grant, now),
        expires_in: Some(seconds_until(grant.expires_at, now)),
        refresh_token: service.keys.issue_refresh(&grant.until(refresh_end), now),
        refresh_expires_in: Some(seconds_until(refresh_end, now)),
    }
}

fn end(wanted: Option<Time>, life: Duration, now: Timestamp) -> Result<Timestamp, String> {
    let Some(wanted) = wanted else { return Ok(after(now, life)) };
    if seconds_until(wanted.instant(), now) < 1 || wanted.instant() > after(now, LIFE_MAX) {
        return Err("expired_at is in the past, or more than a year ahead".to_owned());
    }
    Ok(wanted.instant())
}

fn after(now: Timestamp, duration: Duration) -> Timestamp {
    now.checked_add(duration).unwrap_or(Timestamp::MAX)
}

/// Whole seconds, as tokens end on whole seconds.
fn seconds_until(end: Timestamp, now: Timestamp) -> i64 {
    end.as_second() - now.as_second()
}

pub(crate) fn new_uuid() -> String {
    Builder::from_random_bytes(rand::random()).into_uuid().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-01-02T03:04:05Z".parse().unwrap()
    }

    fn granted(request: CreateToken) -> Result<Grant, String> {
        grant("room".into(), request, &Settings::default(), now())
    }

    #[test]
    fn who_is_not_named_is_a_guest_with_an_id_of_its_own() {
        let (one, other) = (granted(CreateToken::default()).unwrap(), granted(CreateToken::default()).unwrap());
        assert_ne!(one.user, other.user);
        assert_ne!(one.device_id, other.device_id);
        assert_eq!((one.name.as_str(), one.role, one.is_guest), ("Guest", Role::Viewer, true));
        assert_eq!(one.expires_at, "2026-01-03T03:04:05Z".parse().unwrap());
        let admin = granted(CreateToken { role: Role::Admin, ..CreateToken::default() }).unwrap();
        assert_eq!(admin.name, "Admin");
    }

    #[test]
    fn who_is_named_is_no_guest() {
        let request = CreateToken {
            subject: Some("ada".to_owned()),
            device_id: Some("phone".to_owned()),
            name: Some("Ada".to_owned()),
            expired_at: Some("2026-02-02T00:00:00Z".parse().unwrap()),
            ..CreateToken::default()
        };
        let grant = granted(request).unwrap();
        assert_eq!((grant.user.as_str(), grant.device_id.as_str(), grant.name.as_str()), ("ada", "phone", "Ada"));
        assert!(!grant.is_guest);
        assert_eq!(grant.expires_at, "2026-02-02T00:00:00Z".parse().unwrap());
    }

    #[test]
    fn what_can_not_be_is_refused_by_its_name() {
        let cases = [
            (
                "expired_at",
                CreateToken { expired_at: Some("2026-01-02T03:04:05Z".parse().unwrap()), ..CreateToken::default() },
            ),
            (
                "expired_at",
                CreateToken { expired_at: Some("2036-01-02T03:04:05Z".parse().unwrap()), ..CreateToken::default() },
            ),
            ("subject", CreateToken { subject: Some("x".repeat(129)), ..CreateToken::default() }),
            ("device_id", CreateToken { device_id: Some("a\u{1b}".to_owned()), ..CreateToken::default() }),
            ("name", CreateToken { name: Some("x".repeat(101)), ..CreateToken::default() }),
        ];
        for (field, request) in cases {
            assert!(granted(request).unwrap_err().contains(field), "{field}");
        }
    }
}
