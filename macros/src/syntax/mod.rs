//! Room: the user's code as syntax, and questions about it that need no more than that.

pub(crate) mod attrs;
pub(crate) mod borrow;
mod item;
pub(crate) mod lifetimes;
pub(crate) mod types;

pub(crate) use item::{Block, Function, Item, Member};
