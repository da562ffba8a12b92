//! Pure calls that several ask for.

use std::time::Duration;

use lazygraph::prelude::*;

use crate::{Log, Meeting, wait_until};

/// Logs each body.
#[delayed(pure)]
pub fn fib(#[key(skip)] log: &Log, n: u64) -> Result<u64, Error> {
    log.push("fib");
    if n < 2 {
        return Ok(n);
    }
    let (a, b) = compute!(fib(log.clone(), n - 1), fib(log.clone(), n - 2))?;
    Ok(a + b)
}

/// Ends only when two have asked for it, and the second has had every chance to start it once more.
#[delayed(pure)]
pub fn slowly(#[key(skip)] log: &Log, #[key(skip)] asked: &Log, x: i64) -> i64 {
    log.push("slowly");
    let both = wait_until(|| asked.len() == 2);
    std::thread::sleep(Duration::from_millis(50));
    if both { x } else { -1 }
}

/// Asks for a slow call of 7, when all have come that meet.
#[delayed]
pub fn asks(log: &Log, asked: &Log, meeting: &Meeting) -> Result<i64, Error> {
    if !meeting.join() {
        return Ok(-2);
    }
    asked.push("asked");
    slowly(log.clone(), asked.clone(), 7).compute()
}
