//! Hexadecimal digits to bytes, as people and tools write them.
//!
//! ```text
//!   8400 0001 02 0x00, 0x00                      blanks, commas, 0x
//!   00000000: 8400 0001 0200  ......             xxd
//!   00000000  84 00 00 01 02 00  |......|        hexdump -C
//!   0000  84 00 00 01 02 00   ......             Wireshark
//!   > 0500 0001 05                               who has sent it; other lines are then comments
//! ```

use cqlwire::codec::Direction;

use super::Piece;
use crate::exit::Failure;

/// The bytes of a text, those of one sender after the other.
pub(super) fn read(text: &str) -> Result<Vec<Piece>, Failure> {
    // Only these end with an offset alone, which says how much there was.
    let is_hexdump = text.contains('|');
    let has_senders = text.lines().any(|line| sender(line).is_some());
    let mut pieces: Vec<Piece> = Vec::new();
    for (line, number) in text.lines().zip(1..) {
        let (direction, digits) = match (sender(line), has_senders) {
            (Some((direction, digits)), _) => (Some(direction), digits),
            (None, true) => continue,
            (None, false) => (None, line),
        };
        let wrong = |why| Failure::usage(format_args!("line {number}: {why}"));
        let is_end = is_hexdump && digits.trim().len() == 8 && !digits.contains('|');
        let bytes = if is_end { Vec::new() } else { line_bytes(digits).map_err(wrong)? };
        match pieces.last_mut().filter(|last| last.direction == direction) {
            Some(last) => last.bytes.extend(bytes),
            None => pieces.push(Piece { direction, bytes }),
        }
    }
    Ok(pieces)
}

/// Can all of it be digits, written in one line?
pub(super) fn is_digits(text: &str) -> bool {
    !text.is_empty() && line_bytes(text).is_ok_and(|bytes| !bytes.is_empty())
}

fn sender(line: &str) -> Option<(Direction, &str)> {
    match line.trim_start().split_at_checked(1)? {
        (">", digits) => Some((Direction::Request, digits)),
        ("<", digits) => Some((Direction::Response, digits)),
        _ => None,
    }
}

fn line_bytes(line: &str) -> Result<Vec<u8>, String> {
    if line.trim() == "*" {
        return Err("`*` stands for lines that are left out: `hexdump -v` has all".to_owned());
    }
    let mut bytes = Vec::with_capacity(line.len() / 2);
    for word in without_margins(line).split([' ', '\t', ',', ';']) {
        let word = word.trim_start_matches("0x").trim_start_matches("\\x").replace("\\x", "");
        if !word.len().is_multiple_of(2) {
            return Err(format!("`{word}` has an odd number of digits"));
        }
        for pair in word.as_bytes().chunks(2) {
            let byte = std::str::from_utf8(pair).ok().filter(|pair| !pair.starts_with('+'));
            let byte = byte.and_then(|pair| u8::from_str_radix(pair, 16).ok());
            bytes.push(byte.ok_or_else(|| format!("`{word}` is not hexadecimal"))?);
        }
    }
    Ok(bytes)
}

/// The line without the offset before its digits, and without the characters behind them.
fn without_margins(line: &str) -> &str {
    let line = line.trim();
    let end = line.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(line.len());
    let (offset, rest) = line.split_at(end);
    let cut = |rest: &'static str| move |digits: &str| digits.find(rest);
    if let Some(digits) = rest.strip_prefix(':').map(str::trim_start) {
        let end = cut("  ")(digits).unwrap_or(digits.len());
        return digits.get(..end).unwrap_or_default();
    }
    if offset.len() < 4 || !rest.starts_with("  ") {
        return line;
    }
    let digits = rest.trim_start();
    let end = cut("|")(digits).or_else(|| cut("   ")(digits)).unwrap_or(digits.len());
    digits.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(text: &str) -> Vec<u8> {
        read(text).unwrap().into_iter().flat_map(|piece| piece.bytes).collect()
    }

    #[test]
    fn digits_stand_as_tools_write_them() {
        let expected = [0x84, 0, 0, 1, 2, 0, 0, 0, 0];
        for text in [
            "840000010200000000",
            "84 00 00 01 02\n00000000\n",
            "0x84, 0x00, 0x00, 0x01,\n 0x02, 0x00, 0x00, 0x00, 0x00",
            "\\x84\\x00\\x00\\x01\\x02\\x00\\x00\\x00\\x00",
            "00000000: 8400 0001 0200 0000 00                   .........\n",
            "00000000  84 00 00 01 02 00 00 00  00  |.........|\n00000009\n",
            "0000  84 00 00 01 02 00 00 00   ........\n0008  00   .\n",
        ] {
            assert_eq!(bytes(text), expected, "{text}");
        }
    }

    #[test]
    fn characters_beside_the_digits_are_no_digits() {
        let xxd = "00000010: 6162 6364 6566 3031 6162 6364 6566 3031  abcdef01abcdef01";
        assert_eq!(bytes(xxd), b"abcdef01abcdef01");
        let hexdump = "00000010  61 62 63 64 65 66 30 31  61 62 20 20  |abcdef01ab  |";
        assert_eq!(bytes(hexdump), b"abcdef01ab  ");
    }

    #[test]
    fn senders_are_kept_apart_and_other_lines_are_comments() {
        let text = "The handshake:\n> 0500\n> 0001\n\n< 85\n> 06";
        let pieces: Vec<_> =
            read(text).unwrap().into_iter().map(|piece| (piece.direction, piece.bytes)).collect();
        let (client, server) = (Some(Direction::Request), Some(Direction::Response));
        assert_eq!(pieces, [(client, vec![5, 0, 0, 1]), (server, vec![0x85]), (client, vec![6])]);
    }

    #[test]
    fn what_is_no_digit_is_refused_with_its_line() {
        for (text, why) in [
            ("84\n8", "line 2: `8` has an odd number of digits"),
            ("zz", "line 1: `zz` is not hexadecimal"),
            ("+1", "line 1: `+1` is not hexadecimal"),
            ("éé", "line 1: `éé` is not hexadecimal"),
            ("84\n*\n00", "line 2: `*` stands for lines that are left out: `hexdump -v` has all"),
        ] {
            assert_eq!(read(text).unwrap_err().to_string(), why);
        }
        assert!(is_digits("84 00") && !is_digits("trace.pcap") && !is_digits(" "));
    }
}
