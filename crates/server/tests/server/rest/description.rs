//! `/openapi.json` against OpenAPI 3.1, and against the server that it describes.

use std::collections::{BTreeMap, BTreeSet};

use chatroom_server::RunningServer;
use chatroom_wire::rest::{PREFIX, Role};
use serde_json::{Value, json};

use crate::bed::{call, config, http::bearer, post, server, token};

/// One operation of the description.
struct Operation {
    method: String,
    path: String,
    is: Value,
}

impl Operation {
    /// The path with something in the place of each id.
    fn somewhere(&self) -> String {
        self.path.replace("{id}", "nowhere").replace("{pattern_id}", "nowhere")
    }

    fn callers(&self) -> BTreeSet<&str> {
        self.is["x-chatroom-callers"].as_array().unwrap().iter().map(|kind| kind.as_str().unwrap()).collect()
    }
}

async fn description(server: &RunningServer) -> Value {
    let answer = call(server, "GET", "/openapi.json", &[], "").await;
    assert_eq!(answer.status, 200);
    assert!(answer.head.contains("content-type: application/json"));
    answer.json()
}

fn operations(description: &Value) -> Vec<Operation> {
    let paths = description["paths"].as_object().unwrap();
    let operations = paths.iter().flat_map(|(path, methods)| {
        methods.as_object().unwrap().iter().map(|(method, is)| Operation {
            method: method.to_uppercase(),
            path: path.clone(),
            is: is.clone(),
        })
    });
    operations.collect()
}

#[tokio::test]
async fn the_description_has_the_form_that_openapi_wants() {
    let server = server(&[]).await;
    let description = description(&server).await;
    assert_eq!(description["openapi"], "3.1.0");
    assert!(["title", "version"].iter().all(|key| !description["info"][*key].as_str().unwrap().is_empty()));
    let tags: Vec<&Value> = description["tags"].as_array().unwrap().iter().map(|tag| &tag["name"]).collect();
    let schemes = description["components"]["securitySchemes"].as_object().unwrap();
    assert!(schemes.values().all(|scheme| scheme["type"] == "http" && scheme["scheme"] == "bearer"));
    let mut names = BTreeSet::new();
    let operations = operations(&description);
    for Operation { method, path, is } in &operations {
        let at = format!("{method} {path}");
        assert!(names.insert(is["operationId"].as_str().unwrap()), "{at} has a name of its own");
        assert!(!is["summary"].as_str().unwrap().is_empty() && tags.contains(&&is["tags"][0]), "{at}");
        let parameters = is["parameters"].as_array().unwrap();
        let ids: BTreeSet<&str> =
            parameters.iter().filter(|it| it["in"] == "path").map(|it| it["name"].as_str().unwrap()).collect();
        let wanted: BTreeSet<&str> =
            path.split('{').skip(1).map(|rest| rest.split('}').next().unwrap_or_default()).collect();
        assert_eq!(ids, wanted, "{at}");
        assert!(parameters.iter().all(|it| it["schema"].is_object() && it["required"].is_boolean()), "{at}");
        assert!(parameters.iter().all(|it| it["in"] != "path" || it["required"] == true), "{at}");
        for (status, response) in is["responses"].as_object().unwrap() {
            let response = match response["$ref"].as_str() {
                Some(reference) => description.pointer(reference.strip_prefix('#').unwrap()).unwrap(),
                None => response,
            };
            assert!(!response["description"].as_str().unwrap().is_empty(), "{at} {status}");
            assert!(response["content"]["application/json"]["schema"].is_object(), "{at} {status}");
        }
        for scheme in is["security"].as_array().unwrap().iter().flat_map(|one| one.as_object().unwrap().keys()) {
            assert!(schemes.contains_key(scheme), "{at} {scheme}");
        }
        let takes_body = !is["requestBody"].is_null();
        assert!(!takes_body || ["POST", "PUT"].contains(&method.as_str()), "{at}");
        for status in ["400", "413", "415"] {
            assert!(!takes_body || is["responses"][status].is_object(), "{at} {status}");
        }
    }
    assert!(operations.len() > 40);
    let mut refs = Vec::new();
    gather_refs(&description, &mut refs);
    assert!(!refs.is_empty());
    for one in refs {
        let pointer = one.strip_prefix('#').unwrap_or_else(|| panic!("{one} is in this document"));
        assert!(description.pointer(pointer).is_some(), "{one} leads somewhere");
    }
}

