use std::io::Cursor;

use proptest::prelude::*;

use super::*;

fn dialect() -> Dialect {
    Dialect { no_header: true, ..Dialect::RFC_4180 }
}

/// Gives a few bytes at a time.
struct Slow(Cursor<Vec<u8>>, usize);

impl Read for Slow {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let most = self.1.min(out.len());
        self.0.read(&mut out[..most])
    }
}

const START: Mark = Mark { bytes: 0, line: 1, crc: 0 };

fn records(input: &[u8], at_once: usize, format: Format) -> Records {
    let source = Box::new(Slow(Cursor::new(input.to_vec()), at_once));
    Records::new(source, START, format, &dialect(), None, 64)
}

/// All records, and where the input ends.
fn all(mut records: Records) -> Result<(Vec<Record>, Mark), Failure> {
    let mut found = Vec::new();
    loop {
        match records.next() {
            Next::Record(record) => found.push(record),
            Next::Unread => records.read()?,
            Next::End(mark) => return Ok((found, mark)),
        }
    }
}

fn fields(content: &Content) -> Vec<(&str, bool)> {
    match content {
        Content::Fields(fields) => {
            fields.iter().map(|field| (field.text.as_str(), field.quoted)).collect()
        }
        other => panic!("{other:?}"),
    }
}

/// Each record is its bytes, with nothing but line breaks between them.
fn covers(input: &[u8], found: &[Record], end: Mark) {
    let mut at = 0;
    for record in found {
        let start = usize::try_from(record.line.start.bytes).unwrap();
        let stop = usize::try_from(record.line.end.bytes).unwrap();
        let between = &input[at..start];
        let between = match at {
            0 => between.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(between),
            _ => between,
        };
        assert!(between.iter().all(|byte| b"\r\n".contains(byte)), "{between:?}");
        assert_eq!(record.line.raw, input[start..stop]);
        let line = input[..start].iter().filter(|byte| **byte == b'\n').count() as u64 + 1;
        assert_eq!(record.line.start.line, line);
        at = stop;
    }
    let rest = match at {
        0 => input.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(input),
        _ => &input[at..],
    };
    assert!(rest.iter().all(|byte| b"\r\n".contains(byte)));
    assert_eq!(end.bytes, input.len() as u64);
}

#[test]
fn records_of_csv_are_cut_where_they_end() {
    let input = b"\xEF\xBB\xBFa,b\r\n\r\n\"x\ny\",\"\"\n,\"q\"\"q\"\n\xFF,1\n\n\"last\",";
    for at_once in [1, 2, 3, 7, 100] {
        let (found, end) = all(records(input, at_once, Format::Csv)).unwrap();
        covers(input, &found, end);
        let lines: Vec<u64> = found.iter().map(|record| record.line.start.line).collect();
        assert_eq!(lines, [1, 3, 5, 6, 8], "{at_once}");
        assert_eq!(fields(&found[0].content), [("a", false), ("b", false)]);
        assert_eq!(found[0].line.raw, b"a,b\r\n");
        assert_eq!(fields(&found[1].content), [("x\ny", true), ("", true)]);
        assert_eq!(fields(&found[2].content), [("", false), ("q\"q", true)]);
        assert_eq!(found[3].content, Content::NotText);
        assert_eq!(found[3].line.raw, b"\xFF,1\n");
        assert_eq!(fields(&found[4].content), [("last", true), ("", false)]);
    }
}

/// Files that were put behind one another have one at the start of each.
#[test]
fn what_stands_before_everything_is_a_character_of_a_text_anywhere_else() {
    let input = "\u{FEFF}a\n\u{FEFF}b\n\n\u{FEFF}c";
    for at_once in [1, 2, 3, 100] {
        let (found, end) = all(records(input.as_bytes(), at_once, Format::Csv)).unwrap();
        covers(input.as_bytes(), &found, end);
        let texts: Vec<_> = found.iter().map(|record| fields(&record.content)[0].0).collect();
        assert_eq!(texts, ["a", "\u{FEFF}b", "\u{FEFF}c"], "{at_once}");
        let mut rest = records(input.as_bytes(), at_once, Format::Csv);
        assert_eq!(rest.skip_to(found[0].line.end).unwrap(), Skipped::There);
        let (rest, _) = all(rest).unwrap();
        assert_eq!(fields(&rest[0].content), [("\u{FEFF}b", false)], "{at_once}");
    }
}

