//! The forms in which a secret could leak.

use base64::Engine;
use base64::prelude::{BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD};

/// A secret, in every form that would betray it.
pub(crate) struct Secret {
    pub(crate) name: &'static str,
    forms: Vec<(&'static str, Vec<u8>)>,
}

impl Secret {
    pub(crate) fn new(name: &'static str, value: &str) -> Self {
        assert!(value.len() >= 16, "{name} is too short to search for");
        let mut forms = vec![("raw", value.as_bytes().to_vec())];
        // A token's signature alone is what makes it a secret.
        if let Some((_, signature)) = value.rsplit_once('.').filter(|(_, signature)| signature.len() >= 16) {
            forms.push(("its own signature", signature.as_bytes().to_vec()));
        }
        let encoded = percent_encoded(value);
        if encoded != value {
            forms.push(("percent-encoded", encoded.to_lowercase().into_bytes()));
            forms.push(("percent-encoded", encoded.into_bytes()));
        }
        for at in 0..3 {
            let (standard, url_safe) = base64_inside(value.as_bytes(), at);
            forms.push(("base64", standard.into_bytes()));
            forms.push(("base64, URL-safe", url_safe.into_bytes()));
        }
        Self { name, forms }
    }

    /// The first form that stands in these bytes.
    pub(crate) fn found_in(&self, bytes: &[u8]) -> Option<&'static str> {
        let stands = |form: &[u8]| bytes.windows(form.len()).any(|window| window == form);
        self.forms.iter().find(|(_, form)| stands(form)).map(|(name, _)| *name)
    }
}

fn percent_encoded(text: &str) -> String {
    let encode = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(encode).collect()
}

/// How the value looks inside a longer text that was encoded as a whole, `at` bytes behind the start of a group: without
/// the characters at both ends that depend on what stands beside it.
fn base64_inside(value: &[u8], at: usize) -> (String, String) {
    let whole = [&vec![0; at][..], value].concat();
    let whole = &whole[..whole.len() - whole.len() % 3];
    let inside = |text: String| text[if at == 0 { 0 } else { 4 }..].to_owned();
    (inside(BASE64_STANDARD_NO_PAD.encode(whole)), inside(BASE64_URL_SAFE_NO_PAD.encode(whole)))
}

#[test]
fn a_secret_is_found_in_each_of_its_forms() {
    let secret = Secret::new("a secret", "header.payload+/=.signature-of-it/1");
    for text in [
        "x header.payload+/=.signature-of-it/1 x".to_owned(),
        "x signature-of-it/1 x".to_owned(),
        "x-token=header.payload%2B%2F%3D.signature-of-it%2F1&".to_owned(),
        "x-token=header.payload%2b%2f%3d.signature-of-it%2f1&".to_owned(),
        BASE64_STANDARD_NO_PAD.encode("header.payload+/=.signature-of-it/1"),
        BASE64_STANDARD_NO_PAD.encode("?header.payload+/=.signature-of-it/1?"),
        BASE64_URL_SAFE_NO_PAD.encode("??header.payload+/=.signature-of-it/1??"),
    ] {
        assert!(secret.found_in(text.as_bytes()).is_some(), "{text}");
    }
    assert_eq!(secret.found_in(b"header.payload+/=."), None);
}
