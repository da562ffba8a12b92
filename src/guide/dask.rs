//! Coming from Dask: each line, and the line that does the same here.
//!
//! A call is written as a call, `submit(inc(1))`, and typed as one: a function without its arguments, or with wrong ones, does
//! not compile. What can fail gives a `Result`. Every line on the right is in
//! a test of the repository.
//!
//! | Dask | lazygraph |
//! |---|---|
//! | `@delayed`, `@delayed(pure=True)` | `#[delayed]`, `#[delayed(pure)]` |
//! | `y = delayed(inc)(1)` | `let y = inc(1);` |
//! | `z = delayed(lambda x: 2 * x)(y)` | `let z = call(\|x: i64\| 2 * x, (&y,));` |
//! | `z.compute()`, `dask.compute(a, b)` | `z.compute()?`, `compute!(a, b)?` |
//! | `Client(threads_per_worker=4)` | `Client::builder().threads(4).build()?` |
//! | `x = client.submit(inc, 1)` | `let x = client.submit(inc(1));` |
//! | `client.submit(square, 3, pure=False)` | `client.submit(square(3).impure())` |
//! | `client.submit(add, x, 10)`, where `x` is a future | `client.submit(add(&x, 10))` |
//! | `client.submit(total, futures)` | `client.submit(total(&futures))` |
//! | `client.map(inc, range(10))` | `client.map(inc, 0..10)` |
//! | `client.map(add, xs, ys)` | `client.starmap(add, (0..3).zip(10..))` |
//! | `client.gather(futures)` | `client.gather(&futures)?` |
//! | `client.gather(futures, errors="skip")` | `client.gather_all(&futures)`: a `Result` each, none left out |
//! | `client.scatter(data)` | `client.scatter(vec![1, 2, 3])` |
//! | `client.compute([a, b])`, `client.persist(a)` | `client.compute((inc(1), inc(2)))`, `client.persist(inc(1))` |
//! | `x.result()`, `x.result(timeout=5)` | `x.result()?`, `x.result_timeout(Duration::from_secs(5))?` |
//! | `await future` | `future.await?` |
//! | `future.status`, `.done()`, `.exception()` | `future.status()`, `future.is_done()`, `future.error()` |
//! | `future.cancel()`, `future.retry()` | `future.cancel()`, `future.retry()?` |
//! | `future.add_done_callback(f)` | `future.on_done(move \|_\| told.set())` |
//! | `wait(futures)` | `client.wait_all(&futures)?`: those that have ended, and those that have not |
//! | `wait(futures, return_when="FIRST_COMPLETED")` | `client.wait_any(&futures)?` |
//! | `wait(futures, timeout=5)` | `client.wait_timeout(&futures, Duration::from_secs(5))?` |
//! | `for future in as_completed(futures):` | `for future in as_completed(&futures)` |
//! | `queue.add(client.submit(inc, 100))` | `queue.push(client.submit(inc(100)))` |
//! | `fire_and_forget(client.submit(inc, 1))` | `client.submit(inc(1)).detach()` |
//! | `submit(inc, 1, priority=10, retries=2)` | `client.submit(inc(1).priority(10).retries(2))` |
//! | `submit(inc, 1, resources={"gpu": 1})` | `client.submit(inc(1).resource("gpu", 1))` |
//! | `submit(inc, 1, key="first")` | `client.submit(inc(1).named("first"))`: a label, never an identity |
//! | `dask.compute(..)` inside a task | `compute!(inc(n), inc(n + 1))?` |
//! | `client = get_client()` | `let client = get_client()?;` |
//! | `secede()`, `rejoin()` | `let seceded = secede()?;`, `rejoin(seceded);` |
//! | `with worker_client() as client:` | `worker_client(\|client\| client.gather(client.map(inc, n..n + 2)))?` |
//! | `list[i]`, `len(list)` by `submit` | `list.to_delayed().at(i)`, `client.submit(length(&list))` |
//! | `Event()`, `Semaphore(2)` | `sync::Event::new()`, `sync::Semaphore::new(2)` |
//!
//! What is better here:
//!
//! - **It does not hang.** Whatever a task of a client waits for, by `result`, `gather`, `as_completed`, `wait_*`, a nested
//!   `compute!` or an `Event`, its slot is given to others meanwhile. `get_client` alone is safe on one slot; `secede` is only for
//!   waits that lazygraph cannot know of, like blocking I/O. Futures that wait for each other in a circle fail with an error that
//!   names it.
//! - **`secede` cannot be misused.** It gives a guard. Twice, or without `rejoin`, no slot is lost or gained; outside of a task
//!   it is an error.
//! - **No old results, no old errors.** Calls are not remembered unless they are `pure`, and failures never are.
//! - **Cancelling goes down.** What a task has started is cancelled with it. What nobody has a handle to any more does not
//!   begin; `detach` lets it.
//! - **Nothing is left out.** No form of `gather` shortens the list, and every `wait_*` gives both parts.
//!
//! One thing is less: it is one process, and its threads.
