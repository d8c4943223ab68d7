//! Programs as users write them, with values that borrow: they compile, and do what they say.
#![allow(clippy::unwrap_used, clippy::panic, reason = "these are tests")]

use std::future::Future;
use std::time::Duration;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::get;
use cqlwire::codec::ColumnType;
use cqlwire::{Error, PreparedStatement, Session};
use cqlwire_testkit::node::{Prime, ScriptedNode, cell, columns};
use futures_util::future::try_join_all;
use tokio::time::timeout;

const SELECT: &str = "SELECT id FROM users WHERE city = ? AND name = ?";

const USERS: &str = "INSERT INTO users (id, name) VALUES (?, ?)";
const NAMES: &str = "INSERT INTO names (city, name) VALUES (?, ?)";

/// One user, whoever is asked for.
async fn scene() -> (ScriptedNode, Session, PreparedStatement) {
    let node = ScriptedNode::builder().start_tcp().await.unwrap();
    let markers = columns([("city", ColumnType::Text), ("name", ColumnType::Text)]);
    let rows = vec![vec![cell(7_i64.to_be_bytes())]];
    let shape = columns([("id", ColumnType::BigInt)]);
    node.prime(Prime::statement(SELECT).rows(shape, rows).binds(markers, &[0]));
    let address = node.address().to_string();
    let session = Session::builder().contact_points(&address).connect().await.unwrap();
    let by_city = session.prepare(SELECT).await.unwrap();
    (node, session, by_city)
}

#[tokio::test]
async fn a_task_is_spawned() {
    let (_node, session, by_city) = scene().await;
    let task = tokio::spawn(async move {
        let (city, name) = (String::from("Oslo"), String::from("Ada"));
        let found = session.execute(&by_city, (city.as_str(), &name)).await?;
        let (id,) = found.one_row::<(i64,)>()?;
        let again = session.execute(&by_city, [&city, &name]).await?;
        Ok::<_, Error>(id + i64::try_from(again.row_count()).unwrap())
    });
    assert_eq!(task.await.unwrap().unwrap(), 8);
}

#[tokio::test]
async fn two_are_joined() {
    let (_node, session, by_city) = scene().await;
    let city = String::from("Oslo");
    let task = tokio::spawn(async move {
        let (one, two) = tokio::join!(
            session.execute(&by_city, (&city, "Ada")),
            session.execute(&by_city, (city.as_str(), "Bo")).timeout(Duration::from_secs(5)),
        );
        Ok::<_, Error>(one?.row_count() + two?.row_count())
    });
    assert_eq!(task.await.unwrap().unwrap(), 2);
}

#[tokio::test]
async fn many_are_awaited_at_once() {
    let (_node, session, by_city) = scene().await;
    let task = tokio::spawn(async move {
        let names: Vec<String> = (0..100).map(|n| format!("user {n}")).collect();
        let reads = names.iter().map(|name| session.execute(&by_city, ("Oslo", name)));
        Ok::<_, Error>(try_join_all(reads).await?.len())
    });
    assert_eq!(task.await.unwrap().unwrap(), 100);
}

#[tokio::test]
async fn many_are_loaded_in_a_task() {
    let (node, session, _) = scene().await;
    let [id, name, city] =
        [("id", ColumnType::BigInt), ("name", ColumnType::Text), ("city", ColumnType::Text)];
    for (text, markers) in [(USERS, [id, name.clone()]), (NAMES, [city, name])] {
        node.prime(Prime::statement(text).void().binds(columns(markers), &[0]));
    }
    let task = tokio::spawn(async move {
        let names: Vec<String> = (0..100).map(|n| format!("user {n}")).collect();
        let rows = names.iter().zip(0_i64..).map(|(name, id)| (id, name.as_str()));
        let insert = session.prepare(USERS).await?;
        let loaded = session.insert_all(&insert, rows).await?;
        let slices: Vec<[&str; 2]> = names.iter().map(|name| ["Oslo", &**name]).collect();
        let mut load = session.insert_all(NAMES, &slices);
        let mut written = loaded.written;
        while let Some(failure) = load.next_failure().await? {
            written -= u64::from(failure.error.is_timeout());
        }
        Ok::<_, Error>(written + load.progress().written)
    });
    assert_eq!(task.await.unwrap().unwrap(), 200);
}

#[tokio::test]
async fn one_is_selected() {
    let (_node, session, by_city) = scene().await;
    let task = tokio::spawn(async move {
        let name = String::from("Ada");
        tokio::select! {
            found = session.execute(&by_city, ("Oslo", &*name)) => Ok::<_, Error>(found?.row_count()),
            () = std::future::pending() => unreachable!("it never comes"),
        }
    });
    assert_eq!(task.await.unwrap().unwrap(), 1);
}

async fn user(
    State((session, by_city)): State<(Session, PreparedStatement)>,
    Path((city, name)): Path<(String, String)>,
) -> Result<String, StatusCode> {
    let failed = |_| StatusCode::INTERNAL_SERVER_ERROR;
    let found = session.execute(&by_city, (&city, name.as_str())).await.map_err(failed)?;
    let mut rows = session.execute(&by_city, (&*city, &name)).rows::<(i64,)>();
    let streamed = rows.try_next().await.map_err(failed)?.ok_or(StatusCode::NOT_FOUND)?;
    let (id,) = found.one_row::<(i64,)>().map_err(failed)?;
    assert_eq!(streamed, (id,));
    Ok(id.to_string())
}

/// A handler has to be a future that is `Send`, whatever its lifetimes.
#[tokio::test]
async fn a_handler_of_axum_asks_the_database() {
    let (_node, session, by_city) = scene().await;
    let router: Router<()> = Router::new()
        .route("/{city}/{name}", get(user))
        .with_state((session.clone(), by_city.clone()));
    drop(router);
    let path = Path((String::from("Oslo"), String::from("Ada")));
    assert_eq!(user(State((session, by_city)), path).await, Ok("7".to_owned()));
}

async fn with_patience<F: Future + Send>(call: F) -> F::Output {
    timeout(Duration::from_secs(10), call).await.unwrap()
}

fn boxed<'a, T>(
    call: impl Future<Output = T> + Send + 'a,
) -> std::pin::Pin<Box<dyn Future<Output = T> + Send + 'a>> {
    Box::pin(call)
}

#[tokio::test]
async fn a_wrapper_takes_any_future() {
    let (_node, session, by_city) = scene().await;
    let task = tokio::spawn(async move {
        let name = String::from("Ada");
        let found = with_patience(session.execute(&by_city, ("Oslo", &name))).await?;
        let boxed = boxed(session.execute(&by_city, (name.as_str(), "Oslo"))).await?;
        Ok::<_, Error>(found.row_count() + boxed.row_count())
    });
    assert_eq!(task.await.unwrap().unwrap(), 2);
}
