//! The smallest nested computes: a few fresh calls without inputs. What recursive tasks do most.
//!
//! They belong to the node that asks: its run's stop stops them, their nested runs have its lineage. Taken only where no other
//! thread could help anyway (one slot, or every slot in use), and there are no observers.

use super::caller::{DirectCaller, call_directly};
use crate::base::error::Error;
use crate::exec::run::current;
use crate::exec::threads::on_known_stack;
use crate::task::DirectCalls;

/// A nested compute of the nodes that `list` lists, if it can be run directly: has `call` call them.
///
/// # Errors
/// The failure of the first that fails; those after it do not start.
#[inline]
pub(crate) fn compute_nested<'n, R>(
    list: impl FnOnce(&mut DirectCalls<'n>) -> bool,
    call: impl FnOnce(&mut DirectCaller<'_, 'n>) -> Option<R>,
) -> Option<Result<R, Error>> {
    let task = current()?;
    let context = &task.run.context;
    let permits = &context.executor.permits;
    let is_alone = permits.slots() <= 1 || !permits.may_be_free();
    if !is_alone || !context.observers.is_empty() {
        return None;
    }
    let mut nodes = DirectCalls::none();
    let are_bare = list(&mut nodes) && !nodes.is_empty();
    are_bare.then(|| on_known_stack(&task.stack, || call_directly(&task, call)))
}
