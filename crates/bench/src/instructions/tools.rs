//! What figures depend on beside the code: with other tools they are others.

use std::fmt;
use std::process::Command;

use crate::Result;

/// The compiler, the counter, and what the processor can do.
#[derive(Debug)]
pub(super) struct Tools {
    rustc: String,
    valgrind: String,
}

impl Tools {
    /// Those of this machine.
    ///
    /// # Errors
    ///
    /// One of them does not start.
    pub(super) fn here() -> Result<Self> {
        // `rustc 1.95.0 (59807616e 2026-04-14)`: the commit says nothing that the version does not.
        let rustc = version_of("rustc")?;
        let rustc = rustc.split(" (").next().unwrap_or_default().to_owned();
        Ok(Self { rustc, valgrind: version_of("valgrind")? })
    }
}

impl fmt::Display for Tools {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rustc, valgrind } = self;
        write!(f, "{rustc}, {valgrind}, {}{}", std::env::consts::ARCH, features())
    }
}

fn version_of(tool: &str) -> Result<String> {
    let output = Command::new(tool).arg("--version").output();
    let output = output.map_err(|error| format!("{tool} does not start: {error}"))?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// What copies, compares and checksums go by.
#[cfg(target_arch = "x86_64")]
fn features() -> &'static str {
    if std::arch::is_x86_feature_detected!("avx2") { " with AVX2" } else { "" }
}

#[cfg(not(target_arch = "x86_64"))]
const fn features() -> &'static str {
    ""
}
