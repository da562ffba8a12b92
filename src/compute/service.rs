//! How a client's tasks are run.

use super::compile::{compile_held, returned_with};
use super::options::{Options, invalid};
use crate::base::buffer_pool::Pooled;
use crate::base::error::Error;
use crate::exec::{Context, Executor, Job, JobOptions, JobQueue};
use crate::optimize::Passes;
use crate::task::{Input, NodePtr};
use std::sync::Arc;

/// How a client's tasks are run.
pub(crate) struct Service {
    passes: Passes,
    pub(crate) options: Arc<JobOptions>,
}

impl Service {
    /// With `options` for all tasks.
    ///
    /// # Errors
    /// `Invalid` for options that choose threads: a client has its own.
    pub(crate) fn new(
        options: &Options,
        executor: Arc<Executor>,
        queue: Arc<JobQueue>,
    ) -> Result<Service, Error> {
        if options.scheduler.is_some() || options.threads.is_some() || options.pool.is_some() {
            return Err(invalid(
                "thread options are not allowed here: use `ClientBuilder::threads` or `ClientBuilder::pool`",
            ));
        }
        let passes = options.passes(Passes::ALL);
        let (memo, observers) = (options.memo.clone(), options.observers.clone());
        let memo = memo.unwrap_or_default();
        let passes_of_tasks = Arc::new(passes);
        let context = Context::new(
            returned_with(passes),
            passes_of_tasks,
            executor,
            observers,
            None,
            Some(&memo),
            None,
        );
        let limit = options.timeout;
        let options = Arc::new(JobOptions {
            context,
            queue,
            memo,
            limit,
        });
        Ok(Service { passes, options })
    }

    /// Futures of the graph of one output, or of many of which each is a future of its own. Nothing runs yet.
    /// `roots`: pointers to all that is an output.
    pub(crate) fn plan(
        &self,
        outputs: Vec<Input>,
        roots: Pooled<NodePtr>,
        each: bool,
    ) -> Result<Arc<Job>, Error> {
        let program = compile_held(outputs, roots, self.passes, None)?;
        self.options.context.check_resources(&program)?;
        let program = match each {
            true => program.with_separate_outputs(),
            false => program,
        };
        Ok(Job::planned(&self.options, Arc::new(program), each))
    }
}
