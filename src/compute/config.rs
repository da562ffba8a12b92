//! Options together with what the run around passes on.

use super::compile::returned_with;
use super::options::{Options, RunOptions, Scheduler, invalid};
use crate::base::error::Error;
use crate::exec::{Context, Executor, Pool, current_context};
use crate::optimize::Passes;
use std::sync::Arc;

/// How one compute is run.
pub(super) struct RunConfig<'o> {
    pub(super) passes: Passes,
    options: &'o RunOptions<'o>,
    around: Option<Arc<Context>>,
}

impl<'o> RunConfig<'o> {
    pub(super) fn new(options: &'o RunOptions<'o>) -> Result<RunConfig<'o>, Error> {
        options.check()?;
        let around = current_context();
        let defaults = around.as_ref().map_or(Passes::ALL, passes_of);
        Ok(RunConfig {
            passes: options.passes(defaults),
            options,
            around,
        })
    }

    /// The context to run in. With a borrowed pool it must not be run in longer than the borrow lasts.
    pub(super) fn context(&self) -> Result<Arc<Context>, Error> {
        let options = self.options;
        if let Some(around) = &self.around
            && options.are_unset()
        {
            return Ok(around.clone());
        }
        let executor = self.executor()?;
        let inherited = self.around.iter().flat_map(|around| &around.observers);
        let observers = inherited.chain(&options.observers).cloned().collect();
        let context = Context::new(
            returned_with(self.passes),
            Arc::new(self.passes),
            executor,
            observers,
            self.around.clone(),
            options.memo.as_ref(),
            options.timeout,
        );
        if let Some(token) = &options.cancel {
            token.listen(&context);
        }
        Ok(context)
    }

    /// The threads of the run around, unless others are chosen.
    fn executor(&self) -> Result<Arc<Executor>, Error> {
        let RunOptions {
            scheduler,
            threads,
            pool,
            ..
        } = self.options;
        let pool = match (scheduler, threads, pool, &self.around) {
            (Some(Scheduler::Serial), ..) => Pool::Serial,
            (_, Some(n), ..) => Pool::of(*n).map_err(invalid)?,
            (_, _, Some(pool), _) => Pool::lent(pool),
            (None, None, None, Some(around)) => return Ok(around.executor.clone()),
            _ => Pool::current(),
        };
        Ok(Executor::of_compute(pool))
    }
}

/// The context of a compute with default options.
#[inline(never)]
pub(super) fn default_context() -> Result<Arc<Context>, Error> {
    RunConfig::new(&Options::new())?.context()
}

fn passes_of(context: &Arc<Context>) -> Passes {
    let passes = context.inherited.downcast_ref::<Passes>();
    passes.copied().unwrap_or(Passes::ALL)
}
