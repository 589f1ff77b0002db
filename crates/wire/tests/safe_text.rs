//! What strangers write must not steer a terminal, hide, or pass itself off as something else.

use chatroom_wire::{
    Names, SafeText, User,
    names::{self, Mark},
    safe_text::{LOG_MAX, NAME_MAX},
};
use proptest::{collection::vec, prelude::*, sample::select};
use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};
use unicode_segmentation::UnicodeSegmentation;

fn line(text: &str) -> String {
    SafeText::line(text).into_string()
}

fn name(text: &str) -> String {
    SafeText::name(text, "guest").into_string()
}

fn is_bidi_control(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{61c}')
}

/// Never seen, wherever it stands.
fn is_always_invisible(c: char) -> bool {
    matches!(c,
        '\u{200b}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{ad}' | '\u{180e}' | '\u{115f}' | '\u{1160}'
        | '\u{3164}' | '\u{ffa0}' | '\u{34f}' | '\u{2028}' | '\u{2029}' | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e001f}' | '\u{e0080}'..='\u{e0fff}' | '\u{fe00}'..='\u{fe0d}')
}

fn is_safe(text: &str) {
    for c in text.chars() {
        assert!(!c.is_control() && !is_bidi_control(c) && !is_always_invisible(c), "{c:?} in {text:?}");
    }
    assert!(!text.chars().any(|c| u32::from(c) & 0xfffe == 0xfffe), "a noncharacter in {text:?}");
    let mut marks = 0;
    for c in text.chars() {
        marks = if matches!(c, '\u{300}'..='\u{36f}') { marks + 1 } else { 0 };
        assert!(marks <= 8, "{text:?}");
    }
    assert!(text.graphemes(true).all(|grapheme| grapheme.chars().count() <= 32), "{text:?}");
}

/// Attacks as they were reported against programs of this kind.
#[test]
fn reported_attacks_are_disarmed() {
    let corpus = [
        // Colours, cursor, screen: escapes in messages and names of chat clients.
        ("\x1b[31mred\x1b[0m", "�red�"),
        ("\x1b[2J\x1b[1;1Hfake screen", "��fake screen"),
        ("\x1b[?1049h\x1b[?25l", "��"),
        ("a\x1b[1A\x1b[2Kb", "a��b"),
        // Window title, clipboard, link, notification: strings that a terminal acts on.
        ("\x1b]0;owned\x07x", "�x"),
        ("\x1b]2;owned\x1b\\x", "�x"),
        ("\x1b]52;c;ZWNobyBvd25lZA==\x07x", "�x"),
        ("\x1b]8;;http://evil.example\x1b\\click\x1b]8;;\x1b\\", "�click�"),
        ("\x1b]9;owned\x07\x1b]777;notify;a;b\x07", "��"),
        // Device control strings and the rest of the family.
        ("\x1bP$q\"p\x1b\\x", "�x"),
        ("\x1b_Gf=100;AAAA\x1b\\x", "�x"),
        ("\x1b^private\x1b\\x", "�x"),
        ("\x1bXstring\x1b\\x", "�x"),
        // The same with one character of C1, which was forgotten more than once.
        ("\u{9b}31mred", "�red"),
        ("\u{9d}0;owned\u{9c}x", "�x"),
        ("\u{90}q\u{9c}\u{98}a\u{9c}\u{9e}b\u{9c}\u{9f}c\u{9c}x", "����x"),
        ("\u{85}\u{84}\u{8d}x", "���x"),
        // Asking the terminal to answer as if typed, reset, other short forms.
        ("\x1b[6n\x1b[c\x05", "��^E"),
        ("\x1bc\x1b(0\x1b7", "^[c^[(0^[7"),
        // Never closed: what follows must still be seen.
        ("\x1b]0;and the rest of it", "^[]0;and the rest of it"),
        ("\x1b[31", "^[[31"),
        ("\x1bPabc\ndef", "^[Pabc↵def"),
        // Overwriting with what every terminal does.
        ("safe\rfake", "safe^Mfake"),
        ("safe\x08\x08\x08\x08fake", "safe^H^H^H^Hfake"),
        ("a\x0bb\x0cc\0d\x7fe", "a^Kb^Lc^@d^?e"),
        ("one\r\ntwo", "one^M↵two"),
        // Direction: names and files that read backwards.
        ("\u{202e}cod.exe", "cod.exe"),
        ("ada\u{2066}admin\u{2069}\u{200f}\u{61c}", "adaadmin"),
        // Hidden words: tags, variation selectors, zero width.
        ("hi\u{e0001}\u{e0068}\u{e0069}\u{e007f}", "hi"),
        ("a\u{fe01}\u{fe0f}\u{e0100}\u{e01ef}b", "ab"),
        ("pay\u{200b}pal\u{2060}\u{feff}\u{ad}\u{180e}\u{34f}", "paypal"),
        ("a\u{200d}b\u{200c}c", "abc"),
        ("\u{115f}\u{1160}\u{3164}\u{ffa0}\u{17b4}x", "x"),
        ("\u{2061}\u{2062}\u{2063}\u{2064}\u{206a}\u{fff9}a\u{fffb}", "a"),
        // Lines and what is no character.
        ("a\u{2028}b\u{2029}c\td", "a b c d"),
        ("a\u{fffe}\u{ffff}\u{fdd0}\u{10ffff}", "a����"),
        // A mark with nothing under it would land on the words before.
        ("\u{301}x", "◌\u{301}x"),
        ("\u{200b}\u{20dd}", "◌\u{20dd}"),
    ];
    for (attack, shown) in corpus {
        assert_eq!(line(attack), shown, "{attack:?}");
        is_safe(&line(attack));
    }
}

