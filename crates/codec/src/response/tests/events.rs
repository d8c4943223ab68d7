//! Rows G of the adversarial inputs: EVENT. What cannot be read is an error that the connection's
//! owner drops; the connection stays.

use super::*;

fn event(parts: &[&[u8]]) -> Result<Event, DecodeError> {
    decode_body(Opcode::Event, &parts.concat()).map(|response| match response {
        Response::Event(event) => event,
        other => panic!("no event: {other:?}"),
    })
}

/// 10.0.0.1 and this port.
fn inet(port: i32) -> Vec<u8> {
    [&[4, 10, 0, 0, 1][..], &port.to_be_bytes()].concat()
}

#[test]
fn row_g1_what_is_new_in_an_event_keeps_its_name() {
    let unknown = adversarial("unknown event type").unwrap();
    assert_eq!(unknown, Response::Event(Event::Other("GRACEFUL_DISCONNECT".to_owned())));

    let address = "10.0.0.1:9042".parse().unwrap();
    let change = event(&[&string("TOPOLOGY_CHANGE"), &string("SPLIT"), &inet(9042)]);
    let expected = TopologyChange::Other("SPLIT".to_owned());
    assert_eq!(change, Ok(Event::TopologyChange { change: expected, address }));
    let change = event(&[&string("STATUS_CHANGE"), &string("DRAINING"), &inet(9042)]);
    let expected = StatusChange::Other("DRAINING".to_owned());
    assert_eq!(change, Ok(Event::StatusChange { change: expected, address }));
}

#[test]
fn f21_g1_a_schema_change_of_something_unknown_is_told_as_it_is() {
    let body = [string("RENAMED"), string("INDEX"), string("ks"), string("more")].concat();
    let expected = SchemaChange {
        kind: SchemaChangeKind::Other("RENAMED".to_owned()),
        target: SchemaTarget::Other("INDEX".to_owned()),
        keyspace: "ks".to_owned(),
    };
    let result = decode_body(Opcode::Result, &[&ints(&[5])[..], &body].concat());
    assert_eq!(result, Ok(Response::Result(ResultResponse::SchemaChange(expected.clone()))));
    assert_eq!(event(&[&string("SCHEMA_CHANGE"), &body]), Ok(Event::SchemaChange(expected)));
}

#[test]
fn row_g2_an_event_that_cannot_be_read_is_an_error_of_itself_alone() {
    assert!(adversarial("inet size 5").is_err());
    for kind in [["TOPOLOGY_CHANGE", "NEW_NODE"], ["STATUS_CHANGE", "UP"]] {
        let [kind, change] = kind.map(string);
        let whole = [&kind[..], &change, &inet(9042)].concat();
        assert!(event(&[&whole]).is_ok());
        for length in 0..whole.len() {
            assert!(event(&[&whole[..length]]).is_err(), "cut at {length}");
        }
        for port in [-1, 0, 65_536, i32::MIN, i32::MAX] {
            assert!(event(&[&kind, &change, &inet(port)]).is_err(), "port {port}");
        }
        for port in [1, 65_535] {
            assert!(event(&[&kind, &change, &inet(port)]).is_ok(), "port {port}");
        }
    }
}

#[test]
fn row_g4_an_address_is_told_as_it_came_for_its_reader_to_judge() {
    for address in ["0.0.0.0:9042", "[::]:9042", "224.0.0.1:1", "[::ffff:10.0.0.1]:9042"] {
        let address: std::net::SocketAddr = address.parse().unwrap();
        let mut wire = BytesMut::new();
        crate::wire::write::inet(&mut wire, address);
        let change = event(&[&string("STATUS_CHANGE"), &string("UP"), &wire]);
        assert_eq!(change, Ok(Event::StatusChange { change: StatusChange::Up, address }));
    }
}

#[test]
fn row_g5_the_empty_string_that_v3_appends_is_ignored() {
    let body = [string("UPDATED"), string("KEYSPACE"), string("ks"), string("")].concat();
    let expected = SchemaChange {
        kind: SchemaChangeKind::Updated,
        target: SchemaTarget::Keyspace,
        keyspace: "ks".to_owned(),
    };
    assert_eq!(event(&[&string("SCHEMA_CHANGE"), &body]), Ok(Event::SchemaChange(expected)));
}
