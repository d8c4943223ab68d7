//! The probes see what they are to see.

use super::{Baseline, alone, descriptors, one_thread, tasks};

#[tokio::test(start_paused = true)]
async fn a_task_counts_until_it_has_ended() {
    let baseline = Baseline::of_tasks();
    let before = tasks();
    let task = tokio::spawn(std::future::pending::<()>());
    assert_eq!(tasks(), before + 1);
    task.abort();
    baseline.regained().await;
    assert_eq!(tasks(), before);
}

#[tokio::test(start_paused = true)]
#[should_panic(expected = "tasks")]
async fn a_task_that_stays_is_a_leak() {
    let baseline = Baseline::of_tasks();
    let _stays = tokio::spawn(std::future::pending::<()>());
    baseline.regained().await;
}

#[tokio::test]
async fn a_socket_is_a_descriptor() {
    let alone = alone().await;
    let baseline = Baseline::of_tasks_and_descriptors(&alone);
    let before = descriptors();
    let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    assert_eq!(descriptors(), before + 1);
    drop(socket);
    baseline.regained().await;
}

/// This one is a thread of its harness.
#[cfg(target_os = "linux")]
#[test]
#[should_panic(expected = "has left a thread")]
fn what_counts_for_the_whole_process_is_not_run_beside_another_thread() {
    one_thread::alone(|| ());
}
