//! Bundles and metadata services of Astra that are not as they should be.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use cqlwire_testkit::tls::acceptor;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::astra::{Database, NAMES, builder, why, with_length, write};
use super::*;

/// Another bundle of this database, in which one file is different.
fn changed(database: &Database, index: usize, text: &str) -> std::path::PathBuf {
    let path = database.directory.path().join("changed.zip");
    let mut contents = database.contents();
    contents[index] = text.to_owned();
    write(&path, NAMES.into_iter().zip(contents));
    path
}

/// A metadata service that gives these answers in turn, the last one for ever, and how often it was
/// asked.
async fn in_turn(database: &Database, answers: Vec<String>) -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let acceptor = acceptor(&database.authority.sign("localhost"), Some(&database.authority));
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let number = count.fetch_add(1, Ordering::Relaxed);
            let answer =
                answers.get(number).or_else(|| answers.last()).cloned().unwrap_or_default();
            let mut buffer = [0; 4_096];
            if stream.read(&mut buffer).await.is_ok() {
                drop(stream.write_all(answer.as_bytes()).await);
                drop(stream.shutdown().await);
            }
        }
    });
    (port, asked)
}

#[tokio::test]
async fn a_metadata_service_that_is_away_at_first_is_asked_again_where_that_is_wanted() {
    let mut good = String::new();
    let database = Database::new("localhost", |json| {
        good = with_length(json);
        good.clone()
    })
    .await;
    let away = "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n".to_owned();
    let (port, asked) = in_turn(&database, vec![away.clone(), away, good]).await;
    let path = changed(&database, 0, &format!(r#"{{"host":"localhost","port":{port}}}"#));
    let connecting = builder(&path).reconnect_on_init(true).connect_timeout(PATIENCE).connect();
    let session = connecting.await.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(asked.load(Ordering::Relaxed), 3);
    session.close(PATIENCE).await;
}

#[tokio::test]
async fn metadata_with_odd_fields_leads_to_the_hosts_all_the_same() {
    type Change = fn(String) -> String;
    let no_dc: Change = |json| json.replace("\"local_dc\":\"eu-west-1\",", "");
    let null_dc: Change = |json| json.replace("\"eu-west-1\"", "null");
    let empty_dc: Change = |json| json.replace("\"eu-west-1\"", "\"\"");
    let twice: Change = |json| {
        let points = json.split_once("\"contact_points\":[").unwrap().1.split_once(']').unwrap().0;
        json.replace(points, &format!("{points},{points}"))
    };
    for (what, change) in
        [("no dc", no_dc), ("null dc", null_dc), ("empty dc", empty_dc), ("twice", twice)]
    {
        let database = Database::new("localhost", |json| with_length(change(json))).await;
        let session = builder(&database.bundle()).ready_when(2).connect().await;
        let session = session.unwrap_or_else(|error| panic!("{what}: {error}"));
        session.query(INSERT, ()).await.unwrap();
        session.close(PATIENCE).await;
    }
}

#[tokio::test]
async fn what_a_metadata_service_says_is_shown_in_part() {
    let long = "x".repeat(500_000);
    for change in [
        |json: String, long: &str| {
            json.replace("\"contact_points\":[", &format!("\"contact_points\":[\"{long}\","))
        },
        |json: String, long: &str| json.replace("localhost", &format!("a b{long}")),
        |json: String, long: &str| json.replace("localhost", long),
    ] {
        let database = Database::new("localhost", |json| with_length(change(json, &long))).await;
        let error = builder(&database.bundle()).connect().await.unwrap_err().to_string();
        assert!(error.len() < 4_000, "{} bytes: {error:.300}", error.len());
    }
}

#[tokio::test]
async fn an_answer_that_is_no_metadata_is_said_to_be_none() {
    for (answer, says) in [
        (
            "HTTP/1.1 302 Found\r\nlocation: https://evil.example/\r\ncontent-length: 0\r\n\r\n",
            "302",
        ),
        ("HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n", "it answers 401"),
        ("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n", "it answers 404"),
        ("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nnull", "contact_info"),
        ("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n[]", "contact_info"),
        ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n", "it answers 204"),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nffffffffffffffff\r\n{",
            "its answer",
        ),
    ] {
        let database = Database::new("localhost", |_| answer.to_owned()).await;
        let text = why(builder(&database.bundle())).await;
        assert!(text.contains(says), "{answer:?}: {text}");
    }
}

#[tokio::test]
async fn a_proxy_that_is_none_is_named() {
    for proxy in ["unix:/run/proxy", "localhost:0", "localhost:70000", "", "a/b:1"] {
        let change = |json: String| {
            let at = json.find("\"sni_proxy_address\":").unwrap();
            format!("{}\"sni_proxy_address\":\"{proxy}\"}}}}", &json[..at])
        };
        let database = Database::new("localhost", |json| with_length(change(json))).await;
        let error = builder(&database.bundle()).connect().await.unwrap_err();
        assert!(error.to_string().contains("sni_proxy_address"), "{proxy}: {error}");
    }
}

#[tokio::test]
async fn nothing_secret_of_a_bundle_is_shown() {
    let database = Database::new("localhost", with_length).await;
    let key = database.contents()[3].clone();
    let line = key.lines().nth(1).unwrap()[8..40].to_owned();
    let decimal = format!("{:?}", line.as_bytes());
    for key in [key.replace('\n', ""), key.replace('\n', "\\n"), key.replacen('\n', "", 1)] {
        let text = why(builder(&changed(&database, 3, &key))).await;
        assert!(!text.contains(&line), "{text}");
        assert!(!text.contains(decimal.trim_matches(['[', ']'])), "{text}");
    }
    for config in [
        r#"{"host":"localhost","port":"geheim","keyStorePassword":"geheim"}"#,
        r#"{"keyStorePassword":"geheim"#,
    ] {
        let text = why(builder(&changed(&database, 0, config))).await;
        assert!(!text.contains("geheim"), "{text}");
    }
}

#[tokio::test]
async fn a_bundle_that_unpacks_to_too_much_is_not_unpacked() {
    let database = Database::new("localhost", with_length).await;
    for index in 0..4 {
        let path = changed(&database, index, &" ".repeat(2 << 20));
        let text = why(builder(&path)).await;
        assert!(text.contains("is longer than 1 MiB"), "{text}");
    }
}

/// Lets go whoever waits for somebody to write into it.
fn release(pipe: &Path) {
    drop(std::fs::OpenOptions::new().read(true).write(true).open(pipe).unwrap());
}

#[cfg(unix)]
#[tokio::test]
async fn a_bundle_that_is_a_pipe_is_refused_rather_than_waited_for() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("bundle.zip");
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    let outcome = builder(&path).connect_timeout(Duration::from_secs(3)).connect().await;
    // Otherwise the runtime waits for it for ever.
    release(&path);
    let error = outcome.map(drop).unwrap_err();
    assert!(!error.is_timeout() && error.to_string().contains("no regular file"), "{error}");
}

#[tokio::test]
async fn a_wrong_token_is_shown_to_each_host_once() {
    let database = Database::new("localhost", with_length).await;
    let builder = builder(&database.bundle()).credentials("token", "falsch");
    let error = builder.reconnect_on_init(true).connect().await.unwrap_err();
    assert!(!error.to_string().contains("falsch") && !format!("{error:?}").contains("falsch"));
    let accepted: Vec<_> = database.hosts.iter().map(|host| host.accepted().len()).collect();
    assert_eq!(accepted, [1, 1], "{error}");
}
