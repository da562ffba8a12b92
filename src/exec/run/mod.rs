//! One run as a meeting place: what its threads, its owner and its bodies see of it. Executes nothing.

mod caller_permit;
mod cancel_token;
mod context;
mod current;
mod failure;
mod ledger;
pub(super) mod observe;
mod origin;
mod run;
mod tree;
mod yielded;

pub(super) use caller_permit::CallerPermit;
pub use cancel_token::{CancelToken, check};
pub(crate) use context::{Compile, Context};
pub(super) use current::{CurrentTask, current, raise, replace_current};
pub(crate) use current::{current_context, current_owner, is_inside_task, raise_awaited};
pub(super) use ledger::note_results;
pub(crate) use origin::Origin;
pub(super) use run::{Driver, MAX_DEPTH, Run, RunOwner, drop_panic};
pub(super) use tree::{has_caller_seceded, unit_woken, work_source};
pub(super) use yielded::YieldedPermits;
