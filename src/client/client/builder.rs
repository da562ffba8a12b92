//! The configuration of a client.

use super::{Client, ClientInner};
use crate::base::error::{Error, ErrorKind};
use crate::compute::{IntoObserver, Options, Service};
use crate::exec::{Executor, JobQueue, OnUnseenError, Pool, Resources};
use crate::store::Memo;
use std::fmt;
use std::sync::{Arc, Weak};

impl Client {
    /// Creates a client with the default settings: as many slots as the current rayon pool has threads.
    ///
    /// # Panics
    /// If its threads cannot be started; [`ClientBuilder::build`] returns an error instead.
    pub fn new() -> Client {
        match Client::builder().build() {
            Ok(client) => client,
            Err(error) => panic!("{error:?}"),
        }
    }

    /// Returns a builder that configures a client.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::new()
    }
}

impl Default for Client {
    fn default() -> Client {
        Client::new()
    }
}

/// Configures a [`Client`]; made by [`Client::builder`].
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
    on_unseen: Option<OnUnseenError>,
}

impl ClientBuilder {
    /// The default of [`max_lent_threads`](Self::max_lent_threads).
    pub const DEFAULT_LENT_THREADS: usize = Executor::LENDABLE;

    pub(super) fn new() -> ClientBuilder {
        ClientBuilder {
            threads: None,
            pool: None,
            options: Options::new(),
            lendable: ClientBuilder::DEFAULT_LENT_THREADS,
            resources: Vec::new(),
            on_unseen: None,
        }
    }

    /// Sets the number of slots: how many tasks run at once. The client starts as many threads of its own.
    ///
    /// More than 512, and than eight for each core, are refused by [`build`](Self::build): starting them would take seconds.
    pub fn threads(mut self, n: usize) -> Self {
        self.threads = Some(n);
        self
    }

    /// Runs the tasks on the threads of `pool`; the client has one slot for each of them.
    ///
    /// Other code in that pool should not block on the client: a thread that it blocks runs no tasks.
    pub fn pool(mut self, pool: Arc<rayon::ThreadPool>) -> Self {
        self.pool = Some(pool);
        self
    }

    /// Sets the options of all tasks: optimizer switches, observers, memo, a timeout for each task, and a token that
    /// closes the client.
    ///
    /// Observers and a memo that were set before are kept; a memo in `options` replaces the one before.
    pub fn options(mut self, options: Options) -> Self {
        self.options = options.after(&self.options);
        self
    }

    /// Remembers the results of pure tasks in `memo` instead of a memo of the client's own.
    pub fn memo(mut self, memo: impl Into<Memo>) -> Self {
        self.options = self.options.memo(memo);
        self
    }

    /// Reports the events of all tasks to `observer`.
    pub fn observe<How>(mut self, observer: impl IntoObserver<How>) -> Self {
        self.options = self.options.observe(observer);
        self
    }

    /// Declares `amount` units of the resource `name`, which tasks can [ask for](crate::Delayed::resource).
    ///
    /// A second declaration of the same name replaces the first.
    pub fn resource(mut self, name: impl Into<String>, amount: u64) -> Self {
        let name: Arc<str> = name.into().into();
        self.resources.retain(|(known, _)| *known != name);
        self.resources.push((name, amount));
        self
    }

    /// Sets the most lent threads: threads that the client starts, while its own wait inside tasks, to do other work.
    ///
    /// If all threads wait and no further one may be started, a wait fails with
    /// [`ThreadsExhausted`](ErrorKind::ThreadsExhausted). The default is
    /// [`DEFAULT_LENT_THREADS`](Self::DEFAULT_LENT_THREADS).
    pub fn max_lent_threads(mut self, n: usize) -> Self {
        self.lendable = n;
        self
    }

    /// Calls `f` with each error that nobody looks at: of a future that fails when it is [detached](crate::Handle::detach), or
    /// whose last handle is dropped before anyone has asked for the outcome.
    ///
    /// Use it to log failures of fire-and-forget tasks. Cancelled futures have not failed. `f` is called on a thread of its own,
    /// one error after the other: it may wait, submit, even close the client. A panic of `f` is ignored. A second call replaces
    /// the first.
    ///
    /// # Examples
    /// ```
    /// use lazygraph::{Client, prelude::*};
    /// use std::sync::{Arc, Mutex};
    ///
    /// #[delayed]
    /// fn save(path: String) -> Result<(), String> { Err(format!("no space for {path}")) }
    ///
    /// let log = Arc::new(Mutex::new(Vec::new()));
    /// let seen = log.clone();
    /// let client = Client::builder()
    ///     .on_unseen_error(move |error| seen.lock().unwrap().push(format!("{error:#}")))
    ///     .build()?;
    /// client.submit(save("a.csv")).detach();
    /// client.wait_idle()?;
    /// assert!(log.lock().unwrap()[0].contains("no space for a.csv"));
    /// # Ok::<(), Error>(())
    /// ```
    pub fn on_unseen_error(mut self, f: impl Fn(&Error) + Send + Sync + 'static) -> Self {
        self.on_unseen = Some(Arc::new(f));
        self
    }

    /// Builds the client and starts its threads.
    ///
    /// # Errors
    /// `Invalid` if the settings contradict each other or the threads cannot be started.
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
                Pool::of_client(n).map_err(invalid)?
            }
        };
        let resources = Resources::new(self.resources);
        let (queue, executor) = JobQueue::start(pool, self.lendable, resources, self.on_unseen);
        let service = Service::new(&self.options, executor.clone(), queue)?;
        let inner = Arc::new(ClientInner { executor, service });
        let owner: Weak<ClientInner> = Arc::downgrade(&inner);
        inner.executor.set_owner(owner);
        if let Some(token) = self.options.cancel_token() {
            token.listen(&inner);
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
            .field("on_unseen_error", &self.on_unseen.as_ref().map(|_| ".."))
            .finish()
    }
}
