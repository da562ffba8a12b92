#![deny(unused_must_use)]
use lazygraph::{Client, prelude::*, rejoin, secede};

#[delayed]
fn inc(x: i64) -> Result<i64, Error> {
    secede()?;
    let seceded = secede();
    rejoin(seceded);
    Ok(x + 1)
}

fn main() {
    Client::new().submit(inc(1));
    Client::builder();
}