/// The corpus that real processes print into a terminal, in the tests of the command line.
#[test]
fn the_corpus_is_disarmed_by_every_way_to_make_a_text_safe() {
    let corpus: Vec<serde_json::Value> =
        serde_json::from_str(include_str!("../testdata/hostile_text/corpus.json")).unwrap();
    assert!(corpus.len() >= 50);
    for item in corpus {
        let text = item["text"].as_str().unwrap();
        let steers = item["steers"].as_bool().unwrap();
        assert!(!steers || line(text) != text, "{item} needs no disarming");
        for safe in [line(text), name(text), SafeText::log(text).into_string()] {
            is_safe(&safe);
            assert!(!safe.contains(is_always_invisible), "{item}");
            assert_eq!(line(&safe), safe, "{item}");
        }
    }
}

#[test]
fn at_most_eight_marks_stand_on_one_base() {
    let zalgo = format!("Z{}a{}", "\u{335}".repeat(40), "\u{301}".repeat(9));
    assert_eq!(line(&zalgo), format!("Z{}a{}", "\u{335}".repeat(8), "\u{301}".repeat(8)));
    assert_eq!(line(&format!("ｶ{}", "\u{ff9e}".repeat(40))).chars().count(), 9);
    assert_eq!(line(&format!("👍{}", "🏽".repeat(40))).chars().count(), 9);
    let chain = vec!["👩"; 40].join("\u{200d}");
    assert!(line(&chain).graphemes(true).all(|grapheme| grapheme.chars().count() <= 17));
}

#[test]
fn plain_text_in_any_script_is_unchanged() {
    for text in [
        "plain words, 1 + 2 = 3 ~ {}[]",
        "Ünïcödé — “quotes” … € №",
        "cafe\u{301} (decomposed)",
        "Việt Nam: ế ộ ữ",
        "日本語のテキスト、漢字とカナ ｶﾞｷﾞ",
        "中文聊天室，你好！",
        "한국어 채팅",
        "\u{1112}\u{1161}\u{11ab}\u{1100}\u{1173}\u{11af}",
        "مرحبا بالعالم ١٢٣",
        "می\u{200c}خواهم ه\u{200d}.ق",
        "שָׁלוֹם עוֹלָם",
        "नमस्ते क्\u{200d}ष र्\u{200d}य",
        "ಫೇಸ್\u{200c}ಬುಕ್",
        "ශ්\u{200d}රී ලංකා",
        "അവന്\u{200d}",
        "வணக்கம் తెలుగు বাংলা",
        "ภาษาไทย ที่นี่ ລາວ",
        "မြန်မာ ភាសាខ្មែរ བོད་ཡིག",
        "ᠮᠣᠩᠭᠣᠯ\u{180b}",
        "አማርኛ Ελληνικά Русский ქართული Հայերեն",
        "👩‍👩‍👧‍👦 👨🏿‍🚀 🏳️‍🌈 🏴‍☠️ ❤️‍🔥 👁️‍🗨️ 🧑🏻‍❤️‍💋‍🧑🏿",
        "👍🏽 ☺️ ☎︎ ©️ 1️⃣ #️⃣ *⃣ 🫠",
        "🇯🇵🇺🇦🇧🇷",
        "🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f} 🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}",
        "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 ∑∫√ ←→ ░▒▓",
        "a\u{a0}b\u{3000}c",
    ] {
        assert_eq!(line(text), text);
        assert_eq!(SafeText::log(text).as_ref(), text);
    }
}

