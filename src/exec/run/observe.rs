//! Telling the observers of a run: one branch where there are none.

use super::context::Context;
use super::run::Run;
use crate::base::error::{Error, ErrorKind, drop_payload, panic_message};
use crate::base::footprint::Size;
use crate::event::{NodeInfo, RunEvent};
use crate::exec::segment::Segment;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Tells all observers.
///
/// # Errors
/// `ObserverPanicked`, if one panics.
pub(in crate::exec) fn tell(context: &Context, event: &RunEvent<'_>) -> Result<(), Error> {
    if context.observers.is_empty() {
        return Ok(());
    }
    let told = catch_unwind(AssertUnwindSafe(|| {
        context.observers.iter().for_each(|o| o.event(event))
    }));
    told.map_err(|payload| {
        let message = format!("an observer panicked: {}", panic_message(&*payload));
        drop_payload(payload);
        Error::run(ErrorKind::ObserverPanicked, message)
    })
}

/// Tells all observers that results have ended.
pub(in crate::exec) fn tell_ended(
    run: &Run,
    segment: &Segment,
    ended: impl IntoIterator<Item = (usize, Size)>,
) {
    for (i, size) in ended {
        tell_of_node(run, segment, i, |run, node, tell| {
            let bytes = size.bytes;
            tell(&RunEvent::ResultEnded { run, node, bytes });
        });
    }
}

/// Tells all observers of something about a node; a panic of one fails the run.
pub(in crate::exec) fn tell_of_node(
    run: &Run,
    segment: &Segment,
    i: usize,
    emit: impl FnOnce(u64, &NodeInfo, &dyn Fn(&RunEvent<'_>)),
) {
    let node = segment.program().node(i);
    let spec = node.spec();
    let label = node.label();
    let info = NodeInfo {
        id: i,
        label,
        function: spec.name,
        path: spec.path,
        location: node.location(),
    };
    emit(run.id, &info, &|event| {
        if let Err(error) = tell(&run.context, event) {
            run.fail(error);
        }
    });
}
