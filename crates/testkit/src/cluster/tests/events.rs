//! Which events an operation has, and what becomes of them.

use std::time::Duration;

use cqlwire_codec::{
    Event, Response, SchemaChange, SchemaChangeKind, SchemaTarget, StatusChange, TopologyChange,
    decode_response,
};
use tokio::time::{Instant, timeout};

use super::*;
use crate::schema::{Aggregate, Function, UserType, View};

const HOUR: Duration = Duration::from_secs(3600);

/// The next event that a client gets.
async fn event(client: &mut Client<DuplexStream>) -> Event {
    match decode_response(&client.expect().await).unwrap().response {
        Response::Event(event) => event,
        other => panic!("not an event: {other:?}"),
    }
}

/// So many events, and none after them.
async fn events(client: &mut Client<DuplexStream>, count: usize) -> Vec<Event> {
    let mut all = Vec::new();
    while let Ok(event) = timeout(HOUR, event(client)).await {
        all.push(event);
    }
    assert_eq!(all.len(), count, "{all:?}");
    all
}

fn up(address: SocketAddr) -> Event {
    Event::StatusChange { change: StatusChange::Up, address }
}

fn down(address: SocketAddr) -> Event {
    Event::StatusChange { change: StatusChange::Down, address }
}

fn topology(change: TopologyChange, address: SocketAddr) -> Event {
    Event::TopologyChange { change, address }
}

fn schema(kind: SchemaChangeKind, target: SchemaTarget) -> Event {
    Event::SchemaChange(SchemaChange { kind, target, keyspace: "app".to_owned() })
}

#[tokio::test(start_paused = true)]
async fn each_operation_has_the_events_of_a_server() {
    let cluster = cluster();
    let mut client = listener(&cluster, 0).await;
    let second = cluster.address(1);
    cluster.restart(1);
    cluster.pause(1);
    cluster.resume(1);
    let expected = [down(second), up(second), down(second), up(second)];
    assert_eq!(events(&mut client, 4).await, expected);
    cluster.move_to(1, [5]);
    let fifth = cluster.join("dc1", "rack1");
    let address = cluster.address(fifth);
    let expected = [
        topology(TopologyChange::MovedNode, second),
        topology(TopologyChange::NewNode, address),
        up(address),
    ];
    assert_eq!(events(&mut client, 3).await, expected);
    cluster.leave(fifth);
    cluster.remove(3);
    let expected =
        [address, cluster.address(3)].map(|address| topology(TopologyChange::RemovedNode, address));
    assert_eq!(events(&mut client, 2).await, expected);
    let new = "10.9.9.9:9042".parse().unwrap();
    cluster.change_address(1, new);
    let expected = [
        down(second),
        topology(TopologyChange::RemovedNode, second),
        topology(TopologyChange::NewNode, new),
        up(new),
    ];
    assert_eq!(events(&mut client, 4).await, expected);
    cluster.replace(2);
    let third = cluster.address(2);
    assert_eq!(events(&mut client, 2).await, [down(third), up(third)]);
}

#[tokio::test(start_paused = true)]
async fn each_change_of_the_schema_has_its_event() {
    use SchemaChangeKind::{Created, Dropped, Updated};
    let cluster = cluster();
    let mut client = listener(&cluster, 0).await;
    let named = |of: fn(String) -> SchemaTarget, name: &str| of(name.to_owned());
    cluster.put_keyspace(keyspace());
    cluster.put_table("app", Table::new("t").partition_key("k", "int"));
    cluster.put_table("app", Table::new("t").partition_key("k", "int").column("v", "int"));
    cluster.drop_table("app", "t");
    cluster.put_type("app", UserType::new("u", [("a", "int")]));
    cluster.drop_type("app", "u");
    let (table, user_type) = (named(SchemaTarget::Table, "t"), named(SchemaTarget::Type, "u"));
    let expected = [
        schema(Updated, SchemaTarget::Keyspace),
        schema(Created, table.clone()),
        schema(Updated, table.clone()),
        schema(Dropped, table),
        schema(Created, user_type.clone()),
        schema(Dropped, user_type),
    ];
    assert_eq!(events(&mut client, 6).await, expected);
    cluster.put_function("app", Function::new("f", [("a", "int")], "int", "return a;"));
    cluster.drop_function("app", "f", &["int"]);
    cluster.put_aggregate("app", aggregate());
    cluster.drop_aggregate("app", "g", &["int"]);
    cluster.put_view("app", view());
    cluster.drop_view("app", "v");
    cluster.drop_keyspace("app");
    let arguments = || vec!["int".to_owned()];
    let function = || SchemaTarget::Function("f".to_owned(), arguments());
    let aggregate = || SchemaTarget::Aggregate("g".to_owned(), arguments());
    let expected = [
        schema(Created, function()),
        schema(Dropped, function()),
        schema(Created, aggregate()),
        schema(Dropped, aggregate()),
        schema(Created, named(SchemaTarget::Table, "v")),
        schema(Dropped, named(SchemaTarget::Table, "v")),
        schema(Dropped, SchemaTarget::Keyspace),
    ];
    assert_eq!(events(&mut client, 7).await, expected);
}

