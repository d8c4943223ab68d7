//! Writes the seeds: what a fuzzer starts from, made of the byte vectors of the codec.
//!
//! ```text
//! cargo run --manifest-path fuzz/Cargo.toml --bin seeds
//! ```
//!
//! Seeds whose names begin with `found` are inputs that once failed; they are kept by hand.

use std::fs;
use std::io;
use std::path::PathBuf;

use cqlwire::Position;
use cqlwire_fuzz::requests::OPCODES as REQUESTS;
use cqlwire_fuzz::responses::OPCODES as RESPONSES;

struct Vector {
    section: String,
    name: String,
    bytes: Vec<u8>,
}

fn vectors() -> Vec<Vector> {
    let json = include_str!("../../../crates/codec/tests/data/vectors.json");
    let all: Vec<serde_json::Value> = serde_json::from_str(json).expect("vectors");
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    all.iter()
        .filter(|vector| vector["hex"].is_string())
        .map(|vector| Vector {
            section: text(&vector["section"]),
            name: text(&vector["name"]),
            bytes: from_hex(&text(&vector["hex"])),
        })
        .collect()
}

fn from_hex(digits: &str) -> Vec<u8> {
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).expect("hex"), 16);
    digits.as_bytes().chunks(2).map(|pair| byte(pair).expect("hex")).collect()
}

/// Writes one seed, named after what it holds.
fn write(target: &str, name: &str, parts: &[&[u8]]) -> io::Result<()> {
    let name: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).take(60).collect();
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("seeds").join(target);
    fs::create_dir_all(&folder)?;
    fs::write(folder.join(name), parts.concat())
}

/// The choice that stands for a version.
fn version(first: u8) -> Option<u8> {
    5_u8.checked_sub(first & 0x7F).filter(|choice| *choice < 3)
}

/// The choice that stands for an opcode.
fn choice(opcodes: &[cqlwire_codec::Opcode], byte: u8) -> Option<u8> {
    let at = opcodes.iter().position(|opcode| opcode.byte() == byte)?;
    u8::try_from(at).ok()
}

/// Bytes without a meaning, the same every time.
fn noise(seed: u32, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(2_654_435_769) | 1;
    std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state.to_be_bytes()[0]
    })
    .take(length)
    .collect()
}

fn bodies(vector: &Vector) -> io::Result<()> {
    let Some((header, body)) = vector.bytes.split_at_checked(9) else { return Ok(()) };
    let (Some(version), flags) = (version(header[0]), header[1] & 0xFE) else { return Ok(()) };
    if let Some(opcode) = choice(&REQUESTS, header[4]).filter(|_| header[0] < 0x80) {
        write("requests", &vector.name, &[&[version, opcode, flags], body])?;
    }
    if let Some(opcode) = choice(&RESPONSES, header[4]).filter(|_| header[0] > 0x80) {
        write("responses", &vector.name, &[&[version, opcode, flags], body])?;
        if header[0] == 0x84 {
            write("scylla", &vector.name, &[&[0, version, opcode, flags], body])?;
        }
    }
    Ok(())
}

fn whole(vector: &Vector) -> io::Result<()> {
    let (bytes, name) = (&vector.bytes[..], &vector.name);
    match &*vector.section {
        "segment_plain" | "segment_lz4" | "segment_bad" => {
            let lz4 = u8::from(vector.section == "segment_lz4" || name.contains("lz4"));
            write("segments", name, &[&[lz4, 0, 0, 0, 0], bytes])?;
            let header = if lz4 == 1 { 8 } else { 6 };
            let payload = bytes.get(header..bytes.len() - 4).unwrap_or_default();
            let length = u16::try_from(payload.len()).expect("a short payload").to_be_bytes();
            let uncompressed = [0, if name.contains("decodes to 50") { 50 } else { 0 }];
            let forged = [&[lz4 | 2, 0, 0, 0, 0, 1][..], &length, &uncompressed, payload];
            write("segments", &format!("forged {name}"), &forged)
        }
        "legacy_lz4" => write("envelopes", name, &[&[1, 0, 0, 0, 0, 0], bytes]),
        "legacy_snappy" => write("envelopes", name, &[&[2, 0, 0, 0, 0, 0], bytes]),
        "request" => write("envelopes", name, &[&[0, 1, 3, 0, 0, 0], bytes]),
        "response" | "adversarial" if bytes.first().is_some_and(|first| *first > 0x80) => {
            write("envelopes", name, &[&[0, 0, 9, 1, 0, 0], bytes])?;
            write("segments", name, &[&[0, 9, 1, 0, 0], bytes])
        }
        "type_option" => {
            write("types", name, &[bytes])?;
            write("scylla", &format!("column {name}"), &[&[0, 1, 0, 0], &page_of(bytes)])?;
            match bytes.strip_prefix(&[0, 0]) {
                Some([_, _, class @ ..]) => write("type_strings", name, &[class]),
                _ => Ok(()),
            }
        }
        "value" => match option_of(name) {
            Some(option) => write("values", name, &[&option, bytes]),
            None => Ok(()),
        },
        _ => Ok(()),
    }
}

/// The body of a page without rows, whose one column has this type and empty names.
fn page_of(option: &[u8]) -> Vec<u8> {
    let (rows, flags, columns, names) = ([0, 0, 0, 2], [0; 4], [0, 0, 0, 1], [0; 6]);
    [&rows[..], &flags, &columns, &names, option, &[0; 4]].concat()
}

