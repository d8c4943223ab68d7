//! Outages, short and long.

use std::time::Duration;

use cqlwire_codec::Opcode;
use cqlwire_testkit::node::Prime;
use tokio::time::sleep;

use super::scripted::{HOUR, all_up, connected, happens, host, three};
use super::send;

/// The longest back-off, and what one attempt may take.
const BACK: Duration = Duration::from_secs(36);

#[tokio::test(start_paused = true)]
async fn an_outage_of_a_day_is_over_within_the_longest_back_off() {
    let scripted = three();
    let cluster = connected(&scripted, 3).await;
    let tasks = cluster.tasks().len();
    let quiet = scripted.events(cqlwire_testkit::cluster::EventDelivery::Lost);
    quiet.kill(0);
    quiet.isolate(1);
    quiet.pause(2);
    sleep(24 * HOUR).await;
    assert!(!cluster.health().is_ready());
    assert_eq!(cluster.topology().hosts().len(), 3, "nobody says that they are gone");
    quiet.start(0);
    quiet.heal(1);
    quiet.resume(2);
    let whole = || cluster.health().local_hosts_up == 3 && cluster.health().has_control_connection;
    assert!(happens(BACK, whole).await);
    all_up(&cluster, 3).await;
    assert_eq!(cluster.tasks().len(), tasks);
}

#[tokio::test(start_paused = true)]
async fn a_wrong_password_for_an_hour_is_over_within_the_longest_back_off() {
    let scripted = three();
    let cluster = connected(&scripted, 3).await;
    for number in 0..3 {
        let refused = Prime::opcode(Opcode::Startup).error(0x0100, "bad credentials");
        scripted.node(number).prime(refused);
        scripted.restart(number);
    }
    sleep(HOUR).await;
    let state = host(&cluster, &scripted, 1).state();
    let reason = state.down.expect("it is down");
    assert!(reason.to_string().contains("bad credentials") && reason.is_permanent(), "{reason}");
    (0..3).for_each(|number| scripted.node(number).clear_primes());
    let whole = || cluster.health().local_hosts_up == 3 && cluster.health().has_control_connection;
    assert!(happens(BACK, whole).await);
}

#[tokio::test(start_paused = true)]
async fn all_hosts_that_restart_at_once_are_back_at_once() {
    let scripted = three();
    let cluster = connected(&scripted, 3).await;
    for _ in 0..5 {
        (0..3).for_each(|number| scripted.restart(number));
        // Until then it is noticed.
        sleep(Duration::from_millis(10)).await;
        let whole =
            || cluster.health().local_hosts_up == 3 && cluster.health().has_control_connection;
        assert!(happens(Duration::from_secs(2), whole).await);
        all_up(&cluster, 3).await;
        for number in 0..3 {
            let connection = host(&cluster, &scripted, number).pool().pick().unwrap();
            send(&connection, "hello").await.unwrap();
        }
        sleep(HOUR).await;
    }
}
