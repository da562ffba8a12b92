//! Clients to test with: each test ends, and leaves its client at rest.

use lazygraph::{Client, ClientBuilder};

use crate::{ends, quiet, wait_until};

/// A client of so many slots.
pub fn client_of(slots: usize) -> Client {
    Client::builder().threads(slots).build().unwrap()
}

/// Runs `test` on clients of so many slots, one after the other.
pub fn on(slots: &[usize], test: impl Fn(&Client) + Send + Sync + Clone + 'static) {
    on_built(slots, |builder| builder, test);
}

/// On one slot, on two and on four.
pub fn on_all(test: impl Fn(&Client) + Send + Sync + Clone + 'static) {
    on(&[1, 2, 4], test);
}

/// On clients that have more than slots.
pub fn on_built(
    slots: &[usize],
    build: fn(ClientBuilder) -> ClientBuilder,
    test: impl Fn(&Client) + Send + Sync + Clone + 'static,
) {
    quiet();
    for &slots in slots {
        let test = test.clone();
        ends(&format!("{slots} slots"), move || {
            let client = build(Client::builder().threads(slots)).build().unwrap();
            test(&client);
            close(&client);
        });
    }
}

/// Closes a client; nothing is left of what it did.
#[track_caller]
pub fn close(client: &Client) {
    client.close();
    assert_eq!(client.stats().live, 0, "{:?}", client.stats());
    let is_at_rest = || {
        let stats = client.stats();
        let left = (stats.permits, stats.running, stats.suspended, stats.live);
        left == (stats.slots, 0, 0, 0)
    };
    assert!(wait_until(is_at_rest), "{:?}", client.stats());
}
