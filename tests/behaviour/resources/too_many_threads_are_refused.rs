//! So many threads that starting them would take long are an error, at once.

use common::ends;
use lazygraph::{Client, ErrorKind, Options, prelude::*};

#[test]
fn by_a_client_and_by_a_compute() {
    ends("it", || {
        let most = 8 * std::thread::available_parallelism().map_or(1, usize::from);
        for n in [most.max(512) + 1, 100_000, usize::MAX] {
            let client = Client::builder().threads(n).build().unwrap_err();
            let compute = value(1)
                .map(|x| x + 1)
                .compute_with(&Options::new().threads(n));
            for error in [client, compute.unwrap_err()] {
                assert_eq!(error.kind(), ErrorKind::Invalid);
                assert!(error.to_string().contains(&n.to_string()), "{error}");
            }
        }
    });
}

#[test]
fn not_as_many_as_a_large_machine_has() {
    ends("it", || {
        let client = Client::builder().threads(64).build().unwrap();
        assert_eq!(client.stats().slots, 64);
        assert_eq!(client.submit(value(1).map(|x| x + 1)).result().unwrap(), 2);
        client.close();
    });
}
