//! The trait [`Footprint`], and the size of a result.

/// The heap memory that a value owns, in bytes, not counting its own `size_of`.
///
/// The memo of pure results is bounded in bytes, and a [`Counter`](crate::Counter) reports the bytes of live results:
/// both ask a result for its footprint. Derive it with `#[derive(Footprint)]` for the types that your tasks return. The
/// owning types of the standard library implement it. A result whose type does not implement `Footprint` counts with its
/// `size_of` only, and is marked as an estimate.
///
/// # What counts
///
/// * Reserved memory counts: the capacity of a `Vec`, not its length.
/// * An `Arc` or `Rc` counts everything it points to, even if it is shared: a memory budget should rather be too strict.
///   A reference and a `Weak` count nothing.
/// * The size of maps and sets is computed from the current layout of the standard library, without walking their nodes.
///
/// # Complexity
/// O(1) for types whose elements own nothing (`String`, `Vec<f64>`), O(elements) otherwise.
///
/// # Examples
/// ```
/// use lazygraph::Footprint;
///
/// let rows: Vec<Vec<f64>> = vec![Vec::with_capacity(8), Vec::new()];
/// let lists = 2 * size_of::<Vec<f64>>();
/// assert_eq!(rows.footprint(), lists + 8 * size_of::<f64>());
/// assert_eq!(1.5f64.footprint(), 0);
///
/// #[derive(Footprint)]
/// struct Model { weights: Vec<f64>, steps: u32 }
/// assert_eq!(Model { weights: vec![0.0; 3], steps: 9 }.footprint(), 24);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no `Footprint`: how much heap memory it owns is not known",
    label = "not `Footprint`",
    note = "for your own type: `#[derive(lazygraph::Footprint)]`; for a field of another crate's type: `#[footprint(with = function)]` with a `fn(&{Self}) -> usize`, or `#[footprint(skip)]` if it owns little"
)]
pub trait Footprint {
    /// `true` if no value of this type ever owns heap memory. Lists of such elements are not walked.
    const FLAT: bool = false;

    /// Returns the bytes of heap memory that this value owns.
    fn footprint(&self) -> usize;
}

/// The memory of a result: the value itself, and what it owns.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) struct Size {
    pub(crate) bytes: usize,
    /// It owns memory of unknown size, because its type has no [`Footprint`].
    pub(crate) estimated: bool,
}
