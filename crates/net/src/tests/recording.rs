//! What is counted of a connection, and where the times of its requests go.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cqlwire_mux::{Measure, RequestKind, Sample};
use cqlwire_testkit::node::{Prime, ScriptedNode};

use super::{ask, connected, query, seconds};
use crate::{Connection, Recorder, Settings};

/// Keeps what it is given, unless it is busy.
#[derive(Debug, Default)]
struct Kept {
    samples: Mutex<Vec<Sample>>,
    busy: AtomicBool,
    refused: AtomicBool,
}

impl Recorder for Kept {
    fn record(&self, samples: &[Sample], wait: bool) -> bool {
        let records = wait || !self.busy.load(Relaxed);
        if records {
            self.samples.lock().unwrap().extend_from_slice(samples);
        } else {
            self.refused.store(true, Relaxed);
        }
        records
    }
}

impl Kept {
    fn count(&self) -> usize {
        self.samples.lock().unwrap().len()
    }
}

async fn read(connection: &Connection) {
    let deadline = seconds(5);
    let (kind, allowed_micros) = (RequestKind::Read, deadline.length_micros());
    let measure = Measure { kind, allowed_micros, is_whole: true };
    let sent = connection.send_measured(&query(connection, "SELECT"), deadline, &measure);
    sent.unwrap().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn times_are_recorded_some_hundred_at_a_time_and_whenever_somebody_looks() {
    let node = ScriptedNode::builder().in_memory();
    let connection = connected(&node, &Settings::default()).await;
    let kept = Arc::new(Kept::default());
    connection.record_to(Arc::<Kept>::clone(&kept));
    let delay = Duration::from_millis(3);
    node.prime(Prime::statement("SELECT").after(delay));
    read(&connection).await;
    assert_eq!(kept.count(), 0);
    assert_eq!(connection.totals().responses, 1);
    let first = kept.samples.lock().unwrap()[0];
    assert!(first.is_whole && first.kind == RequestKind::Read);
    assert!((3_000..5_000).contains(&first.micros), "{first:?}");
    for _ in 0..300 {
        read(&connection).await;
    }
    assert!(kept.count() > 200, "nobody had to look");
    connection.close(seconds(5)).await;
    assert_eq!(kept.count(), 301, "the last ones are recorded at the end");
}

/// Whoever looks at the figures holds up no response.
#[tokio::test(start_paused = true)]
async fn g9_1_times_wait_for_a_recorder_that_is_busy_and_none_goes_lost() {
    let node = ScriptedNode::builder().in_memory();
    let connection = connected(&node, &Settings::default()).await;
    let kept = Arc::new(Kept { busy: AtomicBool::new(true), ..Kept::default() });
    connection.record_to(Arc::<Kept>::clone(&kept));
    for _ in 0..300 {
        read(&connection).await;
    }
    assert!(kept.refused.load(Relaxed) && kept.count() == 0);
    kept.busy.store(false, Relaxed);
    // Whoever looks finds all of them, though the driver has nothing to do that it could add them
    // with.
    assert_eq!((connection.totals().responses, kept.count()), (300, 300));
    for _ in 0..300 {
        read(&connection).await;
    }
    assert!(kept.count() > 400, "{}", kept.count());
    connection.close(seconds(5)).await;
    assert_eq!(kept.count(), 600);
}

#[tokio::test(start_paused = true)]
async fn bytes_are_those_of_the_wire() {
    let node = ScriptedNode::builder().in_memory();
    let connection = connected(&node, &Settings::default()).await;
    ask(&connection, "SELECT").await;
    let first = connection.totals();
    ask(&connection, "SELECT").await;
    let second = connection.totals().since(&first);
    // One small envelope is one segment: 6 bytes before, 4 after, and 9 of the header of the envelope.
    let sent = query(&connection, "SELECT").len() as u64 + 10;
    assert_eq!((second.envelopes_out, second.bytes_out), (1, sent));
    assert_eq!((second.envelopes_in, second.bytes_in), (1, 10 + 9 + 4));
}
