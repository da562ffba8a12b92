//! What must not compile, and what the compiler says then: `ui/*.rs` and their `.stderr`.
//!
//! To accept new messages: `TRYBUILD=overwrite cargo test --test refusals`, then read them as a user would – each must
//! say what to write instead.
#![cfg(not(miri))]

use std::process::Command;

/// The messages are those of a stable compiler, from this minor version on.
const SINCE: u32 = 95;

#[test]
fn refusals() {
    if is_known_compiler() {
        trybuild::TestCases::new().compile_fail("ui/*.rs");
    }
}

fn is_known_compiler() -> bool {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = Command::new(rustc)
        .arg("--version")
        .output()
        .expect("rustc runs")
        .stdout;
    // `rustc 1.95.0 (59807616e 2026-04-14)`, or `rustc 1.97.0-nightly (..)`
    let version = String::from_utf8_lossy(&version);
    let number = version.split_whitespace().nth(1).unwrap_or_default();
    let minor = number
        .split('.')
        .nth(1)
        .and_then(|n| n.parse().ok())
        .unwrap_or(0);
    !number.contains('-') && minor >= SINCE
}
