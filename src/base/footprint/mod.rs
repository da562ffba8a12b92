//! How much memory a value owns.

mod std_types;

/// How many bytes of heap memory a value owns, beyond its own `size_of`.
///
/// The memo of pure results is bounded in bytes, and a [`Counter`](crate::Counter) tells the bytes of live results:
/// both ask the result for its footprint. Derive it for the types that your tasks return with
/// `#[derive(Footprint)]`; it is implemented for the types of the standard library that own what they hold. A result
/// without it counts with its `size_of` alone, and is marked as an estimate.
///
/// # What counts
///
/// * Memory that is reserved counts: the capacity of a `Vec`, not its length.
/// * An `Arc` or `Rc` counts all that it points to, whoever else holds it: a budget errs on the safe side. A borrow and
///   a `Weak` count nothing.
/// * Maps and sets are reckoned from the layout that the standard library has today, without looking inside.
///
/// # Complexity
/// O(1) for what holds no owners (`String`, `Vec<f64>`), O(elements) else.
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
    /// No value of this type ever owns heap memory. A list of such elements is not walked through.
    const FLAT: bool = false;

    /// Bytes of heap memory that the value owns.
    fn footprint(&self) -> usize;
}

/// What a result takes: itself, and what it owns.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) struct Size {
    pub(crate) bytes: usize,
    /// It owns something of unknown size.
    pub(crate) estimated: bool,
}