fn aggregate() -> Aggregate {
    Aggregate {
        name: "g".to_owned(),
        argument_types: vec!["int".to_owned()],
        state_function: "f".to_owned(),
        state_type: "int".to_owned(),
        final_function: None,
        initial: None,
        return_type: "int".to_owned(),
    }
}

fn view() -> View {
    View {
        table: Table::new("v").partition_key("name", "text").clustering("id", "uuid"),
        base_table: "users".to_owned(),
        where_clause: "name IS NOT NULL AND id IS NOT NULL".to_owned(),
        include_all_columns: true,
    }
}

#[tokio::test(start_paused = true)]
async fn events_come_late_twice_reversed_held_or_not_at_all() {
    let cluster = cluster();
    let mut client = listener(&cluster, 0).await;
    let second = cluster.address(1);
    cluster.events(EventDelivery::Lost).kill(1);
    assert_eq!(events(&mut client, 0).await, []);
    cluster.events(EventDelivery::Twice).start(1);
    assert_eq!(events(&mut client, 2).await, [up(second), up(second)]);
    let new = "10.9.9.9:9042".parse().unwrap();
    cluster.events(EventDelivery::Reversed).change_address(1, new);
    assert_eq!(event(&mut client).await, up(new));
    assert_eq!(events(&mut client, 3).await[2], down(second));
    let start = Instant::now();
    let late = cluster.events(EventDelivery::Late(Duration::from_secs(60)));
    late.kill(1);
    assert_eq!(event(&mut client).await, down(new));
    assert_eq!(start.elapsed().as_secs(), 60);
    let held = cluster.events(EventDelivery::Held);
    held.start(1);
    held.kill(2);
    assert_eq!(events(&mut client, 0).await, []);
    cluster.release_events(|held| held.swap(0, 1));
    assert_eq!(events(&mut client, 2).await, [down(cluster.address(2)), up(new)]);
    cluster.release_events(|held| assert!(held.is_empty()));
}

#[tokio::test(start_paused = true)]
async fn every_node_tells_its_own_clients_and_a_dead_one_nobody() {
    let cluster = cluster();
    let mut first = listener(&cluster, 0).await;
    let mut second = listener(&cluster, 1).await;
    let mut deaf = client(&cluster, 0).await;
    cluster.kill(3);
    let fourth = down(cluster.address(3));
    assert_eq!(event(&mut first).await, fourth);
    assert_eq!(event(&mut second).await, fourth);
    assert!(timeout(HOUR, deaf.next()).await.is_err());
    cluster.kill(1);
    assert!(!matches!(second.next().await, Ok(Some(_))));
}

#[tokio::test(start_paused = true)]
async fn a_node_that_drains_tells_those_that_registered_for_it() {
    let cluster = ScriptedCluster::builder()
        .graceful_disconnect()
        .data_center("dc1", ["rack1", "rack1"])
        .in_memory();
    let mut on_both = Vec::new();
    for number in 0..2 {
        let mut client = client(&cluster, number).await;
        let supported = client.ask(Opcode::Options, 1, b"").await;
        let Response::Supported(options) = decode_response(&supported).unwrap().response else {
            panic!("not SUPPORTED")
        };
        assert!(format!("{options:?}").contains("GRACEFUL_DISCONNECT"));
        let kinds = register(&["GRACEFUL_DISCONNECT"]);
        assert_eq!(client.ask(Opcode::Register, 1, &kinds).await.header.opcode, Opcode::Ready);
        on_both.push(client);
    }
    cluster.drain(1);
    let expected = Event::Other("GRACEFUL_DISCONNECT".to_owned());
    assert_eq!(event(&mut on_both[1]).await, expected);
    assert_eq!(events(&mut on_both[0], 0).await, []);
    let stream = cluster.dial(cluster.address(1)).await.unwrap();
    let mut old = Client::ready(stream, ProtocolVersion::V4, None).await;
    let kinds = register(&["GRACEFUL_DISCONNECT"]);
    assert_eq!(old.ask(Opcode::Register, 1, &kinds).await.header.opcode, Opcode::Error);
}
