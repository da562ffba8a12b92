//! From handles to a plan: the graph, the passes, the frozen form.

use crate::base::error::Error;
use crate::exec::Compile;
use crate::graph::Roots;
use crate::graph::build::build_rooted;
use crate::optimize::report::Report;
use crate::optimize::{Passes, optimize};
use crate::plan::{Program, lower};
use crate::task::counted;
use crate::task::{Input, Use};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// Compiles the graphs that bodies return.
pub(super) fn returned_with(passes: Passes) -> Compile {
    Arc::new(move |graph| {
        let output = vec![Input::new(graph, Use::Value)];
        Ok(Arc::new(compile(output, passes, None)?))
    })
}

/// From handles to a plan.
pub(super) fn compile(
    outputs: Vec<Input>,
    passes: Passes,
    report: Option<&mut Report>,
) -> Result<Program, Error> {
    let roots = outputs.iter().map(|input| counted(*input)).collect();
    compile_held(outputs, Roots::Own(roots), passes, report)
}

pub(super) fn compile_held(
    outputs: Vec<Input>,
    roots: Roots,
    passes: Passes,
    report: Option<&mut Report>,
) -> Result<Program, Error> {
    // `Token` and `Debug` of arguments are user code too.
    let compiled = catch_unwind(AssertUnwindSafe(|| {
        lower(optimize(build_rooted(outputs, roots)?, passes, report)?)
    }));
    compiled
        .unwrap_or_else(|payload| Err(Error::stray_panic("the `Token` of an argument", payload)))
}