#[test]
fn only_the_three_flags_with_tags_keep_them() {
    assert_eq!(line("🏴\u{e0075}\u{e0073}\u{e0063}\u{e0061}\u{e007f}"), "🏴");
    assert_eq!(line("🏴\u{e0067}\u{e0062}"), "🏴");
    assert_eq!(line("x\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}"), "x");
}

#[test]
fn a_name_in_which_nothing_is_seen_gives_way_to_the_fallback() {
    for nothing in
        ["", " ", "\t\n", "\u{a0}\u{3000}", "\u{200b}\u{200d}", "\u{3164}", "\u{2800}\u{2800}", "\u{301}", "\u{202e}"]
    {
        assert_eq!(name(nothing), "guest", "{nothing:?}");
    }
    assert_eq!(SafeText::name("", " \u{200b}").as_ref(), "");
    assert_eq!(SafeText::name("", "\x1b[31mdevice-7").as_ref(), "�device-7");
}

#[test]
fn a_name_is_trimmed_and_made_one_line() {
    assert_eq!(name("  Ada \u{200b}\n"), "Ada");
    assert_eq!(name("Ada\nLovelace"), "Ada↵Lovelace");
    assert_eq!(name("\u{a0}Ada\u{3000}"), "Ada");
    assert_eq!(name("[admin]\x1b[0m"), "[admin]�");
}

#[test]
fn a_long_name_is_cut_between_graphemes_and_says_so() {
    assert_eq!(name(&"x".repeat(64)), "x".repeat(64));
    assert_eq!(name(&"x".repeat(65)), format!("{}…", "x".repeat(63)));
    assert_eq!(name(&"👩‍👩‍👧‍👦".repeat(64)), "👩‍👩‍👧‍👦".repeat(64));
    assert_eq!(name(&"👩‍👩‍👧‍👦".repeat(80)), format!("{}…", "👩‍👩‍👧‍👦".repeat(63)));
    assert_eq!(name(&"ᄀ".repeat(10_000)), format!("{}\u{fffd}…", "ᄀ".repeat(31)), "one grapheme without an end");
}

#[test]
fn an_error_of_a_server_has_a_bounded_length() {
    assert_eq!(SafeText::log(&"x".repeat(500)).as_ref().len(), 500);
    let long = SafeText::log(&"é\u{301}".repeat(100_000)).into_string();
    assert!(long.chars().count() <= 500 && long.ends_with("\u{301}…"), "{long}");
    assert_eq!(SafeText::log(&"\u{200b}".repeat(100_000)).as_ref(), "");
}

#[test]
fn it_is_written_as_it_stands() {
    let text = SafeText::line("a\x07");
    assert_eq!((text.to_string(), text.as_str(), text.as_ref()), ("a^G".to_owned(), "a^G", "a^G"));
    assert_eq!(format!("[{text:>5}]"), "[  a^G]");
    assert_eq!(format!("{text:?}"), "SafeText(\"a^G\")");
}

/// A letter or a digit of any script.
fn letter() -> impl Strategy<Value = char> {
    any::<char>().prop_filter("a letter or a digit that is seen", |c| {
        let group = c.general_category_group();
        let is_letter = matches!(group, GeneralCategoryGroup::Letter | GeneralCategoryGroup::Number);
        is_letter && !is_always_invisible(*c) && !matches!(c, '\u{ff9e}' | '\u{ff9f}')
    })
}

