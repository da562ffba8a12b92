//! Operands as they are kept: `(a, (b, (c, ())))`.

/// Nests names, as an expression and as a pattern.
macro_rules! nest {
    () => { () };
    ($first:ident $(, $rest:ident)*) => { ($first, nest!($($rest),*)) };
}

pub(super) use nest;
