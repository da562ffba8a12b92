//! What can be waited for.

use crate::exec::park::Parker;
use crate::task::Claim;
use std::sync::Arc;

/// What is waited for.
pub(crate) trait Awaited {
    /// Whether the wait is over.
    fn is_over(&self) -> bool;
    /// Has `parker` unparked when that may have changed. Called once, before the first sleep.
    fn listen(&self, parker: &Arc<Parker>);
    /// The one future without which it can never be over, if that is so.
    fn future(&self) -> Option<&Claim> {
        None
    }
    /// The futures of which one must end, or none if something else may end the wait.
    fn futures(&self) -> Vec<Claim> {
        Vec::new()
    }
    /// Those of them of which all of the work is waited for: a waiting task may do it itself.
    fn work(&self) -> Vec<Claim> {
        Vec::new()
    }
}
