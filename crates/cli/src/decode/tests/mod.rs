//! Bytes to what is shown of them: whole sessions, in captures and as digits, and what is wrong with them.

mod capture;
mod hostile;
mod secrets;
mod wire;

use std::cell::RefCell;
use std::io::{self, Write};
use std::rc::Rc;

use clap::Parser;
use cqlwire::codec::{Compression, Direction, ProtocolVersion};

use self::capture::Packets;
use self::wire::{Sent, session};
use super::*;

/// What is written, also after who writes it has it no more.
#[derive(Clone, Default)]
struct Written(Rc<RefCell<Vec<u8>>>);

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    args: Args,
}

/// What is shown, and how it ended.
fn shown(input: Input, flags: &[&str]) -> (String, Result<(), Failure>) {
    let Line { args } = Line::parse_from([&["decode"], flags].concat());
    let out = Written::default();
    let ended = decode(input, None, &args, Look::default(), Box::new(out.clone()));
    let bytes = out.0.borrow().clone();
    (String::from_utf8(bytes).unwrap(), ended)
}

fn pcap(file: Vec<u8>) -> Input {
    Input::read(Box::new(io::Cursor::new(file)), 1 << 20).unwrap()
}

/// What is shown of packets.
fn of(packets: &Packets, flags: &[&str]) -> String {
    let (shown, ended) = shown(pcap(packets.pcap(usize::MAX)), flags);
    assert_eq!(ended, Ok(()), "{shown}");
    shown
}

/// Every version with every compression that it has.
fn all() -> Vec<(ProtocolVersion, Option<Compression>)> {
    use ProtocolVersion::{V3, V4, V5};
    let (lz4, snappy) = (Some(Compression::Lz4), Some(Compression::Snappy));
    vec![(V3, None), (V3, snappy), (V4, None), (V4, lz4), (V4, snappy), (V5, None), (V5, lz4)]
}

fn of_v5() -> Sent {
    session(ProtocolVersion::V5, Some(Compression::Lz4))
}

/// The same without what follows from time and place.
fn messages(json: &str) -> Vec<serde_json::Value> {
    let lines = json.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let messages = lines.filter(|line| line.get("opcode").is_some());
    messages
        .map(|mut message| {
            for name in ["time", "connection", "latency_us"] {
                message.as_object_mut().unwrap().remove(name);
            }
            message
        })
        .collect()
}

#[test]
fn a_session_of_every_version_is_read_with_types_and_without_passwords() {
    for (version, compression) in all() {
        let sent = session(version, compression);
        let text = of(&Packets::of(&sent, 1460), &[]);
        for expected in [
            "= c1 10.0.0.1:40000 > 10.0.0.2:9042\n",
            "22:13:20.003000 c1 > v",
            "stream 1 STARTUP",
            "    token  (11 bytes, hidden: --show-secrets shows them)\n",
            "    statement  SELECT id, name FROM shop.users WHERE id = ?\n",
            "PREPARED".to_lowercase().as_str(),
            "    values\n        id  7\n",
            "         id int | name text\n",
            "              7 |       Ada\n",
            "stream 3 RESULT",
            "to EXECUTE after 1.000 ms\n",
            "… (300000 characters)",
            "status change  UP\n",
            "    statement    CREATE ROLE ada WITH PASSWORD = '***'\n",
            "    code     0x2100\n",
        ] {
            assert!(text.contains(expected), "{version} {compression:?}: {expected}\n{text}");
        }
        assert!(!text.contains("enigma") && !text.contains("656e69676d61"), "{text}");
        assert!(!text.contains("missing") && !text.contains("whole"), "{text}");
        let all = of(&Packets::of(&sent, 1460), &["--show-secrets"]);
        assert!(all.contains("= 'enigma'") && all.contains("0x0061646100656e69676d61"), "{all}");
    }
}

#[test]
fn json_has_the_same_in_full() {
    let json = of(&Packets::of(&of_v5(), 1460), &["-o", "json"]);
    let all: Vec<serde_json::Value> =
        json.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(all[0]["client"], "10.0.0.1:40000");
    let rows = |name: &str| serde_json::json!([{ "id": 7, "name": name }]);
    let answers: Vec<_> = all.iter().filter(|line| line["answers"] == "EXECUTE").collect();
    assert_eq!(answers[0]["message"]["rows"], rows("Ada"));
    assert_eq!(answers[0]["latency_us"], 1000);
    assert_eq!(answers[1]["message"]["rows"], rows(&wire::long_name()));
    let execute = all.iter().find(|line| line["opcode"] == "EXECUTE").unwrap();
    assert_eq!(execute["message"]["values"], serde_json::json!({ "id": 7 }));
    assert_eq!(execute["message"]["skip_metadata"], true);
    assert_eq!(execute["time"], "2023-11-14T22:13:20.011000000Z");
    assert!(!json.contains("enigma"), "{json}");
}

#[test]
fn packets_may_be_small_late_and_there_twice() {
    for (version, compression) in all() {
        let sent = session(version, compression);
        let straight = Packets::of(&sent, 1460);
        let expected = messages(&of(&straight, &["-o", "json"]));
        let mut mixed = Packets::of(&sent, 700);
        // Not the handshake of TCP, and nothing across a change of directions.
        let twice = mixed.0[8].clone();
        mixed.0.insert(12, twice);
        let long = mixed.find(&long_part(&sent));
        mixed.0[long..long + 40].reverse();
        assert_eq!(messages(&of(&mixed, &["-o", "json"])), expected, "{version} {compression:?}");
    }
}

