use lazygraph::{Client, prelude::*, worker_client};

#[delayed]
fn inc(x: i64) -> i64 {
    x + 1
}

#[delayed]
fn fib(n: u64) -> Result<u64, Error> {
    worker_client(|client| client.compute(fib, n - 1).result())
}

fn main() {
    let client = Client::new();
    let _a = client.submit(inc);
    let _b = client.submit(|| 5);
    let _c = client.submit(5);
    let _d = client.map(inc(1), 0..3);
    let _e = client.gather([5]);
    let _f = client.submit(inc("one"));
}
