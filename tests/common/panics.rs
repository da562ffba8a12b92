//! Panics that are planned, and not printed.

use std::sync::Once;

/// What a planned panic says: [`quiet`] keeps these out of the output of the tests.
pub const PLANNED: &str = "planned panic";

/// Prints nothing for panics whose message holds [`PLANNED`], or begins as planned.
pub fn quiet() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            let text = info.payload();
            let text = text.downcast_ref::<&str>().copied();
            let text = text.or_else(|| info.payload().downcast_ref::<String>().map(|s| &**s));
            let planned = text.is_some_and(|s| s.contains(PLANNED) || s.starts_with("planned "));
            if !planned {
                usual(info);
            }
        }));
    });
}
