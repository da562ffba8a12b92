//! What can be said of one call. A setting belongs to the node: every handle to it sees it.

use super::Delayed;
use crate::base::error::Error;
use crate::base::token::{Hasher128, Token};
use crate::task::Purity;
use std::sync::Arc;
use std::time::Duration;

impl<T: ?Sized> Delayed<T> {
    /// Gives the node a label, for people: in errors, plans, logs. Never its identity.
    ///
    /// # Examples
    /// ```
    /// use lazygraph::prelude::*;
    ///
    /// #[delayed]
    /// fn over(a: i64, b: i64) -> i64 { a / b }
    ///
    /// let rate = over(1, 0).named("rate");
    /// assert_eq!(rate.name(), "rate");
    /// assert_eq!(rate.compute().unwrap_err().task(), "rate");
    /// ```
    pub fn named(self, name: impl Into<String>) -> Self {
        self.node.configure(|s| s.name = Some(name.into().into()));
        self
    }

    /// The label: what the call was `.named(..)`, else the name of its function.
    pub fn name(&self) -> String {
        self.node.node().label().to_string()
    }

    /// Runs before ready nodes of a lower priority; the default is 0. Ties are broken by the plan's order.
    pub fn priority(self, priority: i32) -> Self {
        self.node.configure(|s| s.priority = priority);
        self
    }

    /// Tries again after an `Err` or a panic, up to `n` more times; goes over what the function says.
    ///
    /// By-value arguments of a task that may be tried again are cloned, not moved.
    pub fn retries(self, n: u32) -> Self {
        self.node.configure(|s| s.retries = Some(n));
        self
    }

    /// Waits this long before the first retry, twice as long before each further one.
    pub fn backoff(self, pause: Duration) -> Self {
        self.node.configure(|s| s.backoff = Some(pause));
        self
    }

    /// Tries again only after failures for which this says `true`, as often as `retries` allows. It sees what the
    /// task would fail with: its own error, a panic, a missed deadline. If it panics, the task fails with that.
    ///
    /// # Examples
    /// ```
    /// use lazygraph::prelude::*;
    /// use std::io;
    ///
    /// #[delayed(retries = 3)]
    /// fn fetch() -> io::Result<String> { Err(io::ErrorKind::NotFound.into()) }
    ///
    /// let is_worth_it = |e: &Error| {
    ///     e.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == io::ErrorKind::TimedOut)
    /// };
    /// assert!(fetch().retry_if(is_worth_it).compute().is_err()); // called once
    /// ```
    pub fn retry_if(self, filter: impl Fn(&Error) -> bool + Send + Sync + 'static) -> Self {
        self.node.configure(|s| s.retry_if = Some(Arc::new(filter)));
        self
    }

    /// Begins only when its client has so much of this resource free, and uses it up while its body runs: a GPU, a
    /// licence, memory. May be called for several resources; they are taken together. Of those that wait for one the
    /// highest in rank goes first, and none of them keeps a slot from others.
    ///
    /// While the body waits (for a future, an event, a nested compute), and after [`secede`](crate::secede), it has
    /// them not; they are taken back, ahead of tasks that have not begun, when it goes on. That wait, too, ends only
    /// when others let them go: a body should not hold a lock meanwhile that a task of the same resource wants. Inside
    /// [`hold_slot`](crate::hold_slot) they are kept.
    ///
    /// What the client has is said by [`ClientBuilder::resource`](crate::ClientBuilder::resource). A call that asks
    /// for more than there is, or for a resource that its client does not have, fails at once with
    /// [`Invalid`](crate::ErrorKind::Invalid), and so does a plain compute: it has no resources.
    ///
    /// # Examples
    /// ```
    /// use lazygraph::{Client, ErrorKind, prelude::*};
    ///
    /// #[delayed]
    /// fn train(epochs: u32) -> u32 { epochs }
    ///
    /// let client = Client::builder().threads(4).resource("gpu", 1).build()?;
    /// let models = client.map(|n| train(n).resource("gpu", 1), 0..3); // one at a time
    /// assert_eq!(client.gather(models)?, [0, 1, 2]);
    /// let e = client.submit(train(1).resource("gpu", 2)).result().unwrap_err();
    /// assert_eq!(e.kind(), ErrorKind::Invalid);
    /// assert_eq!(e.to_string(), "task `train(1)` asks for 2 of `gpu`, of which the client has 1");
    /// # Ok::<(), Error>(())
    /// ```
    pub fn resource(self, name: impl Into<String>, amount: u64) -> Self {
        let name = name.into().into();
        self.node.configure(|s| s.ask_for(name, amount));
        self
    }

