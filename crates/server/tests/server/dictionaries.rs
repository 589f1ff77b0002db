//! The word filter through real sockets: dictionaries over REST, and what becomes of texts over MQTT.

use std::path::Path;

use chatroom_server::{Data, Options, RunningServer, Server};
use chatroom_wire::rest::{PREFIX, Role};
use serde_json::{Value, json};

use crate::bed::{Answer, Client, call, get, http::bearer, join, post, server, text, token};

#[tokio::test]
async fn a_dictionary_lives_from_its_making_to_its_end() {
    let server = server(&[]).await;
    let words = words_token(&server).await;
    let made = ok(&post(&server, "/dictionaries", &words, r#"{"name":"rude","description":"not here"}"#).await);
    let (id, made) = (id_of(&made["dictionary"]), &made["dictionary"]);
    assert_eq!((&made["name"], &made["description"]), (&json!("rude"), &json!("not here")));
    assert_eq!((&made["default"], &made["pattern_count"]), (&json!(false), &json!(0)));
    assert!(made["created_at"].is_string() && made["updated_at"].is_string());

    let path = format!("/dictionaries/{id}");
    let put = ok(&send(&server, "PUT", &path, &words, r#"{"name":"very rude"}"#).await);
    assert_eq!((&put["dictionary"]["name"], &put["dictionary"]["description"]), (&json!("very rude"), &json!("")));
    assert_eq!(ok(&get(&server, &path, &words).await), put);
    assert_eq!(ok(&get(&server, "/dictionaries", &words).await)["dictionaries"], json!([put["dictionary"]]));

    let one = ok(&post(&server, &format!("{path}/patterns"), &words, r#"{"text":"boo"}"#).await);
    let texts = r#"{"texts":["go home","boo","Boo"]}"#;
    let many = ok(&post(&server, &format!("{path}/patterns:batch-create"), &words, texts).await);
    assert_eq!(texts_of(&many), ["go home", "boo", "Boo"]);
    assert_eq!(many["patterns"][1], one["pattern"], "what is there already keeps its id");
    assert_eq!(texts_of(&ok(&get(&server, &format!("{path}/patterns"), &words).await)), ["boo", "go home", "Boo"]);

    let pattern = format!("{path}/patterns/{}", id_of(&one["pattern"]));
    let put = ok(&send(&server, "PUT", &pattern, &words, r#"{"text":"hiss"}"#).await);
    assert_eq!(put["pattern"], json!({"id": one["pattern"]["id"], "text": "hiss"}));
    let taken = send(&server, "PUT", &pattern, &words, r#"{"text":"Boo"}"#).await;
    assert_eq!((taken.status, taken.refusal().0), (409, 6));
    assert_eq!(ok(&send(&server, "DELETE", &pattern, &words, "").await), json!({}));
    assert_eq!(send(&server, "DELETE", &pattern, &words, "").await.status, 404);
    assert_eq!(send(&server, "PUT", &pattern, &words, r#"{"text":"hiss"}"#).await.status, 404);
    assert_eq!(ok(&get(&server, &path, &words).await)["dictionary"]["pattern_count"], 2);

    assert_eq!(ok(&send(&server, "DELETE", &path, &words, "").await), json!({}));
    for (method, path, body) in [
        ("GET", path.clone(), ""),
        ("PUT", path.clone(), r#"{"name":"x"}"#),
        ("DELETE", path.clone(), ""),
        ("GET", format!("{path}/patterns"), ""),
        ("POST", format!("{path}/patterns"), r#"{"text":"x"}"#),
        ("POST", format!("{path}/patterns:batch-create"), r#"{"texts":[]}"#),
        ("POST", format!("{path}/patterns:upload"), "x"),
    ] {
        let lines: &[&str] = if path.ends_with("upload") { &["Content-Type: text/plain"] } else { &[] };
        let gone = send_with(&server, method, &path, &words, lines, body).await;
        assert_eq!((gone.status, gone.refusal().0), (404, 5), "{method} {path}");
    }
}

#[tokio::test]
async fn a_text_that_is_a_pattern_as_a_whole_comes_marked_while_the_room_uses_the_dictionary() {
    let server = server(&[("rate.viewer", "1000")]).await;
    let admin = token(&server, "boss", Role::Admin).await.token;
    let admin = admin.expose();
    let mut ada = join(&server, "ada", Role::Viewer).await;
    let (d, e) = (made(&server, admin, "d").await, made(&server, admin, "e").await);
    add(&server, admin, &d, &["Buy now", "ｓｐａｍ"]).await;
    assert!(!filtered(&mut ada, "buy now").await, "no room uses it");

    let ids = json!({"ids": [d], "enabled": true}).to_string();
    let answer = ok(&post(&server, "/chatrooms/dictionaries:batch-update", admin, &ids).await);
    assert_eq!(
        (&answer["results"][0]["dictionary"]["id"], &answer["results"][0]["enabled"]),
        (&json!(d), &json!(true))
    );
    for text in ["Buy now", "BUY NOW", " buy\u{200b} now ", "spam", "SPAM", "ＢＵＹ ＮＯＷ"] {
        assert!(filtered(&mut ada, text).await, "{text}");
    }
    for text in ["please buy now", "buy", "spammer", "buynow"] {
        assert!(!filtered(&mut ada, text).await, "{text}");
    }
    let mut boss = join(&server, "boss", Role::Admin).await;
    assert!(filtered(&mut boss, "spam").await, "it holds for everybody");
    assert_eq!(ada.message_of("INTERACTION_TYPE_TEXT").await["text_message"]["filtered"], true, "others see the mark");

    add(&server, admin, &d, &["new word"]).await;
    assert!(filtered(&mut ada, "New Word").await, "what is added is in force at once");
    let page = ok(&get(&server, "/chatrooms/dictionaries", admin).await);
    let enabled: Vec<_> = page["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (id_of(&it["dictionary"]), it["enabled"] == true))
        .collect();
    assert_eq!(enabled, [(d.clone(), true), (e, false)]);

    ok(&post(&server, &format!("/chatrooms/dictionaries/{d}:disable"), admin, "").await);
    assert!(!filtered(&mut ada, "spam").await, "the room uses it no longer");
    ok(&post(&server, &format!("/chatrooms/dictionaries/{d}:enable"), admin, "").await);
    assert!(filtered(&mut ada, "spam").await);
    ok(&send(&server, "DELETE", &format!("/dictionaries/{d}"), admin, "").await);
    assert!(!filtered(&mut ada, "spam").await, "it is gone");
}

#[tokio::test]
async fn an_upload_of_ten_thousand_lines_takes_the_place_of_all_and_a_restart_keeps_it() {
    let directory = tempfile::tempdir().unwrap();
    let first = server_in(directory.path()).await;
    let admin = token(&first, "boss", Role::Admin).await.token;
    let admin = admin.expose();
    let d = made(&first, admin, "d").await;
    add(&first, admin, &d, &["before"]).await;
    ok(&post(&first, &format!("/chatrooms/dictionaries/{d}:enable"), admin, "").await);
    let file: String = (0..10_000).fold("\u{feff}".to_owned(), |file, line| file + &format!("word {line}\r\n\r\n"));
    let upload = format!("/dictionaries/{d}/patterns:upload");
    let answer = ok(&send_with(&first, "POST", &upload, admin, &["Content-Type: text/plain"], &file).await);
    assert_eq!(answer, json!({"pattern_count": 10_000}));
    let mut ada = join(&first, "ada", Role::Viewer).await;
    assert!(filtered(&mut ada, "WORD 9999").await);
    assert!(filtered(&mut ada, "word 0").await);
    assert!(!filtered(&mut ada, "before").await);
    first.shutdown().await;
    drop(first);

    let second = server_in(directory.path()).await;
    let mut ada = join(&second, "ada", Role::Viewer).await;
    assert!(filtered(&mut ada, "Word 4711").await);
    assert!(!filtered(&mut ada, "before").await);
    assert_eq!(ok(&get(&second, &format!("/dictionaries/{d}"), admin).await)["dictionary"]["pattern_count"], 10_000);
}

#[tokio::test]
async fn lists_come_in_pages_to_their_end() {
    let server = server(&[]).await;
    let words = words_token(&server).await;
    let mut ids = Vec::new();
    for number in 0..12 {
        ids.push(made(&server, &words, &format!("{number}")).await);
    }
    let texts: Vec<String> = (0..25).map(|number| format!("word {number}")).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    add(&server, &words, &ids[0], &texts).await;

    let pages = pages_of(&server, "/dictionaries?", &words).await;
    let sizes: Vec<usize> = pages.iter().map(|page| page["dictionaries"].as_array().unwrap().len()).collect();
    assert_eq!(sizes, [10, 2]);
    let found = pages.iter().flat_map(|page| page["dictionaries"].as_array().unwrap()).map(id_of);
    assert_eq!(found.collect::<Vec<_>>(), ids);

    let path = format!("/dictionaries/{}/patterns?page_size=20&", ids[0]);
    let pages = pages_of(&server, &path, &words).await;
    assert_eq!(pages.iter().flat_map(texts_of).collect::<Vec<_>>(), texts);
    assert_eq!(pages.len(), 2);
    let gone = format!("{path}page_token={}", pages[0]["next_page_token"].as_str().unwrap());
    let last_of_first = id_of(pages[0]["patterns"].as_array().unwrap().last().unwrap());
    ok(&send(&server, "DELETE", &format!("/dictionaries/{}/patterns/{last_of_first}", ids[0]), &words, "").await);
    assert_eq!(get(&server, &gone, &words).await.status, 400, "a page behind what is gone would begin anew");
}

#[tokio::test]
async fn a_full_dictionary_still_answers_what_it_holds() {
    let server = server(&[("patterns.max", "3")]).await;
    let words = words_token(&server).await;
    let d = made(&server, &words, "d").await;
    let path = format!("/dictionaries/{d}/patterns:batch-create");
    let three = r#"{"texts":["one","two","three","two"]}"#;
    let first = ok(&post(&server, &path, &words, three).await);
    assert_eq!(texts_of(&first), ["one", "two", "three"]);
    assert_eq!(ok(&post(&server, &path, &words, three).await), first, "asked again because the answer got lost");
    let refused = post(&server, &path, &words, r#"{"texts":["one","four"]}"#).await;
    assert_eq!((refused.status, refused.refusal().0), (429, 8));
}

#[tokio::test]
async fn what_can_not_be_is_refused_and_nothing_changes() {
    let settings = [("patterns.max", "3"), ("pattern.max", "10"), ("dictionaries.max", "1"), ("upload.max", "1KiB")];
    let server = server(&settings).await;
    let words = words_token(&server).await;
    let d = made(&server, &words, "d").await;
    add(&server, &words, &d, &["one", "two"]).await;
    let patterns = format!("/dictionaries/{d}/patterns");
    let path = |verb: &str| format!("{patterns}{verb}");
    let long = "x".repeat(2000);
    for (path, body, status, code) in [
        (path(""), r#"{"text":""}"#, 400, 3),
        (path(""), r#"{"text":" \u200b"}"#, 400, 3),
        (path(""), r#"{"text":"longer than ten"}"#, 400, 3),
        (path(""), "{}", 400, 3),
        (path(":batch-create"), r#"{"texts":["three","\u3000"]}"#, 400, 3),
        (path(":batch-create"), r#"{"texts":["three","four"]}"#, 429, 8),
        (path(":upload"), "1\n2\n3\n4", 429, 8),
        (path(":upload"), "fine\n\u{200b}\n", 400, 3),
        (path(":upload"), &long, 413, 3),
        ("/dictionaries".to_owned(), r#"{"name":"another"}"#, 429, 8),
        ("/dictionaries".to_owned(), r#"{"name":"  "}"#, 400, 3),
        ("/dictionaries".to_owned(), r#"{"description":"no name"}"#, 400, 3),
    ] {
        let lines: &[&str] = if path.ends_with("upload") { &["Content-Type: text/plain"] } else { &[] };
        let refused = send_with(&server, "POST", &path, &words, lines, body).await;
        assert_eq!((refused.status, refused.refusal().0), (status, code), "{path} {}", refused.body);
    }
    let json = send_with(&server, "POST", &path(":upload"), &words, &["Content-Type: application/json"], "[]").await;
    assert_eq!(json.status, 415);
    assert!(json.body.contains("text/plain"), "{}", json.body);
    assert_eq!(texts_of(&ok(&get(&server, &patterns, &words).await)), ["one", "two"]);
}

#[tokio::test]
async fn a_room_uses_all_of_the_dictionaries_that_are_named_or_none() {
    let server = server(&[]).await;
    let admin = token(&server, "boss", Role::Admin).await.token;
    let admin = admin.expose();
    let d = made(&server, admin, "d").await;
    add(&server, admin, &d, &["spam"]).await;
    let body = json!({"ids": [d, "none"], "enabled": true}).to_string();
    let refused = post(&server, "/chatrooms/dictionaries:batch-update", admin, &body).await;
    assert_eq!((refused.status, refused.refusal().0), (404, 5));
    assert_eq!(post(&server, "/chatrooms/dictionaries/none:enable", admin, "").await.status, 404);
    let page = ok(&get(&server, "/chatrooms/dictionaries", admin).await);
    assert_eq!(page["results"][0]["enabled"], false);
    let mut ada = join(&server, "ada", Role::Viewer).await;
    assert!(!filtered(&mut ada, "spam").await);
}

#[tokio::test]
async fn a_dictionary_token_lives_for_a_week_and_opens_no_room() {
    let server = server(&[]).await;
    let answer = ok(&post(&server, "/dictionaries/tokens", server.org_token().expose(), "").await);
    assert_eq!(answer["expires_in"], 7 * 24 * 60 * 60);
    let words = answer["token"].as_str().unwrap();
    ok(&get(&server, "/dictionaries", words).await);
    for path in ["/chatrooms", "/chatrooms/config", "/chatrooms/dictionaries", "/stickerpacks"] {
        assert_eq!(get(&server, path, words).await.status, 403, "{path}");
    }
    assert_eq!(post(&server, "/dictionaries/tokens", words, "").await.status, 403);
}

/// Says a text; answers whether it came back marked.
async fn filtered(client: &mut Client, said: &str) -> bool {
    client.must_say(&text(said)).await;
    let message = client.message_of("INTERACTION_TYPE_TEXT").await;
    assert_eq!(message["text_message"]["text"], said, "it is delivered like any other");
    message["text_message"]["filtered"] == true
}

async fn server_in(directory: &Path) -> RunningServer {
    let mut options = Options::ephemeral();
    options.tls_listen = None;
    options.data = Data::Directory(directory.join("data"));
    Server::start(options).await.unwrap()
}

async fn words_token(server: &RunningServer) -> String {
    let answer = ok(&post(server, "/dictionaries/tokens", server.org_token().expose(), "").await);
    answer["token"].as_str().unwrap().to_owned()
}

/// Makes a dictionary; answers its id.
async fn made(server: &RunningServer, token: &str, name: &str) -> String {
    let answer = ok(&post(server, "/dictionaries", token, &json!({"name": name}).to_string()).await);
    id_of(&answer["dictionary"])
}

async fn add(server: &RunningServer, token: &str, dictionary: &str, texts: &[&str]) {
    let path = format!("/dictionaries/{dictionary}/patterns:batch-create");
    ok(&post(server, &path, token, &json!({"texts": texts}).to_string()).await);
}

/// All pages of a list.
async fn pages_of(server: &RunningServer, path: &str, token: &str) -> Vec<Value> {
    let mut pages = vec![ok(&get(server, path, token).await)];
    while let Some(next) =
        pages.last().and_then(|page| page["next_page_token"].as_str()).filter(|next| !next.is_empty())
    {
        let page = ok(&get(server, &format!("{path}page_token={next}"), token).await);
        pages.push(page);
    }
    pages
}

async fn send(server: &RunningServer, method: &str, path: &str, token: &str, body: &str) -> Answer {
    send_with(server, method, path, token, &[], body).await
}

async fn send_with(
    server: &RunningServer,
    method: &str,
    path: &str,
    token: &str,
    lines: &[&str],
    body: &str,
) -> Answer {
    let bearer = bearer(token);
    let lines: Vec<&str> = lines.iter().copied().chain([bearer.as_str()]).collect();
    call(server, method, &format!("{PREFIX}{path}"), &lines, body).await
}

fn ok(answer: &Answer) -> Value {
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()
}

fn id_of(thing: &Value) -> String {
    thing["id"].as_str().unwrap().to_owned()
}

fn texts_of(answer: &Value) -> Vec<String> {
    let patterns = answer["patterns"].as_array().unwrap().iter();
    patterns.map(|pattern| pattern["text"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn no_two_dictionaries_share_a_name() {
    let server = server(&[]).await;
    let admin = token(&server, "host", Role::Admin).await.token;
    let call = async |method: &str, path: &str, name: &str| {
        let answer = send(&server, method, path, admin.expose(), &json!({"name": name}).to_string()).await;
        (answer.status, answer.json())
    };
    let (_, rude) = call("POST", "/dictionaries", "Rude words").await;
    let (_, spam) = call("POST", "/dictionaries", "spam").await;
    let path = |made: &Value| format!("/dictionaries/{}", made["dictionary"]["id"].as_str().unwrap());
    for name in ["Rude words", "RUDE  words ", "ｒude words\u{200b}"] {
        for (method, path) in [("POST", "/dictionaries".to_owned()), ("PUT", path(&spam))] {
            let (status, answer) = call(method, &path, name).await;
            assert_eq!((status, &answer["code"]), (409, &json!(6)), "{method} {name}");
            assert!(answer["message"].as_str().unwrap().contains("has this name"), "{answer}");
        }
    }
    assert_eq!(call("PUT", &path(&rude), "rude WORDS").await.0, 200, "its own name in another form");
    let (one, other) = tokio::join!(call("POST", "/dictionaries", "twins"), call("POST", "/dictionaries", "Twins"));
    let mut both = [one.0, other.0];
    both.sort_unstable();
    assert_eq!(both, [200, 409]);
}

/// As many patterns as make an upload take a while.
fn many_lines() -> String {
    (0..40_000).map(|number| format!("pattern {number} of many")).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn messages_do_not_wait_for_an_upload_and_a_token_has_one_at_a_time() {
    let server = server(&[("rate.viewer", "1000")]).await;
    let admin = token(&server, "boss", Role::Admin).await.token;
    let admin = admin.expose();
    let mut ada = join(&server, "ada", Role::Viewer).await;
    let d = made(&server, admin, "d").await;
    let path = format!("/dictionaries/{d}/patterns:upload");
    let (file, lines) = (many_lines(), ["Content-Type: text/plain"]);
    let upload = async || send_with(&server, "POST", &path, admin, &lines, &file).await;
    let (first, second, said) = tokio::join!(upload(), upload(), async {
        let mut said = 0;
        while ok(&get(&server, &format!("/dictionaries/{d}"), admin).await)["dictionary"]["pattern_count"] == 0 {
            ada.must_say(&text("meanwhile")).await;
            said += 1;
        }
        said
    });
    let (done, refused) = if first.status == 200 { (first, second) } else { (second, first) };
    assert_eq!(ok(&done)["pattern_count"], 40_000);
    assert_eq!((refused.status, refused.refusal().0), (429, 8));
    assert!(refused.head.contains("retry-after: 2"), "{}", refused.head);
    assert!(said > 10, "the writer is never held for long: {said} messages meanwhile");
    // What was there before is replaced all at once, and the next upload may come.
    assert_eq!(ok(&send_with(&server, "POST", &path, admin, &lines, "one\ntwo").await)["pattern_count"], 2);
    assert_eq!(texts_of(&ok(&get(&server, &format!("/dictionaries/{d}/patterns"), admin).await)), ["one", "two"]);
}

#[tokio::test]
async fn an_upload_whose_client_left_is_given_up() {
    use tokio::io::AsyncWriteExt as _;

    let server = server(&[]).await;
    let admin = token(&server, "boss", Role::Admin).await.token;
    let admin = admin.expose();
    let d = made(&server, admin, "d").await;
    add(&server, admin, &d, &["as before"]).await;
    let (path, file) = (format!("/dictionaries/{d}/patterns:upload"), many_lines());
    let mut stream = tokio::net::TcpStream::connect(server.address().unwrap()).await.unwrap();
    let head = format!(
        "POST {PREFIX}{path} HTTP/1.1\r\nHost: h\r\n{}\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n",
        bearer(admin),
        file.len()
    );
    stream.write_all((head + &file).as_bytes()).await.unwrap();
    // It is under way once another one is refused.
    let lines = ["Content-Type: text/plain"];
    while send_with(&server, "POST", "/dictionaries/none/patterns:upload", admin, &lines, "x").await.status != 429 {}
    drop(stream);
    while send_with(&server, "POST", "/dictionaries/none/patterns:upload", admin, &lines, "x").await.status == 429 {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert_eq!(texts_of(&ok(&get(&server, &format!("/dictionaries/{d}/patterns"), admin).await)), ["as before"]);
    let all = ok(&get(&server, "/dictionaries", admin).await);
    assert_eq!(all["dictionaries"].as_array().unwrap().len(), 1, "what was given up is seen nowhere");
}