/// Some bytes from within what is longer than a segment.
fn long_part(sent: &Sent) -> Vec<u8> {
    let longest = sent.iter().map(|(_, bytes)| bytes).max_by_key(|bytes| bytes.len()).unwrap();
    longest[20_000..20_016].to_vec()
}

#[test]
fn what_is_missing_is_told_and_the_next_message_is_found() {
    for (version, compression) in all() {
        let sent = session(version, compression);
        let mut packets = Packets::of(&sent, 1460);
        let lost = packets.find(&long_part(&sent));
        packets.0.remove(lost);
        let text = of(&packets, &[]);
        let told = "c1 < 1460 bytes are missing in the capture; looking for the next message\n";
        assert!(text.contains(told), "{version} {compression:?}: {text}");
        assert!(text.contains("bytes before the next message are passed over"), "{text}");
        assert!(text.contains("status change  UP\n"), "{version} {compression:?}: {text}");
        assert!(!text.contains("… (300000 characters)"), "{text}");
    }
}

#[test]
fn a_capture_may_begin_in_the_middle() {
    for (version, compression) in all() {
        let sent = session(version, compression);
        let mut packets = Packets::of(&sent, 1460);
        let first = packets.find(&long_part(&sent));
        // Of the long answer, the last packets are enough.
        packets.0.drain(..first + 150);
        let text = of(&packets, &[]);
        assert!(text.contains(", which has begun before the capture\n"), "{text}");
        assert!(text.contains("status change  UP\n"), "{version} {compression:?}: {text}");
        assert!(text.contains("CREATE ROLE ada"), "{version} {compression:?}: {text}");
    }
}

#[test]
fn packets_of_which_only_the_front_was_captured_are_told() {
    let sent = session(ProtocolVersion::V4, None);
    let (text, ended) = shown(pcap(Packets::of(&sent, 1460).pcap(200)), &[]);
    assert_eq!(ended, Ok(()));
    assert!(text.contains("bytes are missing in the capture"), "{text}");
    assert!(text.contains("status change  UP\n"), "{text}");
}

#[test]
fn a_wrong_checksum_is_told_and_the_next_segment_is_read() {
    let mut sent = of_v5();
    let event = sent.len() - 4;
    let broken = sent[event].1.len() - 1;
    sent[event].1[broken] ^= 1;
    let text = of(&Packets::of(&sent, 1460), &[]);
    let told = "< the checksum of a segment's payload is wrong; looking for the next message\n";
    assert!(text.contains(told), "{text}");
    assert!(!text.contains("status change"), "{text}");
    assert!(text.contains("code     0x2100"), "{text}");
}

#[test]
fn digits_are_read_with_senders_or_without() {
    let sent = session(ProtocolVersion::V4, Some(Compression::Lz4));
    let line = |(from, bytes): &(Direction, Vec<u8>)| {
        let mark = if *from == Direction::Request { '>' } else { '<' };
        let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        (mark, digits)
    };
    let lines: Vec<(char, String)> = sent.iter().map(line).collect();
    let marked: String = lines.iter().map(|(mark, digits)| format!("{mark} {digits}\n")).collect();
    let bare: String = lines.iter().map(|(_, digits)| format!("{digits}\n")).collect();
    let expected = messages(&of(&Packets::of(&sent, 1460), &["-o", "json"]));
    for text in [marked, bare] {
        let input = Input::read(Box::new(io::Cursor::new(text)), 1 << 20).unwrap();
        let (json, ended) = shown(input, &["-o", "json"]);
        assert_eq!(ended, Ok(()));
        assert_eq!(messages(&json), expected);
    }
}

/// The conversation that the codec's example reads, as its client and its server had it.
#[test]
fn a_conversation_looks_like_this() {
    let digits = include_str!("../../../../codec/examples/sniff.hex");
    let input = Input::read(Box::new(io::Cursor::new(digits)), 1 << 20).unwrap();
    let (text, ended) = shown(input, &[]);
    assert_eq!(ended, Ok(()));
    assert_eq!(text, include_str!("sniff.txt"), "{text}");
}

#[test]
fn a_stream_that_is_used_before_its_answer_is_told_where_there_are_answers() {
    let told = "stream 6 is used again: its OPTIONS was not answered";
    let mut sent = session(ProtocolVersion::V4, None);
    sent.extend(sent.last().cloned());
    assert!(of(&Packets::of(&sent, 1460), &[]).contains(told));
    sent.retain(|(from, _)| *from == Direction::Request);
    let text = of(&Packets::of(&sent, 1460), &[]);
    assert!(text.contains("stream 6 OPTIONS") && !text.contains("is used again"), "{text}");
}

/// `WHERE c > ? AND c < ?` has two bind markers of one name, and an object has each name once.
#[test]
fn values_of_markers_of_one_name_are_all_there() {
    let json = of(&Packets::of(&wire::range(), 1460), &["-o", "json"]);
    let execute = messages(&json).into_iter().find(|line| line["opcode"] == "EXECUTE").unwrap();
    let values = serde_json::json!({ "c": 1, "c#2": 5 });
    assert_eq!(execute["message"]["values"], values, "{json}");
}