fn gather_refs(value: &Value, refs: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            refs.extend(fields.get("$ref").and_then(Value::as_str).map(str::to_owned));
            fields.values().for_each(|value| gather_refs(value, refs));
        }
        Value::Array(values) => values.iter().for_each(|value| gather_refs(value, refs)),
        _ => {}
    }
}

/// Whether a path is one of a pattern. Where ids are followed by verbs, none holds a colon.
fn reads_as(pattern: &str, path: &str) -> bool {
    let (wanted, found): (Vec<&str>, Vec<&str>) = (pattern.split('/').collect(), path.split('/').collect());
    let verbs = pattern.contains("/polls/") || pattern.contains("/chatrooms/dictionaries/");
    wanted.len() == found.len()
        && wanted.iter().zip(found).all(|(wanted, found)| {
            *wanted == found || (wanted.starts_with('{') && !found.is_empty() && !(verbs && found.contains(':')))
        })
}

#[tokio::test]
async fn every_operation_is_there_and_nothing_else() {
    let server = server(&[]).await;
    let operations = operations(&description(&server).await);
    let mut methods: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for operation in &operations {
        let answer = call(&server, &operation.method, &operation.somewhere(), &[], "").await;
        let wanted = match operation.is["operationId"].as_str().unwrap() {
            "getOpenApi" => 200,
            "refreshChatroomToken" => 400,
            _ => 401,
        };
        assert_eq!(answer.status, wanted, "{} {}: {answer:?}", operation.method, operation.path);
        methods.entry(operation.somewhere()).or_default().insert(operation.method.clone());
        for nothing in ["/no/such/thing", "/", ":nothing"] {
            let path = format!("{}{nothing}", operation.somewhere());
            // An id may hold a colon.
            if operations.iter().any(|other| reads_as(&other.path, &path)) {
                continue;
            }
            let answer = call(&server, &operation.method, &path, &[], "").await;
            assert_eq!((answer.status, answer.refusal().0), (404, 5), "{} {path}", operation.method);
        }
    }
    for (path, methods) in methods {
        let mut allowed: BTreeSet<String> = methods.clone();
        allowed.insert("OPTIONS".to_owned());
        if methods.contains("GET") {
            allowed.insert("HEAD".to_owned());
        }
        for method in ["GET", "POST", "PUT", "DELETE", "PATCH", "TRACE", "DANCE"] {
            if methods.contains(method) {
                continue;
            }
            let answer = call(&server, method, &path, &[], "").await;
            assert_eq!((answer.status, answer.refusal().0), (405, 12), "{method} {path}");
            let allow = answer.head.lines().find_map(|line| line.strip_prefix("allow: ")).unwrap();
            let told: BTreeSet<String> = allow.split(", ").map(str::to_uppercase).collect();
            assert_eq!(told, allowed, "{method} {path}");
        }
    }
}

#[tokio::test]
async fn who_is_described_as_a_caller_may_call_and_nobody_else() {
    let server = server(&[]).await;
    let org = server.org_token().expose().to_owned();
    let (admin, viewer) = (token(&server, "host", Role::Admin).await, token(&server, "ada", Role::Viewer).await);
    let of_org = async |path| post(&server, path, &org, "{}").await.json()["token"].as_str().unwrap().to_owned();
    let tokens = [
        ("dictionary", of_org("/dictionaries/tokens").await),
        ("sticker", of_org("/stickerpacks/tokens").await),
        ("viewer", viewer.token.expose().to_owned()),
        ("admin", admin.token.expose().to_owned()),
        ("organisation", org),
    ];
    let connection = config(&server, &admin.token).await.connection.token;
    let dead = [admin.refresh_token.expose(), connection.expose(), "nonsense"];
    for operation in operations(&description(&server).await) {
        let (at, callers) = (format!("{} {}", operation.method, operation.path), operation.callers());
        let ask = async |lines: &[&str]| call(&server, &operation.method, &operation.somewhere(), lines, "{").await;
        for (kind, token) in &tokens {
            let answer = ask(&[&bearer(token)]).await;
            if callers.contains(kind) || callers.contains("none") || callers.contains("refresh") {
                assert!(![401, 403].contains(&answer.status) && answer.status < 500, "{at} {kind}: {answer:?}");
            } else {
                // Before the body was looked at, which is none.
                assert_eq!((answer.status, answer.refusal()), (403, (7, vec![])), "{at} {kind}");
            }
        }
        if callers.contains("none") || callers.contains("refresh") {
            assert_eq!(operation.is["security"], json!([]), "{at}");
            continue;
        }
        for token in dead {
            let answer = ask(&[&bearer(token)]).await;
            let invalid = vec!["ERROR_REASON_TOKEN_INVALID".to_owned()];
            assert_eq!((answer.status, answer.refusal()), (401, (16, invalid)), "{at}");
        }
        let answer = ask(&[]).await;
        assert_eq!((answer.status, answer.refusal()), (401, (16, vec![])), "{at}");
    }
}

