//! The traits of a node with its settings.

use crate::task::{NodeRef, Purity, Settings, Traits};

/// The traits of a node, for the passes. `settings` are those of its call.
#[inline]
pub(crate) fn traits_of(node: NodeRef<'_>, settings: Option<&Settings>) -> Traits {
    let mut traits = node.traits();
    if let Some(settings) = settings {
        apply_settings(&mut traits, node, settings);
    }
    traits
}

/// Applies per-call settings, which override those of the function.
fn apply_settings(traits: &mut Traits, node: NodeRef<'_>, settings: &Settings) {
    traits.set(Traits::SETTINGS);
    apply_purity(traits, node, settings);
    if settings.fuse == Some(false) {
        traits.set(Traits::NO_FUSE);
    }
    let resources = !settings.resources.is_empty();
    if settings.retries.is_some() || settings.timeout.is_some() || resources {
        traits.set(Traits::GUARDED);
    }
}

fn apply_purity(traits: &mut Traits, node: NodeRef<'_>, settings: &Settings) {
    if node.is_recompute() || traits.has(Traits::SOURCE) {
        // Never merged with the first evaluation, or with another value, whatever the settings.
        return;
    }
    if let Some(purity) = settings.purity {
        traits.clear(Traits::MERGE | Traits::INLINE);
        if matches!(purity, Purity::Pure | Purity::Structural) {
            traits.set(Traits::MERGE);
        }
    }
    if settings.key.is_some() {
        traits.set(Traits::MERGE);
    }
    if (node.spec().inline || settings.inline) && traits.has(Traits::MERGE) {
        traits.set(Traits::INLINE);
    }
}
