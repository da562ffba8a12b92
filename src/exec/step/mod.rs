//! One node, phase by phase.
//!
//! Most nodes are *plain*: to run one is to call its body, and to tell a ledger or a future of it (`plain`, `hooks`). The others
//! are executed carefully (`run_guarded`): resources are taken (`acquire`), the memo is asked (`memo`), the body is called, again if
//! need be (`attempt`), and the graph that it returns becomes a segment (`expand`). Then the result is kept and published
//! (`complete`), or the failure handed on (`fail`).

mod acquire;
mod attempt;
mod complete;
mod expand;
mod fail;
mod guarded;
mod hooks;
mod memo;
mod plain;
mod unit;
mod worker;

pub(super) use expand::{Concluded, conclude};
pub(super) use unit::{Ran, last_uses, run_nodes, run_plain_nodes};
pub(super) use worker::Worker;
