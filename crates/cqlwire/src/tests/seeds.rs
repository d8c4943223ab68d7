//! Runs that are drawn at random, each to be seen again by its seed.

use super::rounds;

/// Names the seed that fails.
struct Named(u64);

impl Drop for Named {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("to see it again: CQLWIRE_SEED={}", self.0);
        }
    }
}

/// Runs this with so many seeds, more under `CQLWIRE_SOAK`, or with the one of `CQLWIRE_SEED`: each under
/// paused time, on a runtime of its own.
pub(super) fn each_seed(quick: usize, soak: usize, run: impl AsyncFn(u64)) {
    let one = std::env::var("CQLWIRE_SEED").ok().and_then(|seed| seed.parse().ok());
    let seeds = match one {
        Some(seed) => vec![seed],
        None => (0..rounds(quick, soak)).map(|_| fastrand::u64(..)).collect(),
    };
    for seed in seeds {
        let _named = Named(seed);
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_all().start_paused(true).build().unwrap();
        runtime.block_on(run(seed));
    }
}
