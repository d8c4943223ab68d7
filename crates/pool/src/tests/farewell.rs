//! A server that says before it goes.

use super::*;

const GRACEFUL_DISCONNECT: &str = "GRACEFUL_DISCONNECT";

#[tokio::test]
async fn a_server_that_is_about_to_go_gets_no_new_requests_and_finishes_what_it_has() {
    let node = ScriptedNode::builder().graceful_disconnect().start_tcp().await.unwrap();
    let (registry, pool) = filled(&node, settings()).await;
    let held = node.hold(Prime::opcode(Opcode::Query));
    let requests: Vec<_> = (0..4).map(|_| send(&pool)).collect();
    eventually(PATIENCE, "all have come", || held.len() == 4).await;
    node.prime(Prime::opcode(Opcode::Startup).silence());
    assert_eq!(node.push_event(GRACEFUL_DISCONNECT, b""), 2, "both connections registered");
    eventually(PATIENCE, "none can be picked", || pool.pick().is_err()).await;
    let reason = pool.pick().unwrap_err().reason;
    assert_eq!(reason.to_string(), "the server has said that it is about to go");
    held.release();
    for request in requests {
        request.await.unwrap();
    }
    node.clear_primes();
    eventually(PATIENCE, "it has come back", || pool.pick().is_ok()).await;
    registry.close(seconds(1)).await;
}

#[tokio::test]
async fn a_server_that_refuses_the_name_is_used_all_the_same() {
    let node = ScriptedNode::builder().graceful_disconnect().start_tcp().await.unwrap();
    node.prime(Prime::opcode(Opcode::Register).error(0x000A, "no such event"));
    let (registry, _pool) = filled(&node, settings()).await;
    assert_eq!(node.count(Opcode::Register), 2);
    registry.close(seconds(1)).await;
}
