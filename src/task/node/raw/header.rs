//! The header of a node: its vtable, its mark, and the location and settings of its call.

use super::super::place::is_foreign;
use super::super::settings::Settings;
use super::{ALONE, Header, Home, INERT, KNOWN, Vtable};
use crate::base::Owners;
use std::panic::Location;
use std::sync::Mutex;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed};
use std::sync::atomic::{AtomicPtr, AtomicU32};

/// A call with settings.
pub(super) struct Configured {
    location: &'static Location<'static>,
    pub(super) settings: Mutex<Settings>,
}

/// In the low bits of `Header::call`: it points to a [`Configured`].
const CONFIGURED: usize = 1;
const _: () =
    assert!(align_of::<Location<'_>>() > CONFIGURED && align_of::<Configured>() > CONFIGURED);

impl Header {
    #[inline]
    pub(in crate::task) fn new(
        vtable: &'static Vtable,
        location: &'static Location<'static>,
        known: u32,
    ) -> Header {
        debug_assert!((known & ALONE != 0) == (vtable.home == Home::Alone));
        Header {
            refs: Owners::new(1),
            mark: AtomicU32::new(known),
            vtable,
            call: AtomicPtr::new(std::ptr::from_ref(location).cast_mut().cast()),
        }
    }

    #[inline]
    pub(in crate::task::node) fn vtable(&self) -> &'static Vtable {
        self.vtable
    }

    /// Whether one of [`ALONE`], `LEAF`, [`INERT`] is known of it.
    #[inline]
    pub(super) fn is_known(&self, what: u32) -> bool {
        self.mark.load(Relaxed) & what != 0
    }

    /// The last mark that was set.
    #[inline]
    pub(super) fn mark(&self) -> u32 {
        self.mark.load(Relaxed) & !KNOWN
    }

    /// Sets the mark. Only the thread that holds the marks may do so.
    #[inline]
    pub(super) fn set_mark(&self, mark: u32) {
        let known = self.mark.load(Relaxed) & KNOWN;
        self.mark.store(mark | known, Relaxed);
    }

    /// Whether dropping the node does nothing: its memory can be freed at once.
    #[inline]
    pub(in crate::task::node) fn is_inert(&self) -> bool {
        self.is_known(INERT) && !self.is_configured()
    }

    /// Whether the call has settings.
    #[inline]
    pub(super) fn is_configured(&self) -> bool {
        self.call.load(Acquire).addr() & CONFIGURED != 0
    }

    /// The settings of the call, if it has any.
    #[inline]
    pub(super) fn configured(&self) -> Option<&Configured> {
        let call = self.call.load(Acquire);
        let is_configured = call.addr() & CONFIGURED != 0;
        // SAFETY: once set it stays until the node is dropped.
        is_configured
            .then(|| unsafe { &*call.map_addr(|at| at & !CONFIGURED).cast::<Configured>() })
    }

    pub(super) fn location(&self) -> &'static Location<'static> {
        let call = self.call.load(Acquire);
        match self.configured() {
            Some(configured) => configured.location,
            // SAFETY: `configured` has loaded it later and found no `Configured`: it is the location that the header was made
            // with.
            None => unsafe { &*call.cast::<Location<'static>>() },
        }
    }

    /// Sets the location of a call without settings, if the present one is in no user's code.
    pub(super) fn place_at(&self, location: &'static Location<'static>) {
        let now = self.location();
        if is_foreign(now) {
            let [now, new] = [now, location].map(|at| std::ptr::from_ref(at).cast_mut().cast());
            let _ = (self.call).compare_exchange(now, new, AcqRel, Acquire);
        }
    }

    /// The settings of the call, made when they are first changed.
    pub(super) fn configure(&self) -> &Configured {
        if self.configured().is_none() {
            let location = self.location();
            let fresh = Box::into_raw(Box::new(Configured {
                location,
                settings: Mutex::default(),
            }));
            let plain = std::ptr::from_ref(location).cast_mut().cast();
            let tagged = fresh.cast::<u8>().map_addr(|at| at | CONFIGURED);
            let set = self.call.compare_exchange(plain, tagged, AcqRel, Acquire);
            if set.is_err() {
                // SAFETY: `fresh` was not published.
                drop(unsafe { Box::from_raw(fresh) });
            }
        }
        match self.configured() {
            Some(configured) => configured,
            None => unreachable!("set by this thread or by another"),
        }
    }
}

impl Drop for Header {
    fn drop(&mut self) {
        let call = *self.call.get_mut();
        if call.addr() & CONFIGURED != 0 {
            let configured = call.map_addr(|at| at & !CONFIGURED).cast::<Configured>();
            // SAFETY: made by `Box::into_raw` in `configure`, and no one else holds the node any more.
            drop(unsafe { Box::from_raw(configured) });
        }
    }
}
