//! What servers quote of a statement with a password in it: nothing of it is shown, whatever was sent.

use cqlwire::codec::{ErrorCode, Response, ServerError, StreamId};

use super::*;
use crate::decode::tests::wire::Wire;

const SECRET: &str = "CREATE ROLE ada WITH PASSWORD = 'enigma'";

/// A request of this opcode on stream 1, whatever is in it.
fn request(opcode: u8, body: &[u8]) -> (Direction, Vec<u8>) {
    let length = u32::try_from(body.len()).unwrap().to_be_bytes();
    (Direction::Request, [&[4, 0, 0, 1, opcode], &length[..], body].concat())
}

fn long_string(text: &str) -> Vec<u8> {
    [&u32::try_from(text.len()).unwrap().to_be_bytes(), text.as_bytes()].concat()
}

/// What the server says to it, as Cassandra quotes the words around what it does not understand.
fn answer(message: &str) -> (Direction, Vec<u8>) {
    let mut wire = Wire::new(ProtocolVersion::V4, None);
    let error = ServerError::new(ErrorCode::SyntaxError, message);
    wire.answer(StreamId::new(1).raw(), Response::Error(Box::new(error)));
    wire.sent.remove(0)
}

const QUOTED: &str = "line 1:40 no viable alternative at input ('enigma')";

#[test]
fn what_a_server_quotes_of_a_secret_is_hidden_whatever_it_was_sent_in() {
    let batch = [&[0, 0, 1, 0], &*long_string(SECRET), &[0, 0, 0, 1, 0]].concat();
    let query = [&*long_string(SECRET), &[0, 1, 0]].concat();
    // Of the last ones, nobody can read what was asked.
    let cut = query.get(..query.len() - 1).unwrap();
    for (opcode, body) in [(13, &*batch), (7, &*query), (7, cut), (13, cut)] {
        let pieces = [request(opcode, body), answer(QUOTED)]
            .map(|(from, bytes)| Piece { direction: Some(from), bytes });
        for form in ["text", "json"] {
            let input = Input::Bytes(pieces.to_vec());
            let (shown, ended) = shown(input, &["-o", form]);
            assert_eq!(ended, Ok(()));
            assert!(shown.contains("hidden"), "{opcode}: {shown}");
            assert!(!shown.contains("enigma"), "{opcode}: {shown}");
        }
        let (all, _) = shown(Input::Bytes(pieces.to_vec()), &["--show-secrets"]);
        assert!(all.contains("('enigma')"), "{opcode}: {all}");
    }
}

/// The request may have been sent before the capture began.
#[test]
fn a_secret_that_a_server_quotes_as_one_is_hidden_where_nobody_saw_what_was_asked() {
    let (from, bytes) = answer("line 1:9 no viable alternative (ada WITH [PASSWORD] = 'enigma')");
    let pieces = vec![Piece { direction: Some(from), bytes }];
    let (text, ended) = shown(Input::Bytes(pieces), &[]);
    assert_eq!(ended, Ok(()));
    assert!(text.contains("hidden") && !text.contains("enigma"), "{text}");
    let (from, bytes) = answer("unconfigured table users");
    let pieces = vec![Piece { direction: Some(from), bytes }];
    assert!(shown(Input::Bytes(pieces), &[]).0.contains("unconfigured table users"));
}
