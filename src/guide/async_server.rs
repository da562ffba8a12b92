//! In an async server: graphs take threads, so keep them off the threads of the runtime.
//!
//! [`compute`](crate::Delayed::compute) blocks. In async code, submit to a [`Client`](crate::Client) and await the
//! [`Handle`](crate::Handle), under any runtime:
//!
//! ```
//! use lazygraph::{Client, prelude::*};
//!
//! #[delayed]
//! fn render(page: u32) -> String { format!("<h1>{page}</h1>") }
//!
//! async fn answer(client: &Client, page: u32) -> Result<String, Error> {
//!     client.submit(render(page)).await
//! }
//!
//! let client = Client::new();
//! assert_eq!(pollster::block_on(answer(&client, 7))?, "<h1>7</h1>");
//! # Ok::<(), Error>(())
//! ```
//!
//! Dropping the last handle cancels the work, so a request that is given up costs little.
//!
//! The other way round, async work becomes a future that graphs can use with `Client::spawn` (feature `async`): your
//! runtime polls it, and it takes no slot of the client.
