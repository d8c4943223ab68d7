//! A worker: takes messages from a queue, writes them, and acknowledges them once they are written.
//! `worker FILE`
//!
//! Its queue is a file that others append lines to, JSON each:
//!
//! ```json
//! {"order": "0199c0de-…", "at": 1764530000000, "status": "shipped"}
//! ```
//!
//! How far it is done is kept in `FILE.done`, and what can never be written in `FILE.rejected`. Of a
//! queue such as Kafka, take a batch and commit its offset where this calls `next` and `acknowledge`.
//!
//! Nothing is lost: a message is acknowledged when it is written, or kept as rejected, and read again
//! until then. So it may be written twice, also by another worker, and much later: each has its own
//! time as its write time, so that the second time changes nothing, however old it is.
//!
//! It stops by SIGTERM or Ctrl-C, and may be killed at any time. `CQLWIRE_URL` says where the table of
//! `migrations` is: `cql://user:password@host1,host2/shop?local_dc=oslo`.

use std::env;
use std::error::Error;
use std::io::{ErrorKind, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::Duration;

use cqlwire::{BindValues, PreparedStatement, Session};
use serde::Deserialize;
use tokio::fs::{self, File, OpenOptions};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncSeekExt, AsyncWriteExt, BufReader};
use tokio::sync::watch;
use tokio::time::timeout;
use tracing::{info, warn};
use uuid::Uuid;

type Outcome<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

/// What is taken from the queue before anything of it is acknowledged: so much is read again at most.
const MOST_MESSAGES: usize = 1_000;
const MOST_BYTES: u64 = 1 << 20;

/// How long an empty queue is left alone.
const IDLE: Duration = Duration::from_millis(200);

/// Between attempts on what could not be written, the longest; the first pause is `IDLE`.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Its own time comes first, whatever clock the writer has.
const INSERT: &str = "INSERT INTO order_events (order_id, at, status) \
                      VALUES (:order_id, :at, :status) USING TIMESTAMP :written";

/// A message, as it stands in the queue.
#[derive(Clone, Debug, Deserialize)]
struct Message {
    order: Uuid,
    /// In milliseconds since 1970.
    at: i64,
    status: String,
}

/// The row of a message.
#[derive(Debug, BindValues)]
struct Event {
    order_id: Uuid,
    at: i64,
    status: String,
    /// In microseconds since 1970.
    written: i64,
}

#[tokio::main]
async fn main() -> Outcome {
    tracing_subscriber::fmt().init();
    let queue = env::args_os().nth(1).ok_or("which queue? worker FILE")?;
    let url = env::var("CQLWIRE_URL").unwrap_or_else(|_| "cql://127.0.0.1/shop".to_owned());
    let session = Session::builder().url(&url).application_name("worker").connect().await?;
    let insert = session.prepare(INSERT).await?;
    let (stop, stopping) = watch::channel(false);
    tokio::spawn(async move {
        // An error is an end as well: nobody could ever ask it to stop.
        if let Err(error) = asked_to_stop().await {
            warn!(%error, "signals cannot be listened to");
        }
        stop.send_replace(true);
    });
    let ended = work(&session, &insert, Queue::open(queue.into()).await?, stopping).await;
    session.close(Duration::from_secs(5)).await;
    ended
}

/// Batch after batch. It stops between two of them; one that is under way has its writes finished, which
/// the deadline of each sees to.
async fn work(
    session: &Session,
    insert: &PreparedStatement,
    mut queue: Queue,
    mut stopping: watch::Receiver<bool>,
) -> Outcome {
    while !*stopping.borrow_and_update() {
        let Taken { rows, rejected, end } = queue.next().await?;
        if end == queue.done {
            pause(IDLE, &mut stopping).await;
            continue;
        }
        let Some(refused) = write(session, insert, rows, &mut stopping).await? else {
            info!("stopped before all of a batch was written: it is read again");
            break;
        };
        queue.reject(rejected.into_iter().chain(refused)).await?;
        queue.acknowledge(end).await?;
    }
    info!(done = queue.done, "stopped");
    Ok(())
}

/// Writes all rows, however long that takes, and gives back what to keep of those that are refused;
/// `None` if it was to stop before.
async fn write(
    session: &Session,
    insert: &PreparedStatement,
    mut rows: Vec<Event>,
    stopping: &mut watch::Receiver<bool>,
) -> Outcome<Option<Vec<String>>> {
    let mut refused = Vec::new();
    let mut length = IDLE;
    loop {
        // As many requests in flight as are good for the servers, and fewer while they have too much.
        let mut load = session.insert_all(insert, rows).idempotent(true);
        let mut again = Vec::new();
        let mut last = None;
        while let Some(failed) = load.next_failure().await? {
            match is_refused(&failed.error) {
                true => refused.push(format!("{:?}: {}", failed.row, failed.error)),
                false => {
                    last = Some(failed.error);
                    again.push(failed.row);
                }
            }
        }
        let Some(error) = last else { return Ok(Some(refused)) };
        warn!(rows = again.len(), %error, "not written yet");
        rows = again;
        pause(length, stopping).await;
        length = LONGEST_PAUSE.min(length * 2);
        if *stopping.borrow() {
            return Ok(None);
        }
    }
}

