//! How many ways lead across a grid, going right and down?
use lazygraph::prelude::*;

#[delayed(pure)]
fn ways(right: u64, down: u64) -> u64 {
    if right == 0 || down == 0 {
        return 1;
    }
    let (a, b) = get!(ways(right - 1, down), ways(right, down - 1)); // a graph inside a node
    a + b
}

fn main() -> Result<(), Error> {
    let all = ways(16, 16); // makes a node; nothing has run
    assert_eq!(all.compute()?, 601_080_390); // each of the 288 different calls runs once
    Ok(())
}