#[test]
fn lines_may_end_as_on_old_machines() {
    for at_once in [1, 2, 100] {
        let (found, end) = all(records(b"a,b\rc,\"d\re\"\r", at_once, Format::Csv)).unwrap();
        let lines: Vec<_> = found.iter().map(|record| &*record.line.raw).collect();
        assert_eq!(lines, [&b"a,b\r"[..], b"c,\"d\re\"\r"]);
        assert_eq!(end.bytes, 12);
    }
}

#[test]
fn lines_of_json_are_lines() {
    let input = b"\xEF\xBB\xBF{\"a\": 1}\r\n\n  \n{}\n\xFF\n last";
    for at_once in [1, 4, 100] {
        let (found, end) = all(records(input, at_once, Format::Json)).unwrap();
        let contents: Vec<_> = found.iter().map(|record| &record.content).collect();
        let json = |text: &str| Content::Json(text.to_owned());
        let expected = [json("{\"a\": 1}"), json("{}"), Content::NotText, json("last")];
        assert_eq!(contents, expected.iter().collect::<Vec<_>>());
        assert_eq!(found[1].line.start.line, 4);
        assert_eq!(end.bytes, input.len() as u64);
    }
}

#[test]
fn what_is_longer_than_may_be_is_passed_over_to_its_end_and_nothing_grows() {
    let lines = |last: &str| format!("{}{last}", "x,y\n".repeat(1_000));
    for (format, long, next) in [
        (Format::Csv, format!("\"{}\",1\r\n", lines("\"\"")), "c,d\n"),
        (Format::Csv, format!("{}\r", "x".repeat(1_000)), "c,d\r"),
        (Format::Csv, format!("{}\r\n", "x".repeat(62)), "\"c\",d\r\n"),
        (Format::Csv, format!("{}\r\n", "x".repeat(63)), "\"c\",d\r\n"),
        (Format::Csv, format!("{}\n", "x,".repeat(64)), "c,d"),
        (Format::Json, format!("{}\n", "x".repeat(1_000)), "{}\n"),
        (Format::Json, format!("{}\n", "x".repeat(64)), "{}"),
    ] {
        for at_once in [1, 7, 100] {
            let input = format!("a,b\n\n{long}{next}");
            let (found, end) = all(records(input.as_bytes(), at_once, format)).unwrap();
            assert_eq!((found.len(), end.bytes), (3, input.len() as u64), "{found:?}");
            let Line { start, end, raw } = &found[1].line;
            if long.len() <= 64 {
                assert_eq!(raw, long.as_bytes());
                continue;
            }
            assert_eq!((start.line, start.bytes, raw.len()), (3, 5, 0));
            assert_eq!(end.bytes, 5 + long.len() as u64);
            let (bytes, limit) = (long.len() as u64, 64);
            let too_long = TooLong { bytes, limit, may_be_unclosed: false };
            assert_eq!(found[1].content, Content::TooLong(too_long));
            assert_eq!(found[2].line.raw, next.as_bytes());
        }
    }
}

/// A record may have as many bytes as are said, whatever is behind it.
#[test]
fn a_record_of_just_as_many_bytes_as_may_be_is_taken_at_the_end_too() {
    for (format, ends) in
        [(Format::Csv, ""), (Format::Json, ""), (Format::Csv, "\r"), (Format::Csv, "\r\n")]
    {
        for (bytes, is_taken) in [(63, true), (64, true), (65, false)] {
            for before in ["", "{}\n"] {
                let input = format!("{before}{}{ends}", "x".repeat(bytes - ends.len()));
                for at_once in [1, 7, 100] {
                    let (found, end) = all(records(input.as_bytes(), at_once, format)).unwrap();
                    assert_eq!(end.bytes, input.len() as u64);
                    let last = found.last().unwrap();
                    let is_whole = !matches!(last.content, Content::TooLong(_));
                    assert_eq!(is_whole, is_taken, "{format:?} {ends:?} {bytes}: {last:?}");
                    assert_eq!(last.line.raw.len(), if is_taken { bytes } else { 0 });
                }
            }
        }
    }
}

