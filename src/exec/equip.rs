//! The resources of a body: taken before it begins, laid down while it waits, taken up when it goes on.

use super::active::{Active, with_active};
use super::bell::Bell;
use super::context::Context;
use super::resources::{Back, Need, Resources, Turn};
use super::run::Run;
use super::segment::SegmentPtr;
use super::suspend;
use super::worker::Worker;
use crate::base::error::Error;
use crate::base::sync::atomic::Ordering::Acquire;
use crate::plan::Program;
use std::cmp::Reverse;
use std::rc::Rc;
use std::sync::Arc;

/// What a body uses.
pub(super) struct Equipment {
    of: Arc<Resources>,
    need: Need,
    /// The body waits, and has given it back.
    is_down: bool,
}

/// A body has what it needs, until this is dropped.
pub(super) struct Equipped(Option<Rc<Active>>);

impl Drop for Equipped {
    fn drop(&mut self) {
        let equipment = self.0.take().and_then(|active| active.equipment.take());
        if let Some(equipment) = equipment.filter(|e| !e.is_down) {
            equipment.of.give(&equipment.need);
        }
    }
}

impl Worker {
    /// Takes what node `i` asks for before its body begins. `Ok(None)`: it is parked until there is enough.
    ///
    /// # Errors
    /// If the run was stopped while this thread, which is alone, waited.
    pub(super) fn equip(
        &self,
        at: SegmentPtr,
        unit: usize,
        i: usize,
    ) -> Result<Option<Equipped>, Error> {
        let Some((resources, turn)) = self.turn(at, i) else {
            return Ok(Some(Equipped(None)));
        };
        let need = resources.need(at.get().program.resources(i));
        while !resources.obtain(turn, &need, self.run(), || self.waker(at, unit, i)) {
            if !self.alone {
                return Ok(None);
            }
            suspend::sleep(self.run());
            if self.run().is_stopped() {
                resources.leave(&turn);
                return Err(self.run().why_stopped());
            }
        }
        let equipment = Equipment {
            of: resources,
            need,
            is_down: false,
        };
        self.active.equipment.replace(Some(equipment));
        Ok(Some(Equipped(Some(self.active.clone()))))
    }

    /// Node `i` is not going to begin: it waits for nothing any more.
    pub(super) fn stand_down(&self, at: SegmentPtr, i: usize) {
        if let Some((resources, turn)) = self.turn(at, i) {
            resources.leave(&turn);
        }
    }

    /// Whose turn it is when it is that of node `i`; `None` if it asks for nothing.
    fn turn(&self, at: SegmentPtr, i: usize) -> Option<(Arc<Resources>, Turn)> {
        let program = &at.get().program;
        if program.resources(i).is_empty() {
            return None;
        }
        let run = self.run();
        let turn = Turn {
            rank: run.job.as_ref()?.rank(),
            depth: Reverse(run.depth),
            priority: Reverse(program.priority(i)),
            run: run.id,
            node: i,
            segment: at,
        };
        Some((run.context.resources()?.clone(), turn))
    }
}

/// Calls `wait` with what the body on this thread uses laid down.
pub(super) fn unequipped<R>(wait: impl FnOnce() -> R) -> R {
    let active = with_active(Rc::clone);
    let laid = active.filter(|active| active.holds.get() == 0 && lay_down(active));
    let result = wait();
    if let Some(active) = laid {
        take_up(&active);
    }
    result
}

/// The body lets go what it uses; `false` if that is nothing.
pub(super) fn lay_down(active: &Active) -> bool {
    let mut equipment = active.equipment.borrow_mut();
    let Some(equipment) = equipment.as_mut().filter(|e| !e.is_down) else {
        return false;
    };
    equipment.is_down = true;
    equipment.of.give(&equipment.need);
    true
}

/// The body takes up again what it has laid down, and waits for that. Without, if it is told to stop meanwhile.
pub(super) fn take_up(active: &Active) {
    let (of, need) = match &*active.equipment.borrow() {
        Some(equipment) if equipment.is_down => (equipment.of.clone(), equipment.need.clone()),
        _ => return,
    };
    let bell = Arc::<Bell>::default();
    let is_back = match of.come_back(&need, &bell) {
        Back::Now => true,
        Back::Later(number) => loop {
            if of.has_come_back(number) {
                break true;
            }
            if active.run.is_stopped() || active.is_overdue() || active.is_unwanted() {
                of.stay_away(number);
                break false;
            }
            active.shown_as_suspended(|| suspend::rest(&active.run, &bell, Bell::listen));
        },
    };
    if let Some(equipment) = active.equipment.borrow_mut().as_mut() {
        equipment.is_down = !is_back;
    }
}

impl Context {
    /// The resources of the client whose tasks run in it.
    pub(super) fn resources(&self) -> Option<&Arc<Resources>> {
        let mut contexts = std::iter::successors(Some(self), |c| c.above.as_deref());
        contexts.find_map(|context| context.executor.resources.as_ref())
    }

    /// Refuses a plan that asks for resources which there can never be.
    ///
    /// # Errors
    /// `Invalid`, with the first node that asks for them, what it asks for, and what there is.
    pub(crate) fn check(&self, program: &Program) -> Result<(), Error> {
        if program.settings.is_empty() {
            return Ok(());
        }
        let resources = self.resources();
        let refused = program.first_refused(|asked| match resources {
            Some(resources) => resources.refuse(asked),
            None => asked.first().map(|(name, amount)| {
                format!(
                    "asks for {amount} of `{name}`: only a `Client` has resources, submit it to one"
                )
            }),
        });
        match refused {
            Some((i, message)) => Err(Error::refused(program.culprit(i), message)),
            None => Ok(()),
        }
    }
}

impl Run {
    /// It has come to rest: what of it still waits for resources, for it was stopped, never begins.
    pub(super) fn needs_nothing(&self) {
        if !self.done.load(Acquire)
            && let Some(resources) = self.context.resources()
        {
            resources.forget(self.id);
        }
    }
}
