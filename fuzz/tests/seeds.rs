//! Every target over its seeds.

use std::fs;
use std::panic;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use cqlwire_fuzz::TARGETS;

/// The files of a folder, or none if there is no such folder.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| (entry.path().display().to_string(), fs::read(entry.path()).unwrap()))
        .collect()
}

/// How often anything panicked: a runtime keeps it to itself if it was on a task of the driver.
static PANICS: AtomicUsize = AtomicUsize::new(0);

fn count_panics() {
    let usual = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        PANICS.fetch_add(1, Ordering::Relaxed);
        usual(info);
    }));
}

#[test]
fn every_target_takes_its_seeds() {
    count_panics();
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds");
    for (name, run) in TARGETS {
        let inputs = files(&seeds.join(name));
        assert!(!inputs.is_empty(), "no seeds for {name}");
        for (file, input) in inputs {
            println!("{file}");
            run(&input);
            for length in 0..input.len().min(200) {
                run(&input[..length]);
            }
            assert_eq!(PANICS.load(Ordering::Relaxed), 0, "{file}");
        }
    }
}