/// Text made of what attacks are made of.
fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        any::<char>().prop_map(String::from),
        any::<String>(),
        (0u32..0xa0).prop_map(|c| char::from_u32(c).map_or_else(String::new, String::from)),
        (0x2000u32..0x2070).prop_map(|c| char::from_u32(c).map_or_else(String::new, String::from)),
        (0xe0000u32..0xe0200).prop_map(|c| char::from_u32(c).map_or_else(String::new, String::from)),
        select(vec![
            "\x1b",
            "\x1b[",
            "\x1b]",
            "\x1bP",
            "\x1b\\",
            "\x07",
            "\u{9c}",
            "\u{9b}",
            "\u{9d}",
            "31m",
            "0;t",
            "\n",
            "\r",
            "\t",
            "\u{200d}",
            "\u{200c}",
            "\u{fe0f}",
            "\u{fe0e}",
            "\u{20e3}",
            "\u{301}",
            "\u{335}",
            "👩",
            "👧",
            "🏽",
            "🇯",
            "🇵",
            "🏴",
            "\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}",
            "1",
            "a",
            " ",
            "क",
            "\u{94d}",
            "ش",
            "\u{600}",
            "ᄀ",
            "ᅡ",
            "ᆨ",
            "क\u{94d}",
            "\u{110bd}",
            "ᠮ",
            "\u{180b}",
            "…",
            "◌",
            "\u{2800}",
            "❤",
        ])
        .prop_map(str::to_owned),
    ];
    (vec(piece, 0..24), 1usize..40).prop_map(|(pieces, times)| pieces.concat().repeat(times))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_line_is_safe_and_stays_as_it_is(text in hostile()) {
        let once = line(&text);
        is_safe(&once);
        prop_assert_eq!(line(&once), once);
    }

    #[test]
    fn a_name_is_safe_bounded_seen_and_stays_as_it_is(text in hostile()) {
        let once = name(&text);
        is_safe(&once);
        prop_assert!(once.graphemes(true).count() <= NAME_MAX && once.chars().count() <= 512);
        prop_assert_eq!(once.trim(), &*once);
        prop_assert!(!once.is_empty());
        prop_assert_eq!(name(&once), once);
    }

    #[test]
    fn a_log_line_is_safe_bounded_and_stays_as_it_is(text in hostile()) {
        let once = SafeText::log(&text).into_string();
        is_safe(&once);
        prop_assert!(once.chars().count() <= LOG_MAX);
        prop_assert_eq!(SafeText::log(&once).into_string(), once);
    }

    #[test]
    fn letters_and_digits_of_any_script_are_kept(words in vec(vec(letter(), 1..12), 1..6)) {
        let words: Vec<String> = words.into_iter().map(String::from_iter).collect();
        let text = words.join(" ");
        prop_assert_eq!(line(&text), &*text);
        prop_assert_eq!(SafeText::log(&text).into_string(), &*text);
        prop_assert_eq!(name(&text), text);
    }

    #[test]
    fn json_means_the_same_and_is_safe_to_show(text in hostile()) {
        let json = format!("{{\r\n\t\"text\":\n{}}}\n", serde_json::to_string(&text).unwrap());
        let shown = SafeText::json(&json).into_string();
        let read: serde_json::Value = serde_json::from_str(&shown).unwrap();
        prop_assert_eq!(read["text"].as_str(), Some(text.as_str()));
        prop_assert!(!shown.chars().any(|c| c.is_control() || is_bidi_control(c) || is_always_invisible(c)), "{shown:?}");
        prop_assert_eq!(SafeText::json(&shown).into_string(), shown);
    }

    #[test]
    fn whatever_an_admin_is_called_a_double_is_marked(text in hostile()) {
        let mut names = Names::default();
        names.learn_admin(Some(&"boss".into()), &text);
        let somebody = |name: &str| User { id: Some("x".into()), ..User::named(name) };
        let mark = names.mark(&somebody(&text));
        let shown = name(&text);
        is_safe(names::shown(&somebody(&text)).as_str());
        prop_assert_eq!(mark == Some(Mark::LikeAdmin), shown != "guest" || text.contains("guest"), "{:?}", mark);
        prop_assert_eq!(names.mark(&somebody(&format!("{shown}\u{200b}"))) == mark, true);
    }

    #[test]
    fn what_stands_beside_an_attack_is_still_seen(before in "[a-z]{1,8}", attack in hostile(), after in "[A-Z]{1,8}") {
        let shown = line(&format!("{before}\n{attack}\n{after}"));
        let (start, end) = (format!("{before}↵"), format!("↵{after}"));
        prop_assert!(shown.starts_with(&start), "{shown:?}");
        prop_assert!(shown.ends_with(&end), "{shown:?}");
    }
}
