//! What can be said of one call. A setting belongs to the node: every handle to it sees it.

use super::Delayed;
use crate::base::token::{Hasher128, Token};
use crate::task::Purity;
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
    /// [`KeyConflict`](crate::ErrorKind::KeyConflict) that names both.
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
