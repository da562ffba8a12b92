//! How a client's tasks are run.

use super::compile::{compile_held, returned_with};
use super::each::Possible;
use super::options::{Options, invalid};
use crate::base::buffer_pool::Pooled;
use crate::base::error::Error;
use crate::exec::{Context, Executor, Job, JobOptions, JobQueue};
use crate::graph::Roots;
use crate::optimize::Passes;
use crate::plan::Program;
use crate::task::{Claim, Input, NodePtr};
use std::collections::BTreeMap;
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
    ) -> Result<Planned, Error> {
        if !each {
            let program = self.program(outputs, Roots::Own(roots))?;
            return Ok(Planned::all(Job::planned(
                &self.options,
                Arc::new(program),
                false,
            )));
        }
        let roots = Arc::new(roots);
        let planned = |outputs| self.program(outputs, Roots::Shared(roots.clone()));
        let error = match planned(outputs.clone()) {
            Ok(program) => {
                drop(roots);
                return Ok(Planned::all(self.job_of_each(program)));
            }
            Err(error) => error,
        };
        if outputs.len() == 1 {
            return Err(error);
        }
        let some = |of: &[usize]| of.iter().map(|index| outputs[*index]).collect();
        let possible = Possible::of(outputs.len(), |of| planned(some(of)).map(drop));
        let job = match possible.together.is_empty() {
            true => Job::failed(&self.options, 0, error),
            false => self.job_of_each(planned(some(&possible.together))?),
        };
        let refused = possible.refused.into_iter();
        let refused = refused.map(|(index, error)| (index, Job::failed(&self.options, 1, error)));
        Ok(Planned {
            job,
            refused: refused.collect(),
        })
    }

    /// # Errors
    /// Why it cannot be planned, or could never run here.
    fn program(&self, outputs: Vec<Input>, roots: Roots) -> Result<Program, Error> {
        let program = compile_held(outputs, roots, self.passes, None)?;
        self.options.context.check_resources(&program)?;
        Ok(program)
    }

    fn job_of_each(&self, program: Program) -> Arc<Job> {
        let program = program.with_separate_outputs();
        Job::planned(&self.options, Arc::new(program), true)
    }

    /// Futures of what could not be planned.
    pub(crate) fn refused(&self, futures: usize, error: Error) -> Planned {
        Planned::all(Job::failed(&self.options, futures, error))
    }
}

/// A task that is to be opened once there are claims on its futures.
pub(crate) struct Planned {
    job: Arc<Job>,
    /// Of its outputs, those that cannot be planned with the others: each has failed.
    refused: BTreeMap<usize, Arc<Job>>,
}

impl Planned {
    fn all(job: Arc<Job>) -> Planned {
        Planned {
            job,
            refused: BTreeMap::new(),
        }
    }

    /// The first claims on the futures of outputs `0..count`. Call it once.
    #[inline]
    pub(crate) fn claims(&self, count: usize) -> impl Iterator<Item = Claim> {
        let mut planned = 0;
        (0..count).map(move |output| {
            if !self.refused.is_empty()
                && let Some(refused) = self.refused.get(&output)
            {
                return Claim::first(refused.clone(), 0);
            }
            planned += 1;
            Claim::first(self.job.clone(), planned - 1)
        })
    }

    /// Starts it.
    pub(crate) fn open(self) {
        self.job.open();
    }
}
