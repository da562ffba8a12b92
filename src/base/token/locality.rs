//! Whether a key means anything once its run has ended.

/// Set in keys that contain the identity of a scope's borrow: such a key means nothing after the run.
const LOCAL: u128 = 1 << 127;

/// Returns the key, marked as local to its run or as valid everywhere.
pub(crate) fn with_locality(key: u128, local: bool) -> u128 {
    match local {
        true => key | LOCAL,
        false => key & !LOCAL,
    }
}

/// Whether the key means nothing once its run has ended.
pub(crate) fn is_local(key: u128) -> bool {
    key & LOCAL != 0
}
