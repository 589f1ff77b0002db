//! Messages, and what is in them, as nobody would think of writing them.

use chatroom_wire::{
    Kind, Message, MessageId, OptionId, Payload, PollId, RawJson, Time, User, UserId,
    chatroom::{CustomCounter, ViewerInfo},
    payload::{
        BroadcastMessage, CustomMessage, DeleteMessage, Entrance, Increment, Metric, PinUnpin, PinnedMessage,
        TextMessage, ViewerMetrics,
    },
    poll::{MultiChoice, Poll, PollKind, PollMessage, PollOption, PollStatus, Vote},
    rest::StickerPackAnswer,
    sticker::{Sticker, StickerMessage, StickerPack},
};
use proptest::{collection::vec, option, prelude::*, sample::select};
use serde_json::{Map, Number, Value};

pub(crate) fn text() -> impl Strategy<Value = String> {
    vec(any::<char>(), 0..10).prop_map(String::from_iter)
}

pub(crate) fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(|number| Number::from_f64(number).map_or(Value::Null, Value::Number)),
        text().prop_map(Value::String),
    ];
    leaf.prop_recursive(3, 8, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(Value::Array),
            vec((text(), inner), 0..3).prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

/// Fields that no version will ever know.
pub(crate) fn extra() -> impl Strategy<Value = Map<String, Value>> {
    vec(("x_[a-z]{1,3}", json()), 0..3).prop_map(|pairs| pairs.into_iter().collect())
}

pub(crate) fn time() -> impl Strategy<Value = Time> {
    (1i32..9999, 1u8..13, 1u8..29, 0u8..24, 0u8..60, 0u8..60, option::of("[0-9]{1,9}")).prop_map(
        |(year, month, day, hour, minute, second, fraction)| {
            let fraction = fraction.map_or_else(String::new, |digits| format!(".{digits}"));
            format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}Z")
                .parse()
                .expect("a time in ISO 8601")
        },
    )
}

pub(crate) fn user() -> impl Strategy<Value = User> {
    let plain = (
        option::of(text().prop_map(UserId::from)),
        option::of(text()),
        text(),
        option::of(any::<bool>()),
        option::of(any::<bool>()),
        option::of(any::<bool>()),
        extra(),
    )
        .prop_map(|(id, device_id, custom_name, is_admin, is_guest, blocked, extra)| User {
            id,
            device_id,
            custom_name,
            is_admin,
            is_guest,
            blocked,
            name_taken: is_guest,
            action_taker: None,
            extra,
        })
        .boxed();
    (plain.clone(), option::of(plain)).prop_map(|(user, taker)| User { action_taker: taker.map(Box::new), ..user })
}

pub(crate) fn viewer_info() -> impl Strategy<Value = ViewerInfo> {
    (any::<bool>(), any::<i64>(), text(), option::of(time()), extra()).prop_map(
        |(enabled, count, version_number, updated_at, extra)| ViewerInfo {
            enabled,
            count,
            version_number,
            updated_at,
            extra,
        },
    )
}

pub(crate) fn metric() -> impl Strategy<Value = Metric> {
    (any::<i64>(), option::of(time()), extra()).prop_map(|(count, updated_at, extra)| Metric {
        count,
        updated_at,
        extra,
    })
}

pub(crate) fn pin_unpin() -> impl Strategy<Value = PinUnpin> {
    let message = (option::of(text().prop_map(MessageId::from)), text(), option::of(user()), extra())
        .prop_map(|(id, text, sender, extra)| PinnedMessage { id, text, sender, extra });
    (message, option::of(user()), extra()).prop_map(|(message, action_taker, extra)| PinUnpin {
        message,
        action_taker,
        extra,
    })
}

pub(crate) fn custom() -> impl Strategy<Value = CustomMessage> {
    let increment = (text(), any::<i64>(), extra()).prop_map(|(key, value, extra)| Increment { key, value, extra });
    (text(), option::of(increment), extra()).prop_map(|(value, incr, extra)| CustomMessage { value, incr, extra })
}

pub(crate) fn poll() -> impl Strategy<Value = Poll> {
    let option =
        (option::of(text().prop_map(OptionId::from)), text(), option::of(any::<bool>()), any::<i64>(), extra())
            .prop_map(|(id, text, corrected, votes_count, extra)| PollOption {
                id,
                text,
                corrected,
                votes_count,
                extra,
            });
    let multi_choice = (text(), vec(option, 0..3), extra()).prop_map(|(question, options, extra)| MultiChoice {
        question,
        options,
        extra,
    });
    let statuses = [PollStatus::Queued, PollStatus::Active, PollStatus::Closed, PollStatus::Archived];
    (
        option::of(text().prop_map(PollId::from)),
        select(vec![PollKind::SingleChoice, PollKind::MultiChoice]),
        select(statuses.to_vec()),
        any::<i64>(),
        multi_choice,
        [option::of(time()), option::of(time())],
        extra(),
    )
        .prop_map(|(id, kind, status, votes_count, multi_choice, [started_at, ended_at], extra)| Poll {
            id,
            kind,
            status,
            votes_count,
            multi_choice,
            started_at,
            ended_at,
            extra,
        })
}