#[test]
fn a_quote_that_takes_in_more_than_may_be_is_asked_for() {
    let input = format!("a,b\n\"{}", "x,y\n".repeat(1_000));
    let mut records = records(input.as_bytes(), 10, Format::Csv);
    let mut found = Vec::new();
    loop {
        match records.next() {
            Next::Record(record) => found.push(record),
            Next::Unread => records.read().unwrap(),
            Next::End(_) => break,
        }
        assert!(records.buffer.unread().len() <= 65);
    }
    let Content::TooLong(too_long) = &found[1].content else { panic!("{found:?}") };
    let said = too_long.to_string();
    assert!(said.starts_with("it has 4001 bytes, and may have 64"), "{said}");
    assert!(said.ends_with("is there a quote that is not closed?"), "{said}");
}

#[test]
fn what_stands_in_front_of_a_record_is_none_of_its_length() {
    for (blank, bytes) in [("\n", 1_000), ("\r\n", 20), ("\u{FEFF}", 1)] {
        let whole = format!("{}{}\n", blank.repeat(bytes), "x".repeat(63));
        for format in [Format::Csv, Format::Json] {
            let (found, _) = all(records(whole.as_bytes(), 10, format)).unwrap();
            let line = 1 + blank.matches('\n').count() * bytes;
            assert_eq!(found.len(), 1);
            assert_eq!(found[0].line.start.line, line as u64);
            assert_eq!(found[0].line.raw.len(), 64, "{:?}", found[0].content);
        }
    }
}

/// So that a null of the only column is a row, and comes back as one.
#[test]
fn where_there_is_one_field_an_empty_line_is_a_record() {
    let input = "\u{FEFF}\na\r\n\r\n\"\"\n\r\rb";
    for at_once in [1, 2, 3, 100] {
        let mut records = records(input.as_bytes(), at_once, Format::Csv);
        records.keep_empty_lines();
        let (found, end) = all(records).unwrap();
        covers(input.as_bytes(), &found, end);
        let told: Vec<_> = found.iter().flat_map(|record| fields(&record.content)).collect();
        let (null, empty) = (("", false), ("", true));
        let expected = [null, ("a", false), null, empty, null, null, ("b", false)];
        assert_eq!(told, expected, "{at_once}");
    }
}

/// What each record is, in a few words.
fn told(input: &str, at_once: usize, escape: Option<u8>) -> Vec<String> {
    let source = Box::new(Slow(Cursor::new(input.as_bytes().to_vec()), at_once));
    let records = Records::new(source, START, Format::Csv, &dialect(), escape, 64);
    let (found, end) = all(records).unwrap();
    covers(input.as_bytes(), &found, end);
    let told = found.iter().map(|record| match &record.content {
        Content::Malformed(fault) => fault.to_string(),
        content => format!("{:?}", fields(content)),
    });
    told.collect()
}

#[test]
fn a_quote_that_is_never_closed_is_a_fault_of_its_record() {
    for (input, line, lines) in [
        ("a,1\nb,\"whole value is lo", 2, 1),
        ("a,1\nb,\"lo\nc,2\nd,3\n", 2, 3),
        ("a,1\n\n\"x\ny\",\"lo\"\"\nc", 4, 2),
        ("a,1\nb,\"", 2, 1),
        ("a,1\nb,\"\"\"", 2, 1),
        ("a,1\r\nb,\"lo\r\n", 2, 1),
    ] {
        for at_once in [1, 3, 100] {
            let told = told(input, at_once, None);
            let said = format!(
                "the quote that opens in line {line} is not closed: it takes in all {lines} lines"
            );
            assert_eq!(told.len(), 2, "{told:?}");
            assert!(told[1].starts_with(&said), "{input:?} {told:?}");
        }
    }
    for closed in ["a,\"b\"", "\"\"", "a,\"b\"\"\"", "a,\"b\n\"\r\n"] {
        assert!(told(closed, 1, None)[0].starts_with("[("), "{closed:?}");
    }
    assert!(told("\"a\\\"", 1, Some(b'\\'))[0].contains("is not closed"));
}