    /// Fails with [`ErrorKind::Timeout`](crate::ErrorKind::Timeout) when one attempt takes longer.
    ///
    /// The body sees its [`CancelToken`](crate::CancelToken::current) cancelled when the time is up. A
    /// body that ignores the token is left to end: the run fails only then.
    pub fn timeout(self, limit: Duration) -> Self {
        self.node.configure(|s| s.timeout = Some(limit));
        self
    }

    /// Runs again in each consumer rather than being held. Only for pure nodes; never for an output.
    pub fn inline(self) -> Self {
        self.node.configure(|s| s.inline = true);
        self
    }

    /// Merges this call with every equal one: it is deterministic in its arguments.
    ///
    /// Computing it is an error of kind [`Invalid`](crate::ErrorKind::Invalid) if a plain argument has no
    /// content key.
    pub fn pure(self) -> Self {
        self.node.configure(|s| s.purity = Some(Purity::Pure));
        self
    }

    /// Never merges this node with an equal one.
    pub fn impure(self) -> Self {
        self.node.configure(|s| s.purity = Some(Purity::Impure));
        self
    }

    /// Merges this node with every other node of the same function and the same explicit key.
    ///
    /// One key on two different functions is an error of kind
    /// [`KeyConflict`](crate::ErrorKind::KeyConflict) that names both. So is one on two calls that do not come
    /// [`after`](Delayed::after) the same nodes: only one of them would run.
    pub fn key(self, key: &(impl Token + ?Sized)) -> Self {
        let mut hasher = Hasher128::new(1);
        key.token(&mut hasher);
        let key = hasher.finish();
        self.node.configure(|s| s.key = Some(key));
        self
    }

    /// `false`: neither joined with the node before it nor with the one after it into one unit.
    pub fn fuse(self, yes: bool) -> Self {
        self.node.configure(|s| s.fuse = Some(yes));
        self
    }

    /// Order without data: runs after `other`, whose value is not used.
    ///
    /// Computing it is an error of kind [`Invalid`](crate::ErrorKind::Invalid) if that makes it wait for itself through
    /// others.
    ///
    /// # Panics
    /// If `other` is this very value.
    ///
    /// # Examples
    /// ```
    /// use lazygraph::prelude::*;
    ///
    /// #[delayed]
    /// fn write(text: &str) { let _ = text; }
    /// #[delayed]
    /// fn read() -> &'static str { "written" }
    ///
    /// let text = read().after(&write("written"));
    /// assert_eq!(text.compute()?, "written");
    /// # Ok::<(), Error>(())
    /// ```
    pub fn after<U: ?Sized>(self, other: &Delayed<U>) -> Self {
        assert!(
            self.node.raw() != other.node.raw(),
            "a delayed value cannot come after itself"
        );
        let other = other.node.clone();
        self.node.configure(|s| s.after.push(other));
        self
    }

    /// The 128-bit content key of a pure node: function identity, arguments, keys of the inputs.
    ///
    /// `None` for an impure node. The same in every run of the program, unless an input is impure or has no key: those
    /// count by their identity.
    ///
    /// # Complexity
    /// O(size of the graph below).
    pub fn content_key(&self) -> Option<u128> {
        crate::graph::content_key(&self.node)
    }
}