pub(crate) fn poll_message() -> impl Strategy<Value = PollMessage> {
    (poll(), option::of(user()), extra()).prop_map(|(poll, action_taker, extra)| PollMessage {
        poll,
        action_taker,
        extra,
    })
}

pub(crate) fn vote() -> impl Strategy<Value = Vote> {
    (text(), vec(text(), 0..3), extra()).prop_map(|(poll, options, extra)| Vote {
        poll_id: poll.into(),
        option_ids: options.into_iter().map(OptionId::from).collect(),
        extra,
    })
}

pub(crate) fn sticker() -> impl Strategy<Value = StickerMessage> {
    (text(), text(), text(), extra()).prop_map(|(pack, id, text, extra)| StickerMessage {
        sticker_pack_id: pack.into(),
        id: id.into(),
        text,
        extra,
    })
}

pub(crate) fn sticker_pack() -> impl Strategy<Value = StickerPackAnswer> {
    let pack = (text(), text(), extra()).prop_map(|(id, name, extra)| StickerPack { id: id.into(), name, extra });
    let sticker = (text(), text(), text(), text(), extra()).prop_map(|(id, name, text, image_url, extra)| Sticker {
        id: id.into(),
        name,
        text,
        image_url,
        extra,
    });
    (pack, vec(sticker, 0..3)).prop_map(|(sticker_pack, stickers)| StickerPackAnswer { sticker_pack, stickers })
}

pub(crate) fn unknown_type() -> impl Strategy<Value = RawJson> {
    let is_unknown = |json: &Value| match json {
        Value::String(name) => Kind::from_name(name).is_none(),
        Value::Number(number) => number.as_u64().is_none_or(|number| number == 0 || number > 5),
        _ => true,
    };
    json()
        .prop_filter("a type that is known", is_unknown)
        .prop_map(|json| RawJson::from_text(&json.to_string()).expect("JSON was written"))
}

pub(crate) fn payload() -> impl Strategy<Value = Payload> {
    let counter = (text(), any::<i64>(), text(), option::of(time()), any::<bool>(), extra()).prop_map(
        |(key, value, version_number, updated_at, disabled, extra)| CustomCounter {
            key,
            value,
            version_number,
            updated_at,
            disabled,
            extra,
        },
    );
    let entrance = (option::of(text().prop_map(UserId::from)), option::of(text()), text(), extra()).prop_map(
        |(id, device_id, custom_name, extra)| Entrance { id, device_id, custom_name, is_admin: false, extra },
    );
    let broadcast = (metric(), metric(), extra(), extra()).prop_map(|(concurrent, total, inner, extra)| {
        BroadcastMessage { viewer_metrics: ViewerMetrics { concurrent, total, extra: inner }, extra }
    });
    let said = (text(), option::of(any::<bool>()), extra()).prop_map(|(text, filtered, extra)| TextMessage {
        text,
        filtered,
        extra,
    });
    let delete = (text().prop_map(MessageId::from), extra()).prop_map(|(id, extra)| DeleteMessage { id, extra });
    let bare = [Payload::Mute, Payload::Unmute];
    prop_oneof![
        said.prop_map(Payload::Text),
        select(bare.to_vec()),
        pin_unpin().prop_map(Payload::PinMessage),
        pin_unpin().prop_map(Payload::UnpinMessage),
        delete.prop_map(Payload::DeleteMessage),
        user().prop_map(Payload::BlockUser),
        user().prop_map(Payload::UnblockUser),
        option::of(poll_message()).prop_map(Payload::PollStarted),
        option::of(poll_message()).prop_map(Payload::PollClosed),
        option::of(poll_message()).prop_map(Payload::PollArchived),
        option::of(poll_message()).prop_map(Payload::PollUpdate),
        option::of(vote()).prop_map(Payload::PollUserVote),
        option::of(sticker()).prop_map(Payload::Sticker),
        option::of(viewer_info()).prop_map(Payload::ViewerInfoEnabled),
        option::of(viewer_info()).prop_map(Payload::ViewerInfoDisabled),
        option::of(viewer_info()).prop_map(Payload::ViewerInfoUpdate),
        custom().prop_map(Payload::Custom),
        entrance.prop_map(Payload::Entrance),
        counter.prop_map(Payload::CustomCounterUpdate),
        broadcast.prop_map(Payload::BroadcastUpdate),
        unknown_type().prop_map(Payload::Unknown),
    ]
}

pub(crate) fn message() -> impl Strategy<Value = Message> {
    let raw = |value: Value| RawJson::from_text(&value.to_string()).expect("JSON was written");
    (
        option::of(text().prop_map(MessageId::from)),
        user(),
        payload(),
        [option::of(time()), option::of(time()), option::of(time()), option::of(time())],
        extra(),
    )
        .prop_map(move |(id, user, payload, times, extra)| Message {
            id,
            user,
            payload,
            sent_at: times[0],
            received_at: times[1],
            published_at: times[2],
            created_at: times[3],
            extra: extra.into_iter().map(|(name, value)| (name, raw(value))).collect(),
        })
}
