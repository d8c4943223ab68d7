//! No answer is lost, however soon and in whatever order it comes.

use bytes::{BufMut, BytesMut};
use cqlwire_codec::{Opcode, StreamId};
use cqlwire_mux::Usage;
use cqlwire_testkit::cancel::poll_once;
use cqlwire_testkit::eventually;
use cqlwire_testkit::fault::Trickle;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

use super::played::{self, Played, VOID};
use super::{query, rounds, seconds, send};
use crate::{Connection, MultiplexerSettings, Settings};

/// Answers each request as soon as its first byte is there, and reads the rest afterwards. Requests
/// come one after the other, so each has the id of the one before.
async fn answer_on_the_first_byte(mut server: Played) {
    server.welcome().await;
    let answer = played::envelope(StreamId::new(1), Opcode::Result, VOID);
    while let Ok(version) = server.stream.read_u8().await {
        assert_eq!(version, 4);
        server.stream.write_all(&answer).await.unwrap();
        let mut header = [0; 8];
        server.stream.read_exact(&mut header).await.unwrap();
        let [_, _, stream, _, length @ ..] = header;
        assert_eq!(stream, 1);
        let mut body = vec![0; u32::from_be_bytes(length).try_into().unwrap()];
        server.stream.read_exact(&mut body).await.unwrap();
    }
}

async fn one_after_the_other(connection: Connection, times: usize) {
    for _ in 0..times {
        // A lost wake-up would be a deadline that passes.
        send(&connection, "SELECT now", seconds(30)).await.unwrap();
    }
    assert_eq!(connection.usage(), Usage::default());
}

/// Each client asks from the connection's own runtime; of each second one, requests go over the
/// wire in pieces, so that the answer is there before the request has been written.
#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn g1_1_an_answer_on_the_first_byte_never_loses_a_wake_up() {
    let mut clients = Vec::new();
    for client in 0..4 {
        let (near, far) = duplex(4096);
        tokio::spawn(answer_on_the_first_byte(Played { stream: far }));
        let pieces: &[usize] = if client % 2 == 0 { &[] } else { &[1, 3, 64] };
        let near = Trickle::new(near, &[], pieces);
        let settings = played::settings();
        let connection = Connection::over(near, "node", &settings, seconds(30)).await.unwrap();
        clients.push(tokio::spawn(one_after_the_other(connection, rounds(500, 250_000))));
    }
    for client in clients {
        client.await.unwrap();
    }
}

/// The same, waited for by threads that have runtimes of their own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g1_1_nor_is_one_lost_between_runtimes() {
    let mut clients = Vec::new();
    for _ in 0..2 {
        let (near, far) = duplex(4096);
        tokio::spawn(answer_on_the_first_byte(Played { stream: far }));
        let settings = played::settings();
        let connection = Connection::over(near, "node", &settings, seconds(30)).await.unwrap();
        clients.push(tokio::task::spawn_blocking(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let asking = one_after_the_other(connection, rounds(300, 100_000));
            runtime.unwrap().block_on(asking);
        }));
    }
    for client in clients {
        client.await.unwrap();
    }
}

/// Reads so many requests, then answers them in any order, each with its own text.
async fn answer_in_any_order(mut server: Played, requests: usize) -> Played {
    let mut asked = Vec::new();
    for _ in 0..requests {
        asked.push(server.asked().await);
    }
    fastrand::shuffle(&mut asked);
    let mut answers = BytesMut::new();
    for asked in asked {
        answers.put_slice(&played::envelope(asked.stream, Opcode::Result, &asked.body));
    }
    server.stream.write_all(&answers).await.unwrap();
    server
}

/// How many ids there are for requests.
const IDS: u16 = 32_767;

/// Every id is in use, and one request more waits for the first to be free.
#[tokio::test(start_paused = true)]
async fn g1_3_every_id_in_flight_at_once_is_answered_in_random_order() {
    let multiplexer = MultiplexerSettings { max_in_flight: IDS, ..MultiplexerSettings::default() };
    let settings = Settings { multiplexer, ..played::settings() };
    let (connection, mut server) = played::connected(&settings, 1 << 20).await;
    for _ in 0..rounds(1, 20) {
        server = all_ids_at_once(&connection, server).await;
    }
}

async fn all_ids_at_once(connection: &Connection, server: Played) -> Played {
    let server = tokio::spawn(async move {
        let server = answer_in_any_order(server, IDS.into()).await;
        answer_in_any_order(server, 1).await
    });
    let requests: Vec<_> = (0..=IDS)
        .map(|number| {
            let text = format!("SELECT {number}");
            (
                query(connection, &text).as_bytes()[9..].to_vec(),
                send(connection, &text, seconds(60)),
            )
        })
        .collect();
    for (body, request) in requests {
        assert_eq!(request.await.unwrap().body, body, "another's answer");
    }
    assert_eq!(connection.usage(), Usage::default());
    server.await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn g5_4_what_came_before_the_first_poll_is_delivered_by_it() {
    let (connection, mut server) = played::connected(&played::settings(), 4096).await;
    let mut request = send(&connection, "SELECT now", seconds(5));
    let asked = server.asked().await;
    server.answer(asked.stream, Opcode::Result, VOID).await;
    eventually(Duration::from_secs(1), "answered", || connection.usage().in_flight == 0).await;
    let polled = poll_once(&mut request).await;
    assert!(matches!(polled, std::task::Poll::Ready(Ok(_))), "{polled:?}");
    // Nor does an end that came before keep anything back.
    let mut late = send(&connection, "SELECT now", seconds(5));
    drop(server);
    eventually(Duration::from_secs(1), "over", || connection.is_ended()).await;
    assert!(poll_once(&mut late).await.is_ready());
}
