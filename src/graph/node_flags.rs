//! The flags of a node with its settings.

use crate::task::{NodeFlags, NodeRef, Purity, Settings};

/// The flags of a node, for the passes. `settings` are those of its call.
#[inline]
pub(crate) fn flags_of(node: NodeRef<'_>, settings: Option<&Settings>) -> NodeFlags {
    let mut flags = node.flags();
    if let Some(settings) = settings {
        apply_settings(&mut flags, node, settings);
    }
    flags
}

/// Applies per-call settings, which override those of the function.
fn apply_settings(flags: &mut NodeFlags, node: NodeRef<'_>, settings: &Settings) {
    flags.set(NodeFlags::SETTINGS);
    apply_purity(flags, node, settings);
    if settings.fuse == Some(false) {
        flags.set(NodeFlags::NO_FUSE);
    }
    let resources = !settings.resources.is_empty();
    if settings.retries.is_some()
        || settings.timeout.is_some()
        || settings.key.is_some()
        || resources
    {
        flags.set(NodeFlags::GUARDED);
    }
}

fn apply_purity(flags: &mut NodeFlags, node: NodeRef<'_>, settings: &Settings) {
    if node.is_recompute() || flags.has(NodeFlags::SOURCE) {
        // Never merged with the first evaluation, or with another value, whatever the settings.
        return;
    }
    if let Some(purity) = settings.purity {
        flags.clear(NodeFlags::MERGE | NodeFlags::INLINE);
        if matches!(purity, Purity::Pure | Purity::Structural) {
            flags.set(NodeFlags::MERGE);
        }
    }
    if settings.key.is_some() {
        flags.set(NodeFlags::MERGE);
    }
    if (node.spec().inline || settings.inline) && flags.has(NodeFlags::MERGE) {
        flags.set(NodeFlags::INLINE);
    }
}