#[test]
fn a_field_that_goes_on_behind_its_quotes_is_a_fault_of_its_record() {
    for (input, line) in [("\"x\"y,1", 2), ("a,\"5\" pipe\"", 2), ("\"a\nb\" ,1", 3)] {
        for at_once in [1, 3, 100] {
            let told = told(&format!("a,1\n{input}\nb,2\n"), at_once, None);
            assert_eq!(told.len(), 3, "{told:?}");
            let said = format!("in line {line} a field goes on behind the quote that closes it");
            assert!(told[1].starts_with(&said), "{told:?}");
        }
    }
    assert_eq!(told("a\"b,5\" pipe\n", 1, None), [r#"[("a\"b", false), ("5\" pipe", false)]"#]);
    assert_eq!(told("\"a\\\"b\",c\n", 1, Some(b'\\')), [r#"[("a\"b", true), ("c", false)]"#]);
}

#[test]
fn a_character_may_take_away_what_a_quote_means() {
    let source = Box::new(Cursor::new(b"\"a\\\"b\",c\n".to_vec()));
    let records = Records::new(source, START, Format::Csv, &dialect(), Some(b'\\'), 64);
    let (found, _) = all(records).unwrap();
    assert_eq!(fields(&found[0].content), [("a\"b", true), ("c", false)]);
}

#[test]
fn another_input_is_not_gone_on_with() {
    let mark = all(records(b"k,v\n1,1\n2,2\n", 3, Format::Csv)).unwrap().0[1].line.end;
    for (input, expected) in [
        (&b"k,v\n1,1\n2,2\n"[..], Skipped::There),
        (b"k,v\n1,1\n", Skipped::There),
        (b"k,v\n1,1\n5,5\n7,7\n", Skipped::There),
        (b"k,v\n1,1", Skipped::TooShort),
        (b"k,v\n3,1\n2,2\n", Skipped::Another),
        (b"v,k\n1,1\n2,2\n", Skipped::Another),
    ] {
        for at_once in [1, 100] {
            let mut from_start = records(input, at_once, Format::Csv);
            assert_eq!(from_start.skip_to(mark).unwrap(), expected, "{input:?}");
            let mut behind_header = records(input, at_once, Format::Csv);
            behind_header.first().unwrap();
            assert_eq!(behind_header.skip_to(mark).unwrap(), expected, "{input:?}");
        }
    }
    let mut long_header = records(b"one,two,three\n1,1\n", 100, Format::Csv);
    long_header.first().unwrap();
    assert_eq!(long_header.skip_to(mark).unwrap(), Skipped::Another);
}

proptest! {
    /// However it is cut by whoever reads, and wherever a second run goes on.
    #[test]
    fn whoever_goes_on_at_a_mark_finds_the_same_records(
        input in "[ab,\"\n\r\u{FEFF}]{0,20}",
        at_once in 1..9_usize,
        format in prop::sample::select(vec![Format::Csv, Format::Json]),
        longest in 1..20_usize,
        keeps_empty_lines: bool,
    ) {
        let records = |input: &[u8], at_once| {
            let source = Box::new(Slow(Cursor::new(input.to_vec()), at_once));
            let mut records = Records::new(source, START, format, &dialect(), None, longest);
            if keeps_empty_lines {
                records.keep_empty_lines();
            }
            records
        };
        let (found, end) = all(records(input.as_bytes(), at_once)).unwrap();
        let is_whole = |record: &Record| !matches!(record.content, Content::TooLong(_));
        if format == Format::Csv && found.iter().all(is_whole) {
            covers(input.as_bytes(), &found, end);
        }
        for (done, record) in found.iter().enumerate() {
            let mark = record.line.end;
            let mut rest = records(input.as_bytes(), at_once);
            prop_assert_eq!(rest.skip_to(mark).unwrap(), Skipped::There);
            let (rest, rest_end) = all(rest).unwrap();
            let shown = |records: &[Record]| {
                let shown = records.iter().map(|record| format!("{record:?}"));
                shown.collect::<Vec<_>>()
            };
            prop_assert_eq!(shown(&rest), shown(&found[done + 1..]));
            prop_assert_eq!(rest_end.bytes, end.bytes);
        }
    }
}
