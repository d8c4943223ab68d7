//! Bytes of whoever means no good, or of a broken disk: something is shown of them, and nothing panics.

use proptest::prelude::*;

use super::*;

#[test]
fn every_vector_of_the_protocol_is_shown() {
    let vectors = include_str!("../../../../codec/tests/data/vectors.json");
    let vectors: Vec<serde_json::Value> = serde_json::from_str(vectors).unwrap();
    for vector in vectors {
        let Some(digits) = vector["hex"].as_str().filter(|digits| !digits.is_empty()) else {
            continue;
        };
        let input = Input::read(Box::new(io::Cursor::new(digits.to_owned())), 1 << 20).unwrap();
        let (text, ended) = shown(input, &[]);
        assert_eq!(ended, Ok(()), "{}", vector["name"]);
        let is_message = matches!(vector["section"].as_str(), Some("request" | "response"));
        let is_of_another = text.contains("protocol version ") || text.contains("only protocol v");
        let is_read = text.contains(" stream ") && !text.contains("unreadable") || is_of_another;
        assert!(!is_message || is_read, "{}: {text}", vector["name"]);
    }
}

#[test]
fn what_is_only_claimed_is_not_held_for_ever() {
    // A query of 200 MB, of which a little more than the limit comes.
    let mut sent = session(ProtocolVersion::V4, None);
    let behind = sent.split_off(6);
    let mut query = vec![4, 0, 0, 9, 7];
    query.extend(200_000_000_u32.to_be_bytes());
    query.resize(3 << 20, b' ');
    sent.push((Direction::Request, query));
    sent.extend(behind);
    let text = of(&Packets::of(&sent, 60_000), &["--memory", "2"]);
    assert!(text.contains("> over 2 MiB are not complete; looking for the next message"), "{text}");
    assert!(text.contains("CREATE ROLE ada"), "{text}");
}

#[test]
fn a_capture_that_is_cut_off_is_read_until_there() {
    let mut file = Packets::of(&of_v5(), 1460).pcap(usize::MAX);
    file.truncate(file.len() - 10);
    let (text, ended) = shown(pcap(file), &[]);
    assert!(ended.unwrap_err().to_string().contains("ends in the middle of a packet"));
    assert!(text.contains("status change  UP\n"), "{text}");
}

#[test]
fn another_protocol_is_named() {
    let sent = vec![(Direction::Request, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec())];
    let text = of(&Packets::of(&sent, 1460), &[]);
    assert!(text.contains("> not the CQL protocol: this looks like a TLS handshake\n"), "{text}");
    let none = Packets::of(&sent, 1460).pcap(usize::MAX);
    let (_, ended) = shown(pcap(none), &["--port", "9142"]);
    assert!(ended.unwrap_err().to_string().contains("no packets of port 9142;"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Packets that are lost, there twice, out of order, or not what they were.
    #[test]
    fn mangled_captures_end(
        which in 0_usize..7,
        most in 16_usize..2000,
        swaps in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 0..8),
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..16),
        lost in prop::collection::vec(any::<prop::sample::Index>(), 0..4),
    ) {
        let (version, compression) = all()[which];
        let mut sent = session(version, compression);
        // The long answer makes it slow, and is in the other tests.
        sent.retain(|(_, bytes)| bytes.len() < 10_000);
        let mut packets = Packets::of(&sent, most);
        for (one, other) in swaps {
            let length = packets.0.len();
            packets.0.swap(one.index(length), other.index(length));
        }
        for index in lost {
            let at = index.index(packets.0.len());
            packets.0.remove(at);
        }
        let mut file = packets.pcap(usize::MAX);
        for (index, bits) in flips {
            let at = index.index(file.len());
            file[at] ^= bits;
        }
        let (text, _) = shown(pcap(file), &["--memory", "1"]);
        prop_assert!(text.is_empty() || text.ends_with('\n'));
    }

    #[test]
    fn any_bytes_are_shown(bytes in prop::collection::vec(any::<u8>(), 1..200), mark in any::<Option<bool>>()) {
        let direction = mark.map(|it| if it { Direction::Request } else { Direction::Response });
        let (text, ended) = shown(Input::Bytes(vec![Piece { direction, bytes }]), &[]);
        prop_assert_eq!(ended, Ok(()));
        prop_assert!(!text.is_empty());
    }
}