/// The type that a value's name begins with.
fn option_of(name: &str) -> Option<Vec<u8>> {
    let natives = [
        ("ascii", 0x01),
        ("bigint", 0x02),
        ("boolean", 0x04),
        ("decimal", 0x06),
        ("float", 0x08),
        ("int", 0x09),
        ("timestamp", 0x0B),
        ("text", 0x0D),
        ("varint", 0x0E),
        ("inet", 0x10),
        ("date", 0x11),
        ("time", 0x12),
        ("tinyint", 0x14),
        ("duration", 0x15),
    ];
    let (kind, _) = name.split_once(' ')?;
    match kind {
        "list<text>" => Some(vec![0, 0x20, 0, 0x0D]),
        "list<int>" => Some(vec![0, 0x20, 0, 0x09]),
        "map<text,int>" => Some(vec![0, 0x21, 0, 0x0D, 0, 0x09]),
        "tuple<int,text>" => Some(vec![0, 0x31, 0, 2, 0, 0x09, 0, 0x0D]),
        native => natives.iter().find(|(name, _)| *name == native).map(|(_, id)| vec![0, *id]),
    }
}

/// One keyspace with a type, and with tables that have a key and a column each.
fn well_schema() -> Vec<u8> {
    let column = |table: u8, name: u8, kind: u8| [0, table, name, kind, 14, 13, 0, 5];
    let parts = [
        [0, 0, 0, 1].repeat(2),
        vec![0, 2, 1, 0, 1, 14],
        (0..8).flat_map(|table| [0, table, 0, 7, 0, 5, 0]).collect(),
        Vec::new(),
        (0..8).flat_map(|table| [column(table, 0, 8), column(table, 1, 11)].concat()).collect(),
    ];
    let mut seed = vec![0x48];
    for mut part in parts {
        part.resize(128, 255);
        seed.extend(part);
    }
    seed.resize(1 + 11 * 128, 255);
    seed
}

/// Of the targets that no byte vector says anything of.
fn of_the_session() -> io::Result<()> {
    for seed in 1..=4 {
        let name = format!("noise-{seed}");
        for target in ["batches", "events", "ring", "schema", "session"] {
            write(target, &name, &[&noise(seed, 300)])?;
        }
    }
    // More keyspaces, and more tables of one, than are read one by one.
    let storm: Vec<u8> = (0..100).flat_map(|number| [3, number, 0, 3, 0, number]).collect();
    write("events", "storm", &[&storm, &[7, 255, 7, 255]])?;
    write("schema", "well", &[&well_schema()])?;
    // Three calls: a server that does well, and one that answers each with another fault.
    let calls = [0, 3, 4, 0, 3, 0, 5, 0];
    write("session", "well", &[&calls])?;
    for fault in 4..16 {
        let own = [0; 12];
        write("session", &format!("fault-{fault}"), &[&calls, &own, &[fault; 8], &[0, 0, 0, 3]])?;
    }
    Ok(())
}

/// What people write, and what the driver wrote for them.
fn texts() -> io::Result<()> {
    for (name, choice, text) in [
        ("whole", 0, "ada:enigma@db1,db2:9043,[::1]/shop?profile.timeout=2s&local_dc=dc1"),
        ("odd", 0, "db?startup_options.A=b&fixed_addresses.10.0.0.1:9042=192.0.2.1:9042"),
        ("secret", 1, "ada\n%41\n!\ndb:9042/shop?compression=lz4"),
        ("parameter", 2, "db1,db2/shop\n\n%26"),
        (
            "settings",
            3,
            "profile.timeout=2s\ncontact_points=db1,db2\nspeculation.policy=percentile 0.99",
        ),
    ] {
        write("config", name, &[&[choice], text.as_bytes()])?;
    }
    for (name, text) in [
        ("batch", "BEGIN BATCH\nINSERT INTO t (k) VALUES ('a;');\nAPPLY BATCH; -- ;\nUSE shop\n"),
        ("quotes", "SELECT $$ a; $$, \"b;\"\"\", 1.5e3, 0xCAFE /* ; */ FROM t // x\n;"),
        ("role", "CREATE ROLE ada WITH PASSWORD = 'enigma';DESCRIBE tables\nEXIT"),
    ] {
        write("words", name, &[text.as_bytes()])?;
    }
    let start = Position::START.to_bytes();
    write("positions", "start", &[&[0], &start])?;
    write("positions", "forged", &[&[1], &start[..start.len() - 4]])?;
    write("positions", "text", &[&[0], Position::START.to_string().as_bytes()])?;
    let plan =
        "shop SELECT%20a%20FROM%20shop.t%20WHERE%20token(k)%20>%20?%20AND%20token(k)%20<=%20? 1/5";
    let ranges = format!(" -9223372036854775808:0:3,0:9223372036854775807:7:{}", Position::START);
    write("positions", "plan", &[&[3 | 2 << 2], plan.as_bytes(), ranges.as_bytes()])
}

fn main() -> io::Result<()> {
    for vector in vectors() {
        bodies(&vector)?;
        whole(&vector)?;
    }
    for seed in 1..=4 {
        let name = format!("noise-{seed}");
        let version = u8::try_from(seed % 3).expect("small");
        write("messages", &name, &[&[version], &noise(seed, 600)])?;
        write("cassandra", &name, &[&[version, 1, 2], &noise(seed, 900)])?;
        let (compression, cuts) = (1, [7, 1, 0, 200]);
        write(
            "conversation",
            &name,
            &[&[version, compression], &cuts, &[0, 0], &noise(seed, 900)],
        )?;
    }
    of_the_session()?;
    texts()
}
