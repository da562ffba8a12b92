#![deny(unused_must_use)]
use lazygraph::{Client, prelude::*, secede};

#[delayed]
fn inc(x: i64) -> Result<i64, Error> {
    secede()?;
    Ok(x + 1)
}

fn main() {
    Client::new().submit(inc(1));
    Client::new().map(inc, 0..3);
    Client::new().compute(vec![inc(1)]);
    Client::new().persist(vec![inc(1)]);
    Client::builder();
}
