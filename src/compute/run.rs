//! How an entry point gets its graph run: directly, or by a plan and a run.

use super::compile::compile;
use super::config::{RunConfig, default_context};
use super::options::{Options, RunOptions};
use crate::base::error::Error;
use crate::delayed::Join;
use crate::exec::{
    Finished, Origin, compute_nested, compute_outermost, execute, is_inside_task, on_enough_stack,
};
use crate::plan::Program;
use crate::task::{Frame, Input};
use std::sync::Arc;

/// Runs a graph with default options directly, if this is a task and that can be done.
#[inline]
pub(super) fn run_here<J: Join>(nesting: &J) -> Option<Result<J::Out, Error>> {
    compute_nested(
        |nodes| nesting.bare(nodes),
        |by| nesting.call(by).map(J::take),
    )
}

/// The same outside of tasks.
pub(super) fn run_alone<J: Join>(nesting: &J) -> Option<Result<J::Out, Error>> {
    if is_inside_task() {
        return None;
    }
    compute_outermost(
        |nodes| nesting.bare(nodes),
        |by| nesting.call(by).map(J::take),
        default_context,
    )
}

#[inline(never)]
pub(super) fn run_with_defaults<J: Join>(nesting: &J) -> Result<J::Out, Error> {
    match run_alone(nesting) {
        Some(result) => result,
        None => run_nesting(&Options::new(), nesting),
    }
}

pub(super) fn run_nesting<J: Join>(options: &RunOptions<'_>, nesting: &J) -> Result<J::Out, Error> {
    let mut outputs = Vec::new();
    nesting.list_inputs(&mut outputs);
    run(options, outputs, |frame| nesting.assemble(frame))
}

pub(super) fn run<R>(
    options: &RunOptions<'_>,
    outputs: Vec<Input>,
    read: impl FnOnce(&Frame<'_>) -> R,
) -> Result<R, Error> {
    let config = RunConfig::new(options)?;
    let program = compile(outputs, config.passes, None)?;
    finish(&config, &Arc::new(program))?.read(read)
}

/// Runs a plan, on the stack that it wants.
pub(super) fn finish(config: &RunConfig<'_>, program: &Arc<Program>) -> Result<Finished, Error> {
    let origin = Origin::here();
    let context = config.context()?;
    match origin {
        None => execute(program, &context, None),
        origin => on_enough_stack(|| execute(program, &context, origin)),
    }
}
