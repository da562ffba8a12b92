//! Content keys: what makes two plain arguments "the same".
//!
//! A value writes itself into a [`Hasher128`] through [`Token`]; the resulting 128 bits are part of the key of the pure
//! node that holds the value. Types without `Token` use one of the front ends: [`token_hash`] for `#[key(hash)]`,
//! `token_serde` for `#[key(serde)]`.
//!
//! Keys distinguish nodes; they are not for security. XXH3 is not a cryptographic hash.

mod hash_front;
mod hasher;
mod locality;
#[cfg(feature = "serde")]
mod serde_front;
mod std_types;
mod token;

pub(crate) use hash_front::{StdHasher, token_hash};
pub use hasher::{Hasher128, function_id};
pub(crate) use locality::{is_local, with_locality};
#[cfg(feature = "serde")]
pub(crate) use serde_front::token_serde;
pub use token::Token;
pub(crate) use token::token_argument;
