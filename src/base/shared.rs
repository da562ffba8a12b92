//! The type of shared results.

use std::any::Any;
use std::sync::Arc;

/// A result of any type that several may hold.
pub(crate) type Shared = Arc<dyn Any + Send + Sync>;
