//! The settings of one call.

use super::Delayed;
use crate::base::error::Error;
use crate::base::token::{Hasher128, Token};
use crate::task::Purity;
use std::sync::Arc;
use std::time::Duration;

/// The settings of a call. A setting belongs to the node, so it applies to every clone of the delayed value.
impl<T: ?Sized> Delayed<T> {
    /// Sets the label of the node: the name that errors, plans and logs show.
    ///
    /// A label is never a part of the node's identity.
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
        let name = name.into().into();
        self.node.configure(|s| s.name = Some(name));
        self
    }

    /// Returns the label of the node: what was given to [`named`](Self::named), else the name of its function.
    pub fn name(&self) -> String {
        self.node.node().label().to_string()
    }

    /// Sets the priority of the node. The default is 0.
    ///
    /// Of nodes that are ready, those of a higher priority run first; among equals the order of the plan decides.
    pub fn priority(self, priority: i32) -> Self {
        self.node.configure(|s| s.priority = priority);
        self
    }

    /// Sets how many more times the node is tried after an `Err` or a panic.
    ///
    /// It replaces the `retries` of the function. By-value arguments of a task that may be tried again are cloned, not
    /// moved.
    pub fn retries(self, n: u32) -> Self {
        self.node.configure(|s| s.retries = Some(n));
        self
    }

    /// Sets how long to wait before the first retry: `pause`, and twice as long before each further one.
    pub fn backoff(self, pause: Duration) -> Self {
        self.node.configure(|s| s.backoff = Some(pause));
        self
    }

    /// Sets after which errors the node is tried again: those for which `filter` returns `true`.
    ///
    /// It is tried as often as [`retries`](Self::retries) allows. `filter` gets the error that the task would fail with:
    /// its own, a panic, a timeout. If `filter` panics, the task fails with that panic.
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
        let former = (self.node).configure(|s| s.retry_if.replace(Arc::new(filter)));
        drop(former);
        self
    }

    /// Asks for `amount` units of the resource `name`: a GPU, a licence, memory.
    ///
    /// The node starts when its client has them free, and holds them while the body runs. It may be called for several
    /// resources, which are taken together. Of the tasks that wait for a resource, the first in
    /// [order](crate::Client::submit) gets it; none of them occupies a slot.
    ///
    /// While the body waits for a future, an event or a nested compute, and after [`secede`](crate::secede), the units
    /// are released; they are taken again, ahead of tasks that have not started, when it goes on. That wait ends only
    /// when others release them: a body must not hold a lock meanwhile that a task of the same resource needs. Inside
    /// [`hold_slot`](crate::hold_slot) the units are kept.
    ///
    /// [`ClientBuilder::resource`](crate::ClientBuilder::resource) declares what a client has. A call that asks for more,
    /// or for a resource that its client does not have, fails at once with [`Invalid`](crate::ErrorKind::Invalid); so
    /// does a plain compute, which has no resources.
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
        self.node.configure(|s| s.set_resource(name, amount));
        self
    }

    /// Sets how long one attempt may take: after `limit` the node fails with [`Timeout`](crate::ErrorKind::Timeout).
    ///
    /// The body can see it by its [`CancelToken`](crate::CancelToken::current). If the body does not look, the run fails
    /// only when it returns.
    pub fn timeout(self, limit: Duration) -> Self {
        self.node.configure(|s| s.timeout = Some(limit));
        self
    }

    /// Runs the node again in each consumer instead of holding its result.
    ///
    /// It has an effect on pure nodes that are not outputs.
    pub fn inline(self) -> Self {
        self.node.configure(|s| s.inline = true);
        self
    }

    /// Declares the call deterministic in its arguments: it is merged with every equal call.
    ///
    /// Computing it fails with [`Invalid`](crate::ErrorKind::Invalid) if a plain argument has no content key.
    pub fn pure(self) -> Self {
        self.node.configure(|s| s.purity = Some(Purity::Pure));
        self
    }

    /// Never merges the node with an equal one.
    pub fn impure(self) -> Self {
        self.node.configure(|s| s.purity = Some(Purity::Impure));
        self
    }

    /// Sets an explicit key: the node is merged with other nodes of the same function and key.
    ///
    /// One key on two different functions fails with [`KeyConflict`](crate::ErrorKind::KeyConflict), which names both. So
    /// does one key on two calls that do not come [`after`](Delayed::after) the same nodes: only one of them would run.
    pub fn key(self, key: &(impl Token + ?Sized)) -> Self {
        let mut hasher = Hasher128::new(1);
        key.token(&mut hasher);
        let key = hasher.finish();
        self.node.configure(|s| s.key = Some(key));
        self
    }

    /// Sets whether the node may be fused with the node before or after it into one unit.
    pub fn fuse(self, on: bool) -> Self {
        self.node.configure(|s| s.fuse = Some(on));
        self
    }

    /// Runs the node after `other`, whose value is not used.
    ///
    /// Computing it fails with [`Invalid`](crate::ErrorKind::Invalid) if the node would wait for itself through others.
    ///
    /// # Panics
    /// If `other` is the same node.
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

    /// Returns the content key of a pure node, made of its function, its arguments and the keys of its inputs.
    ///
    /// `None` for an impure node. The key is the same in every run of the program, unless an input is impure or has no
    /// key: such inputs count by identity.
    ///
    /// # Complexity
    /// O(nodes below).
    pub fn content_key(&self) -> Option<u128> {
        crate::graph::content_key(&self.node)
    }
}
