//! Leaving the processor and coming back: what a thread gives up while it waits, and what it does meanwhile.

mod awaited;
mod give_up;
mod handoff;
mod help;
mod lease;
mod owner;
mod pause;
mod secede;
mod wait;

pub(crate) use awaited::Awaited;
pub(super) use give_up::{sleep_without_slot, wait_without_slot};
pub(super) use handoff::{inject_unit, share_rest_of, share_units};
pub(super) use lease::with_lease_released;
pub(super) use owner::sleep_as_owner;
pub(super) use secede::rejoin;
pub(crate) use secede::{holding_slot, rejoin_here, secede};
pub(crate) use wait::wait;