/// Is the message itself at fault, so that it would be refused for ever? Anything else, a missing
/// permission too, is mended by others some day.
fn is_refused(error: &cqlwire::Error) -> bool {
    match error.kind() {
        cqlwire::ErrorKind::Encode(_) => true,
        cqlwire::ErrorKind::Server { error, .. } => error.code == cqlwire::ErrorCode::Invalid,
        _ => false,
    }
}

/// Waits, but not when it is to stop.
async fn pause(length: Duration, stopping: &mut watch::Receiver<bool>) {
    // An error says that the time has passed.
    let _passed = timeout(length, stopping.wait_for(|stopping| *stopping)).await;
}

/// The file, and how much of it is done.
struct Queue {
    path: PathBuf,
    /// In bytes.
    done: u64,
}

/// A batch of messages, as rows; those that are none, with why; and where the next batch begins.
struct Taken {
    rows: Vec<Event>,
    rejected: Vec<String>,
    end: u64,
}

impl Queue {
    async fn open(path: PathBuf) -> Outcome<Self> {
        let done = match fs::read_to_string(beside(&path, "done")).await {
            Ok(done) => done.trim().parse()?,
            Err(error) if error.kind() == ErrorKind::NotFound => 0,
            Err(error) => return Err(error.into()),
        };
        Ok(Self { path, done })
    }

    /// The next messages that nobody has acknowledged: the same again, until somebody does.
    async fn next(&self) -> Outcome<Taken> {
        let mut taken = Taken { rows: Vec::new(), rejected: Vec::new(), end: self.done };
        let mut file = File::open(&self.path).await?;
        file.seek(SeekFrom::Start(self.done)).await?;
        let mut lines = BufReader::new(file.take(MOST_BYTES));
        let mut line = Vec::new();
        for _ in 0..MOST_MESSAGES {
            line.clear();
            let length = lines.read_until(b'\n', &mut line).await?;
            // The last line is still being written, or goes on behind the most bytes of a batch.
            if !line.ends_with(b"\n") {
                break;
            }
            taken.end += u64::try_from(length)?;
            match serde_json::from_slice::<Message>(&line) {
                Ok(message) => taken.rows.push(message.into()),
                Err(error) => {
                    let line = String::from_utf8_lossy(&line);
                    taken.rejected.push(format!("{}: {error}", line.trim_end()));
                }
            }
        }
        match u64::try_from(line.len())? == MOST_BYTES && taken.end == self.done {
            true => Err(format!("a message of over {MOST_BYTES} bytes at {}", self.done).into()),
            false => Ok(taken),
        }
    }

    /// Keeps what is never written, for people.
    async fn reject(&self, messages: impl Iterator<Item = String>) -> Outcome {
        let text: String = messages.map(|message| message + "\n").collect();
        if text.is_empty() {
            return Ok(());
        }
        warn!("messages were rejected:\n{text}");
        let path = beside(&self.path, "rejected");
        let mut file = OpenOptions::new().create(true).append(true).open(path).await?;
        file.write_all(text.as_bytes()).await?;
        // On the disk before they are acknowledged.
        Ok(file.sync_all().await?)
    }

    /// All before `end` is done. Written beside and renamed, so that whoever is killed here has the old
    /// end or the new one.
    async fn acknowledge(&mut self, end: u64) -> Outcome {
        let (path, new) = (beside(&self.path, "done"), beside(&self.path, "done.new"));
        let mut file = File::create(&new).await?;
        file.write_all(format!("{end}\n").as_bytes()).await?;
        file.sync_all().await?;
        fs::rename(new, path).await?;
        self.done = end;
        Ok(())
    }
}

impl From<Message> for Event {
    fn from(Message { order, at, status }: Message) -> Self {
        let written = at.saturating_mul(1_000);
        Self { order_id: order, at, status, written }
    }
}

fn beside(path: &Path, what: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(what);
    name.into()
}

/// Waits for SIGTERM, which is how services are stopped, or Ctrl-C.
#[cfg(unix)]
async fn asked_to_stop() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = terminate.recv() => Ok(()),
        interrupted = tokio::signal::ctrl_c() => interrupted,
    }
}

/// Waits for Ctrl-C.
#[cfg(not(unix))]
async fn asked_to_stop() -> std::io::Result<()> {
    tokio::signal::ctrl_c().await
}
