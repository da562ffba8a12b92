//! P6: computes that are nested without an end are stopped with an error, long before the memory is full.

use common::{ends, schedulers};
use lazygraph::{ErrorKind, prelude::*};

#[delayed]
fn down(x: u64) -> Result<u64, Error> {
    down(x + 1).compute()
}

mod slow {
    use super::*;

    #[test]
    fn it_names_the_depth() {
        for (name, options) in schedulers() {
            let (kind, told) = ends(&name, move || {
                let e = down(0).compute_with(&options).unwrap_err();
                (e.kind(), e.root().to_string())
            });
            assert_eq!(kind, ErrorKind::Invalid, "{name}: {told}");
            assert!(told.contains("does the recursion end?"), "{name}: {told}");
        }
    }
}
