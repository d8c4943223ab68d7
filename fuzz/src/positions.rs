//! Where streams and scans go on: any bytes and any text are a position, or a plan, or an error; what
//! is read is written the same again; and a plan in parts has each range once.

use std::collections::BTreeMap;

use cqlwire::{Position, ScanPlan};

use crate::input::Input;

/// What it is, and whether its checksum is to be made right; then the bytes.
pub fn run(data: &[u8]) {
    let mut input = Input(data);
    let choice = input.byte();
    let is_forged = choice & 1 != 0;
    match choice >> 1 & 1 {
        0 => position(input.rest(), is_forged),
        _ => plan(input.rest(), choice >> 2, is_forged),
    }
}

fn position(bytes: &[u8], is_forged: bool) {
    let mut bytes = bytes.to_vec();
    if is_forged {
        bytes.extend_from_slice(&crc32fast::hash(&bytes).to_be_bytes());
    }
    if let Ok(text) = std::str::from_utf8(&bytes)
        && let Ok(read) = text.parse::<Position>()
    {
        survives(&read);
    }
    if let Ok(read) = Position::from_bytes(&bytes) {
        survives(&read);
    }
}

fn survives(position: &Position) {
    assert_eq!(Position::from_bytes(&position.to_bytes()).as_ref(), Ok(position));
    assert_eq!(position.to_string().parse().as_ref(), Ok(position));
}

fn plan(bytes: &[u8], units: u8, is_forged: bool) {
    let mut text = String::from_utf8_lossy(bytes).into_owned();
    if is_forged {
        // What is read is trimmed first.
        text = format!("cqlwire-scan-1 {}", text.trim());
        text = format!("{text} {:08x}", crc32fast::hash(text.as_bytes()));
    }
    let Ok(plan) = text.parse::<ScanPlan>() else { return };
    assert_eq!(plan.to_string().parse().as_ref(), Ok(&plan));
    let parts = plan.clone().split(units.into());
    assert!(parts.len() <= usize::from(units).max(1));
    let mut ranges = BTreeMap::new();
    for part in &parts {
        assert!(!part.is_done() && part.statement() == plan.statement());
        assert_eq!(part.to_string().parse().as_ref(), Ok(part));
        left_of(part).into_iter().for_each(|range| *ranges.entry(range).or_insert(0) += 1);
    }
    let mut whole = BTreeMap::new();
    left_of(&plan).into_iter().for_each(|range| *whole.entry(range).or_insert(0) += 1);
    assert_eq!(ranges, whole);
}

/// The ranges that are left, as they are written.
fn left_of(plan: &ScanPlan) -> Vec<String> {
    let text = plan.to_string();
    let ranges = text.rsplit(' ').nth(1).unwrap_or_default();
    ranges.split(',').filter(|range| !range.is_empty()).map(str::to_owned).collect()
}
