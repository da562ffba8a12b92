//! What does not keep the rules yet. These lists only shrink: the tests ask for each line that is not needed any more.

pub(crate) const CIRCLES: &[&str] = &[
    "macros/src/expand.rs",
    "macros/src/fallback.rs",
    "macros/src/generics.rs",
    "macros/src/implied.rs",
    "macros/src/params.rs",
    "src/client/builder.rs",
    "src/client/completed.rs",
    "src/client/gather.rs",
    "src/client/handle.rs",
    "src/client/inside.rs",
    "src/client/mod.rs",
    "src/client/spawn.rs",
    "src/client/waiting.rs",
    "src/compute/mod.rs",
    "src/compute/options.rs",
    "src/compute/plan.rs",
    "src/delayed/apply.rs",
    "src/delayed/args.rs",
    "src/delayed/catch.rs",
    "src/delayed/closure.rs",
    "src/delayed/collect.rs",
    "src/delayed/handle.rs",
    "src/delayed/lend.rs",
    "src/delayed/mod.rs",
    "src/delayed/project.rs",
    "src/delayed/reduce.rs",
];

pub(crate) const METHODS: &[&str] = &[
    "macros/src/operand.rs: `impl Param`, which is defined in macros/src/params.rs",
];

pub(crate) const FACADES: &[&str] = &[
    "src/client/mod.rs",
    "src/compute/mod.rs",
    "src/delayed/mod.rs",
];

pub(crate) const FOLDERS: &[&str] = &[
    "macros/src",
    "src/delayed",
];

pub(crate) const NAMES: &[&str] = &[
    "Awaited: src/delayed/collect.rs, src/exec/wait/awaited.rs",
    "Event: src/client/sync.rs, src/event.rs",
    "Failures: src/exec/segment/failures.rs, src/task/io/frame.rs",
    "Slots: src/exec/segment/slots.rs, src/store/memo/ledger.rs",
    "Turn: src/client/sync.rs, src/exec/resources/turn.rs",
];
