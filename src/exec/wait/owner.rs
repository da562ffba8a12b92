//! The owner of a nested run, while other threads have what is left of the run.

use super::give_up::sleep_without_slot;
use super::help::{help, is_whole, run_over_limit};
use super::wait::next_sleep;
use crate::exec::park::Parker;
use crate::exec::run::{Run, current};
use crate::exec::tuning::{FIRST_SLEEP, FUTURES_FOLLOWED};
use std::sync::Arc;

/// The owner of a run sleeps until it is over or something of it is ready again. The futures that the run waits for are seen
/// to meanwhile.
pub(in crate::exec) fn sleep_as_owner(run: &Arc<Run>) {
    let mut sleep = FIRST_SLEEP;
    let mut late = false;
    loop {
        let needs = run.awaited(FUTURES_FOLLOWED);
        if needs.is_empty() {
            return sleep_without_slot(run, &run.parker, Parker::park);
        }
        let own = needs.iter().filter(|claim| is_whole(claim)).cloned();
        if current().is_some_and(|task| help(&task, own.collect(), late)) {
            return;
        }
        if late && run_over_limit(needs) {
            sleep = FIRST_SLEEP;
        }
        let mut was_woken = false;
        sleep_without_slot(run, &run.parker, |p| was_woken = p.park_timeout(sleep));
        if was_woken {
            return;
        }
        late = true;
        sleep = next_sleep(sleep);
    }
}
