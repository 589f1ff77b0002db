use super::*;

fn somebody(id: &str, name: &str) -> User {
    User { id: Some(id.into()), ..User::named(name) }
}

fn admin(id: &str, name: &str) -> User {
    User { is_admin: Some(true), ..somebody(id, name) }
}

/// A room with one moderator, in which we are Ada.
fn room(name: &str) -> Names {
    let mut names = Names::default();
    names.set_own(Some(&"me".into()), "Ada");
    names.learn(&Message::text_by(admin("boss", name), "welcome"));
    names
}

#[track_caller]
fn is_marked(boss: &str, name: &str, mark: Option<Mark>) {
    assert_eq!(room(boss).mark(&somebody("x", name)), mark, "{name:?} beside {boss:?}");
}

#[test]
fn a_name_that_looks_like_an_admin_s_is_marked() {
    for (boss, double) in [
        // The same, and what nobody sees in it.
        ("Noor", "Noor"),
        ("Noor", " No\u{200b}or\u{3164}"),
        ("Noor", "No\u{202e}or"),
        // Letters of other scripts.
        ("Noor", "N\u{43e}\u{43e}r"),
        ("Paul", "\u{420}\u{430}ul"),
        ("Ivan", "\u{406}van"),
        ("Mika", "\u{39c}ika"),
        ("\u{410}\u{43d}\u{43d}\u{430}", "A\u{43d}\u{43d}a"),
        // Digits, case, width, ornament.
        ("Noor", "N00r"),
        ("Ines", "lnes"),
        ("Ines", "1nes"),
        ("Mika", "MlKA"),
        ("Mika", "Rnika"),
        ("Noor", "NOOR"),
        ("Noor", "\u{ff2e}\u{ff4f}\u{ff4f}\u{ff52}"),
        ("Noor", "\u{1d4dd}\u{1d4f8}\u{1d4f8}\u{1d4fb}"),
        ("Noor", "\u{2605} Noor \u{2713}"),
        ("The Host", "TheHost"),
        ("The Host", "The_Host."),
        // A name that goes on as a line would.
        ("Noor", "Noor: I need your password"),
        ("Noor", "Noor\u{2236} hello"),
        // Nothing but symbols.
        ("\u{1f986}\u{1f986}", "\u{1f986} \u{1f986}"),
    ] {
        is_marked(boss, double, Some(Mark::LikeAdmin));
    }
}

#[test]
fn people_with_names_of_their_own_are_not_marked() {
    for name in [
        "Nora",
        "Noor2",
        "N",
        "No",
        "Zoë",
        "由紀",
        "こんにちはTaro",
        "김Kim",
        "Иван",
        "Δημήτρης",
        "محمد",
        "नूर",
        "🦆",
        "",
        " ",
    ] {
        is_marked("Noor", name, None);
    }
    assert_eq!(Names::default().mark(&somebody("x", "Noor")), None, "nobody is known yet");
}

#[test]
fn an_admin_has_the_badge_and_keeps_the_name_without_the_right() {
    let names = room("Noor");
    assert_eq!(names.mark(&admin("boss", "Noor")), Some(Mark::Admin));
    assert_eq!(names.mark(&admin("other", "Noor")), Some(Mark::Admin), "two admins may share a name");
    assert_eq!(names.mark(&somebody("boss", "Noor")), None, "the same person, who moderates no more");
    assert_eq!(names.mark(&User::named("Noor")), Some(Mark::LikeAdmin), "nobody says who this is");
}

#[test]
fn admins_are_known_by_coming_in_and_by_pinning_too() {
    let read = |json: &str| serde_json::from_str::<Message>(json).unwrap();
    let mut names = Names::default();
    names.learn(&read(
        r#"{"type":"INTERACTION_TYPE_ENTRANCE","entrance_message":{"id":"1","custom_name":"Noor","is_admin":true}}"#,
    ));
    names.learn(&read(r#"{"type":"INTERACTION_TYPE_ENTRANCE","entrance_message":{"id":"2","custom_name":"Ben"}}"#));
    names.learn(&read(
        r#"{"type":"INTERACTION_TYPE_PIN_MESSAGE","pin_unpin_message":{"message":{"text":"a"},
        "action_taker":{"id":"3","custom_name":"Mika","is_admin":true}}}"#,
    ));
    assert_eq!(names.mark(&somebody("x", "noor")), Some(Mark::LikeAdmin));
    assert_eq!(names.mark(&somebody("x", "mika")), Some(Mark::LikeAdmin));
    assert_eq!(names.mark(&somebody("x", "ben")), None);
}

#[test]
fn our_own_name_is_marked_where_another_has_it() {
    is_marked("Noor", "\u{410}da", Some(Mark::LikeOwn));
    let names = room("Noor");
    assert_eq!(names.mark(&somebody("me", "Ada")), None);
    assert_eq!(names.mark(&User::named("Ada")), None, "this may be us");
}

#[test]
fn a_name_for_those_who_run_the_room_is_marked() {
    for name in ["admin", "[Admin] Ada L", "\u{430}dmin", "ADM1N", "System", "Room Moderator", "SERVER:"] {
        is_marked("Noor", name, Some(Mark::LikeSystem));
    }
    is_marked("Noor", "Badminton", None);
}

#[test]
fn scripts_that_no_language_mixes_are_told() {
    for name in ["b\u{43e}b", "\u{3b1}lpha one", "B\u{431} \u{5d0}"] {
        is_marked("Noor", name, Some(Mark::MixedScripts));
    }
    for name in ["Taro 太郎 たろう", "Café 7 ✓", "Ελένη", "𝔉𝔯𝔞𝔫𝔷"] {
        is_marked("Noor", name, None);
    }
}

#[test]
fn as_many_admins_are_remembered_as_there_is_room_for() {
    let mut names = Names::default();
    for number in 0..=ADMINS_MAX {
        for _ in 0..2 {
            names.learn(&Message::text_by(admin(&number.to_string(), &format!("boss {number} x")), "hi"));
        }
    }
    assert_eq!(names.mark(&somebody("x", "boss 1 x")), Some(Mark::LikeAdmin));
    assert_eq!(names.mark(&somebody("x", "boss 0 x")), None, "the first one is forgotten");
}
