//! Each fault at its byte, and nothing else changed.

use std::io::ErrorKind;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::time::{Instant, timeout};

use super::{Counted, Drip, Fault, FaultyStream, Pace, Sense, Trickle};

const SENT: &[u8] = b"0123456789";

/// A faulty end and the healthy one opposite.
fn pair(sense: Sense, at: u64, fault: Fault) -> (FaultyStream<DuplexStream>, DuplexStream) {
    let (near, far) = duplex(64);
    (FaultyStream::new(near, sense, at, fault), far)
}

#[tokio::test]
async fn a_cut_in_what_is_read_ends_both_sides() {
    for at in 0..SENT.len() {
        let (mut faulty, mut far) = pair(Sense::Reads, at.try_into().unwrap(), Fault::Cut);
        far.write_all(SENT).await.unwrap();
        let mut got = Vec::new();
        faulty.read_to_end(&mut got).await.unwrap();
        assert_eq!(got, SENT[..at]);
        assert!(faulty.has_happened());
        let error = faulty.write_all(b"x").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BrokenPipe);
        assert_eq!(far.read(&mut [0; 4]).await.unwrap(), 0);
    }
}

#[tokio::test]
async fn a_cut_in_what_is_written_lets_exactly_the_bytes_before_it_pass() {
    for at in 0..SENT.len() {
        let (mut faulty, mut far) = pair(Sense::Writes, at.try_into().unwrap(), Fault::Cut);
        let error = faulty.write_all(SENT).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BrokenPipe);
        let mut got = Vec::new();
        far.read_to_end(&mut got).await.unwrap();
        assert_eq!(got, SENT[..at]);
        assert_eq!(faulty.read(&mut [0; 4]).await.unwrap(), 0);
    }
}

#[tokio::test]
async fn a_reset_is_an_error_in_both_directions() {
    let (mut faulty, mut far) = pair(Sense::Reads, 3, Fault::Reset);
    far.write_all(SENT).await.unwrap();
    let error = faulty.read_to_end(&mut Vec::new()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    let error = faulty.write_all(SENT).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
}

#[tokio::test(start_paused = true)]
async fn a_stall_holds_one_direction_only() {
    let (mut faulty, mut far) = pair(Sense::Reads, 3, Fault::Stall);
    far.write_all(SENT).await.unwrap();
    let mut got = Vec::new();
    let waited = timeout(Duration::from_secs(3600), faulty.read_to_end(&mut got)).await;
    assert!(waited.is_err());
    assert_eq!(got, SENT[..3]);
    faulty.write_all(SENT).await.unwrap();
    let mut across = [0; SENT.len()];
    far.read_exact(&mut across).await.unwrap();
    assert_eq!(across, SENT);
}

#[tokio::test(start_paused = true)]
async fn a_stall_in_what_is_written_leaves_reading_alone() {
    let (mut faulty, mut far) = pair(Sense::Writes, 3, Fault::Stall);
    assert!(timeout(Duration::from_secs(3600), faulty.write_all(SENT)).await.is_err());
    let mut across = [0; 3];
    far.read_exact(&mut across).await.unwrap();
    assert_eq!(across, SENT[..3]);
    far.write_all(SENT).await.unwrap();
    let mut back = [0; SENT.len()];
    faulty.read_exact(&mut back).await.unwrap();
    assert_eq!(back, SENT);
}

#[tokio::test]
async fn a_flip_changes_one_byte_and_no_other() {
    for sense in [Sense::Reads, Sense::Writes] {
        for at in 0..SENT.len() {
            let (mut faulty, mut far) = pair(sense, at.try_into().unwrap(), Fault::Flip(0x80));
            let mut got = vec![0; SENT.len()];
            if sense == Sense::Reads {
                far.write_all(SENT).await.unwrap();
                faulty.read_exact(&mut got).await.unwrap();
            } else {
                faulty.write_all(SENT).await.unwrap();
                far.read_exact(&mut got).await.unwrap();
            }
            let mut expected = SENT.to_vec();
            expected[at] ^= 0x80;
            assert_eq!(got, expected, "{sense:?} {at}");
            assert!(faulty.has_happened());
        }
    }
}

#[tokio::test]
async fn a_fault_beyond_the_conversation_never_happens() {
    let (mut faulty, mut far) = pair(Sense::Reads, 11, Fault::Reset);
    far.write_all(SENT).await.unwrap();
    drop(far);
    let mut got = Vec::new();
    faulty.read_to_end(&mut got).await.unwrap();
    assert_eq!(got, SENT);
    assert!(!faulty.has_happened());
}

#[tokio::test]
async fn a_trickle_keeps_every_byte_and_cuts_where_it_was_told() {
    let (near, mut far) = duplex(64);
    let mut trickle = Trickle::new(near, &[1, 3], &[2]);
    far.write_all(SENT).await.unwrap();
    let mut sizes = Vec::new();
    let mut got = Vec::new();
    while got.len() < SENT.len() {
        sizes.push(trickle.read_buf(&mut got).await.unwrap());
    }
    assert_eq!(got, SENT);
    assert_eq!(sizes, [1, 3, 1, 3, 1, 1]);
    assert_eq!(trickle.write(SENT).await.unwrap(), 2);
}

#[tokio::test]
async fn a_count_is_that_of_its_direction_and_outlives_its_stream() {
    let (near, mut far) = duplex(64);
    let (mut counted, count) = Counted::new(near);
    far.write_all(SENT).await.unwrap();
    counted.read_exact(&mut [0; 4]).await.unwrap();
    counted.write_all(&SENT[..3]).await.unwrap();
    drop(counted);
    assert_eq!((count.of(Sense::Reads), count.of(Sense::Writes)), (4, 3));
}

#[tokio::test(start_paused = true)]
async fn bytes_drip_as_long_as_their_pace_says_so() {
    let (pace, (near, mut far)) = (Pace::default(), duplex(64));
    let mut slow = Drip::new(near, pace.clone());
    let started = Instant::now();
    slow.write_all(SENT).await.unwrap();
    assert_eq!(started.elapsed(), Duration::ZERO);
    pace.slow(3, Duration::from_secs(1));
    slow.write_all(SENT).await.unwrap();
    // 3, 3, 3 and 1: the last pause is before whatever comes next.
    assert_eq!(started.elapsed(), Duration::from_secs(3));
    far.write_all(SENT).await.unwrap();
    let mut got = [0; 10];
    slow.read_exact(&mut got).await.unwrap();
    assert_eq!((&got[..], started.elapsed()), (SENT, Duration::from_secs(6)));
    pace.free();
    far.write_all(SENT).await.unwrap();
    slow.read_exact(&mut got).await.unwrap();
    assert_eq!(started.elapsed(), Duration::from_secs(7));
}
