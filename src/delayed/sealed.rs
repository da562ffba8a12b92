//! What keeps public traits from being implemented outside of the crate.

/// The type of a constant that every implementation gives, and that has no name out there.
///
/// A private supertrait would not do for a trait with parameters: `impl Arg<TheirType> for u8` is theirs to write.
#[derive(Debug)]
pub struct Seal;
