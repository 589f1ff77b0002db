//! People whom an operator keeps out of a room.

use chatroom_mqtt::ReasonCode;
use chatroom_server::{Data, Options, RunningServer, Server};
use chatroom_wire::rest::{CreateChatroom, PREFIX, Role};
use serde_json::{Value, json};

use crate::bed::{Answer, Client, config, get, http::bearer, join, post, server, text, token, token_in};

async fn bar(server: &RunningServer, verb: &str, user: &str) -> Value {
    let answer = bar_in(server, server.room_id().as_str(), verb, &json!({"user_id": user})).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

async fn bar_in(server: &RunningServer, room: &str, verb: &str, body: &Value) -> Answer {
    post(server, &format!("/chatrooms/{room}/users:{verb}"), server.org_token().expose(), &body.to_string()).await
}

#[tokio::test]
async fn who_is_barred_is_disconnected_and_refused_everywhere_until_unbarred() {
    let server = server(&[]).await;
    let tokens = token(&server, "eve", Role::Admin).await;
    let eve_config = config(&server, &tokens.token).await;
    let mut eve = Client::connect(&server, &eve_config).await;
    let mut second = join(&server, "eve", Role::Viewer).await;
    let mut ada = join(&server, "ada", Role::Viewer).await;
    assert_eq!(bar(&server, "bar", "eve").await, json!({"changed": true}));
    assert_eq!(bar(&server, "bar", "eve").await, json!({"changed": false}));
    assert_eq!(eve.end().await, Some(ReasonCode::NOT_AUTHORIZED));
    assert_eq!(second.end().await, Some(ReasonCode::NOT_AUTHORIZED));
    let (_, refused) = Client::try_connect(&server, &eve_config, |_| {}).await;
    assert_eq!(refused.map(drop), Err(ReasonCode::NOT_AUTHORIZED));

    let eve = tokens.token.expose();
    for path in ["/chatrooms/config", "/chatrooms", "/chatrooms/messages", "/dictionaries"] {
        let answer = get(&server, path, eve).await;
        assert_eq!((answer.status, answer.refusal().0), (403, 7), "{path}");
        assert!(answer.body.contains("barred from the room"), "{}", answer.body);
    }
    assert_eq!(post(&server, "/chatrooms:mute", eve, "{}").await.status, 403);
    let refresh = json!({"refresh_token": tokens.refresh_token.expose()}).to_string();
    let refreshed =
        crate::bed::call(&server, "POST", &format!("{PREFIX}/chatrooms/tokens:refresh"), &[], &refresh).await;
    assert_eq!(refreshed.status, 403);
    ada.must_say(&text("peace")).await;

    let other = server.create_room(CreateChatroom::default()).await.unwrap().id;
    let elsewhere = token_in(&server, &other, "eve", Role::Viewer).await.token;
    assert_eq!(get(&server, "/chatrooms", elsewhere.expose()).await.status, 200, "each room has its own");
    assert_eq!(bar(&server, "unbar", "eve").await, json!({"changed": true}));
    assert_eq!(bar(&server, "unbar", "eve").await, json!({"changed": false}));
    join(&server, "eve", Role::Viewer).await.must_say(&text("sorry")).await;
    let history = get(&server, "/chatrooms/messages", token(&server, "ada", Role::Viewer).await.token.expose()).await;
    assert!(!history.body.contains("BAR") && history.body.contains("sorry"), "it is announced to nobody");
}

#[tokio::test]
async fn a_bar_outlives_the_server_and_names_what_is_wrong_with_it() {
    let directory = tempfile::tempdir().unwrap();
    let start = async || {
        let mut options = Options::ephemeral();
        options.tls_listen = None;
        options.data = Data::Directory(directory.path().join("data"));
        Server::start(options).await.unwrap()
    };
    let server = start().await;
    bar(&server, "bar", "eve").await;
    server.shutdown().await;
    let server = start().await;
    let eve = token(&server, "eve", Role::Viewer).await.token;
    assert_eq!(get(&server, "/chatrooms/config", eve.expose()).await.status, 403);
    let path = format!("{PREFIX}/chatrooms/{}/barred-users", server.room_id());
    let org = bearer(server.org_token().expose());
    let listed = crate::bed::call(&server, "GET", &path, &[&org], "").await.json();
    assert_eq!(listed["barred_users"][0]["user_id"], "eve");
    for (room, body, status) in [
        ("nowhere", json!({"user_id": "eve"}), 404),
        (server.room_id().as_str(), json!({"user_id": ""}), 400),
        (server.room_id().as_str(), json!({"user_id": "x".repeat(129)}), 400),
        (server.room_id().as_str(), json!({}), 400),
    ] {
        assert_eq!(bar_in(&server, room, "bar", &body).await.status, status, "{body}");
    }
    server.shutdown().await;
}
