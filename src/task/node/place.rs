//! Places in the user's code, and others: a function that is passed as a value is called by the standard library, or by ours.

use std::panic::Location;

/// What the paths of lazygraph's own sources begin with.
const OURS: &str = {
    let (directory, _) = file!().split_at(file!().len() - "task/node/place.rs".len());
    directory
};

/// Whether a place is inside of the standard library, or of lazygraph: no one looks for a call there.
pub(in crate::task) fn is_foreign(place: &Location<'_>) -> bool {
    let file = place.file();
    file.starts_with("/rustc/")
        || file.starts_with(OURS)
        || file.contains("/rustlib/src/rust/library/")
}
