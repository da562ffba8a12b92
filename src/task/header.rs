//! What every node begins with: its count, its table, and what was said of its call.

use super::node::{Home, Vtable};
use super::settings::Settings;
use std::panic::Location;
use std::sync::Mutex;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed};
use std::sync::atomic::{AtomicPtr, AtomicU32};

/// What every node begins with.
#[repr(C, align(8))]
pub(crate) struct Header {
    /// How many pointers to it are counted.
    pub(super) refs: AtomicU32,
    /// Where a lowering that holds the marks has put this node (see `graph::build`); and what is known of it from the
    /// beginning: [`ALONE`], [`BARE`], [`INERT`].
    mark: AtomicU32,
    vtable: &'static Vtable,
    /// Where the call was made: a `Location`; or a [`Configured`], with [`CONFIGURED`] added.
    said: AtomicPtr<u8>,
}

/// A call of which something was said.
pub(super) struct Configured {
    location: &'static Location<'static>,
    pub(super) settings: Mutex<Settings>,
}

/// In a mark: the node lies alone.
pub(super) const ALONE: u32 = 1 << 31;
/// In a mark: the node has no inputs, and running it is no more than calling its body.
pub(super) const BARE: u32 = 1 << 30;
/// In a mark: dropping its operands does nothing.
pub(super) const INERT: u32 = 1 << 29;
const KNOWN: u32 = ALONE | BARE | INERT;

const CONFIGURED: usize = 1;
const _: () =
    assert!(align_of::<Location<'_>>() > CONFIGURED && align_of::<Configured>() > CONFIGURED);

impl Header {
    #[inline]
    pub(super) fn new(
        vtable: &'static Vtable,
        location: &'static Location<'static>,
        known: u32,
    ) -> Header {
        debug_assert!((known & ALONE != 0) == (vtable.home == Home::Alone));
        Header {
            refs: AtomicU32::new(1),
            mark: AtomicU32::new(known),
            vtable,
            said: AtomicPtr::new(std::ptr::from_ref(location).cast_mut().cast()),
        }
    }

    #[inline]
    pub(super) fn vtable(&self) -> &'static Vtable {
        self.vtable
    }

    /// Whether something, [`ALONE`] and the like, is known of it.
    #[inline]
    pub(super) fn is_known(&self, what: u32) -> bool {
        self.mark.load(Relaxed) & what != 0
    }

    /// What was last put there, by whoever held the marks then.
    #[inline]
    pub(super) fn mark(&self) -> u32 {
        self.mark.load(Relaxed) & !KNOWN
    }

    /// For who holds the marks.
    #[inline]
    pub(super) fn set_mark(&self, mark: u32) {
        let known = self.mark.load(Relaxed) & KNOWN;
        self.mark.store(mark | known, Relaxed);
    }

    /// Where it lies.
    #[inline]
    pub(super) fn home(&self) -> Home {
        self.vtable.home
    }

    /// Whether there is nothing to do when it dies but to give its room back.
    #[inline]
    pub(super) fn is_inert(&self) -> bool {
        self.is_known(INERT) && !self.is_configured()
    }

    /// What drops it.
    #[inline]
    pub(super) fn free(&self) -> unsafe fn(*mut Header) {
        self.vtable.free
    }

    /// Whether anything was said of this call.
    #[inline]
    pub(super) fn is_configured(&self) -> bool {
        self.said.load(Acquire).addr() & CONFIGURED != 0
    }

    /// What was said of this call, if anything.
    #[inline]
    pub(super) fn configured(&self) -> Option<&Configured> {
        let said = self.said.load(Acquire);
        let is_so = said.addr() & CONFIGURED != 0;
        // SAFETY: once set it stays until the node is dropped.
        is_so.then(|| unsafe { &*said.map_addr(|at| at & !CONFIGURED).cast::<Configured>() })
    }

    pub(super) fn location(&self) -> &'static Location<'static> {
        let said = self.said.load(Acquire);
        match self.configured() {
            Some(configured) => configured.location,
            // SAFETY: if it is not a `Configured`, it is the location that the header was made with, or has become one
            // meanwhile.
            None => unsafe { &*said.cast::<Location<'static>>() },
        }
    }

    /// What can be said of this call; made when something is said first.
    pub(super) fn configure(&self) -> &Configured {
        if self.configured().is_none() {
            let location = self.location();
            let fresh = Box::into_raw(Box::new(Configured {
                location,
                settings: Mutex::default(),
            }));
            let plain = std::ptr::from_ref(location).cast_mut().cast();
            let tagged = fresh.cast::<u8>().map_addr(|at| at | CONFIGURED);
            let put = self.said.compare_exchange(plain, tagged, AcqRel, Acquire);
            if put.is_err() {
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
        let said = *self.said.get_mut();
        if said.addr() & CONFIGURED != 0 {
            let configured = said.map_addr(|at| at & !CONFIGURED).cast::<Configured>();
            // SAFETY: made by `Box::into_raw` in `configure`, and nobody else holds the node any more.
            drop(unsafe { Box::from_raw(configured) });
        }
    }
}