#[tokio::test]
async fn every_example_of_a_body_is_taken() {
    let server = server(&[]).await;
    let tokens =
        [server.org_token().expose().to_owned(), token(&server, "host", Role::Admin).await.token.expose().to_owned()];
    let mut tried = 0;
    for operation in operations(&description(&server).await) {
        let name = operation.is["operationId"].as_str().unwrap();
        for (kind, body) in operation.is["requestBody"]["content"].as_object().into_iter().flatten() {
            let example = &body["example"];
            let sent = example.as_str().map_or_else(|| example.to_string(), str::to_owned);
            let token = if operation.callers().contains("organisation") { &tokens[0] } else { &tokens[1] };
            let lines = [bearer(token), format!("Content-Type: {kind}")];
            let lines = [lines[0].as_str(), lines[1].as_str()];
            let answer = call(&server, &operation.method, &operation.somewhere(), &lines, &sent).await;
            // What it is about need not be there; an example holds no token that is good.
            let fits = match name {
                "refreshChatroomToken" => answer.status == 401,
                _ => [200, 404].contains(&answer.status),
            };
            assert!(fits, "{name}: {answer:?}");
            tried += 1;
        }
    }
    assert!(tried > 20);
}

#[tokio::test]
async fn a_browser_may_ask_from_anywhere() {
    let server = server(&[]).await;
    let viewer = token(&server, "ada", Role::Viewer).await.token;
    let origin = "Origin: https://page.example";
    let asks = [origin, "Access-Control-Request-Method: PUT", "Access-Control-Request-Headers: authorization"];
    let answer = call(&server, "OPTIONS", &format!("{PREFIX}/chatrooms/users"), &asks, "").await;
    assert_eq!((answer.status, answer.body.as_str()), (204, ""));
    for line in [
        "access-control-allow-origin: *",
        "access-control-allow-methods: options, put",
        "access-control-allow-headers: authorization, content-type, x-bv-org-id",
    ] {
        assert!(answer.head.contains(line), "{line}: {}", answer.head);
    }
    assert!(!answer.head.contains("access-control-allow-credentials"));
    let answers = [
        call(&server, "GET", &format!("{PREFIX}/chatrooms/config"), &[origin, &bearer(viewer.expose())], "").await,
        call(&server, "GET", &format!("{PREFIX}/chatrooms"), &[origin], "").await,
        call(&server, "GET", &format!("{PREFIX}/nothing"), &[origin], "").await,
    ];
    for (answer, status) in answers.into_iter().zip([200, 401, 404]) {
        assert_eq!(answer.status, status);
        assert!(answer.head.contains("access-control-allow-origin: *"), "{}", answer.head);
    }
}

#[tokio::test]
async fn the_organisations_id_in_a_header_is_ignored() {
    let server = server(&[]).await;
    let lines = [&bearer(server.org_token().expose()), "x-bv-org-id: 7f"].map(str::to_owned);
    let lines = [lines[0].as_str(), lines[1].as_str()];
    let answer = call(&server, "POST", &format!("{PREFIX}/chatrooms"), &lines, "{}").await;
    assert_eq!(answer.status, 200);
}
