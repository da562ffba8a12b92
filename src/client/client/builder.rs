//! How a client is to be.

use super::{Client, ClientInner};
use crate::base::error::{Error, ErrorKind};
use crate::compute::{Options, Service};
use crate::event::Observer;
use crate::exec::{Cancel, Executor, Pool, Resources};
use crate::store::Memo;
use std::fmt;
use std::sync::{Arc, Weak};

impl Client {
    /// A client with as many slots as rayon has threads, and defaults for the rest.
    ///
    /// # Panics
    /// If its threads cannot be started; [`ClientBuilder::build`] tells instead.
    pub fn new() -> Client {
        match Client::builder().build() {
            Ok(client) => client,
            Err(error) => panic!("{error:?}"),
        }
    }

    /// Says how a client is to be: slots, threads, memo, options.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::new()
    }
}

impl Default for Client {
    fn default() -> Client {
        Client::new()
    }
}

/// How a [`Client`] is to be: [`Client::builder`].
///
/// # Examples
/// ```
/// use lazygraph::{Client, Memo, Options, prelude::*};
/// use std::time::Duration;
///
/// let client = Client::builder()
///     .threads(2)
///     .memo(&Memo::with_budget(1 << 20))
///     .options(Options::new().timeout(Duration::from_secs(60)))
///     .build()?;
/// assert_eq!(client.submit(value(1)).result()?, 1);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone)]
#[must_use = "a builder does nothing until `build`"]
pub struct ClientBuilder {
    threads: Option<usize>,
    pool: Option<Arc<rayon::ThreadPool>>,
    options: Options,
    lendable: usize,
    resources: Vec<(Arc<str>, u64)>,
}

impl ClientBuilder {
    /// How many threads may stand in for those that wait, if nothing else is said.
    pub const DEFAULT_LENT_THREADS: usize = Executor::LENDABLE;

    pub(super) fn new() -> ClientBuilder {
        ClientBuilder {
            threads: None,
            pool: None,
            options: Options::new(),
            lendable: ClientBuilder::DEFAULT_LENT_THREADS,
            resources: Vec::new(),
        }
    }

    /// How many slots it has: how many tasks work at once, on as many threads of its own.
    pub fn threads(mut self, n: usize) -> Self {
        self.threads = Some(n);
        self
    }

    /// The threads of this pool work for it, and it has as many slots.
    ///
    /// The pool should have nothing to do that waits for the client: a thread that waits there cannot work here.
    pub fn pool(mut self, pool: Arc<rayon::ThreadPool>) -> Self {
        self.pool = Some(pool);
        self
    }

    /// What all its tasks have: optimizer switches, observers, memo, a limit of time for each, a token that closes it.
    /// The memo and the observers that were given before stay, if these say nothing else.
    pub fn options(mut self, options: Options) -> Self {
        self.options = options.after(&self.options);
        self
    }

    /// Remembers the results of pure tasks in this memo, not in one of its own.
    pub fn memo(mut self, memo: &Memo) -> Self {
        self.options = self.options.memo(memo);
        self
    }

    /// Tells `observer` what happens in all its tasks.
    pub fn observe(mut self, observer: &(impl Observer + Clone)) -> Self {
        self.options = self.options.observe(observer);
        self
    }

    /// It has so much of a resource, for tasks that [ask for it](crate::Delayed::resource). For each resource once; said
    /// again, the last counts.
    pub fn resource(mut self, name: impl Into<String>, amount: u64) -> Self {
        let name: Arc<str> = name.into().into();
        self.resources.retain(|(known, _)| *known != name);
        self.resources.push((name, amount));
        self
    }

    /// How many threads, at most, stand in for those that wait. A wait for which there would have to be one more, while
    /// nothing else runs, fails with [`ThreadsExhausted`](ErrorKind::ThreadsExhausted). The default is
    /// [`DEFAULT_LENT_THREADS`](Self::DEFAULT_LENT_THREADS).
    pub fn max_lent_threads(mut self, n: usize) -> Self {
        self.lendable = n;
        self
    }

    /// The client.
    ///
    /// # Errors
    /// `Invalid` if the settings contradict each other or its threads cannot be started.
    pub fn build(self) -> Result<Client, Error> {
        let invalid = |message: String| Error::run(ErrorKind::Invalid, message);
        let pool = match (self.threads, self.pool) {
            (Some(0), _) => {
                return Err(invalid("`threads(0)`: a client needs at least one".into()));
            }
            (Some(n), Some(_)) => {
                return Err(invalid(format!(
                    "`threads({n})` and `pool(..)`: the pool has its own number of threads"
                )));
            }
            (_, Some(pool)) => Pool::given(pool),
            (threads, None) => {
                let n = threads.unwrap_or_else(rayon::current_num_threads);
                Pool::of_client(n).map_err(|e| invalid(format!("cannot start {n} threads: {e}")))?
            }
        };
        let executor = Executor::of_client(pool, self.lendable, Resources::new(self.resources));
        let service = Service::new(&self.options, executor.clone())?;
        let inner = Arc::new(ClientInner { executor, service });
        let owner: Weak<ClientInner> = Arc::downgrade(&inner);
        inner.executor.belongs_to(owner);
        if let Some(token) = self.options.cancel_token() {
            let listener: Weak<dyn Cancel> = Arc::downgrade(&inner) as _;
            token.listen(listener);
        }
        Ok(Client(inner))
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("threads", &self.threads)
            .field("pool", &self.pool)
            .field("options", &self.options)
            .field("max_lent_threads", &self.lendable)
            .field("resources", &self.resources)
            .finish()
    }
}
