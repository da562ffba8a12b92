//! What one worker will have alive while it follows the plan.

/// The plan unit by unit, for workers that run units ahead of its order; see [`Program::lookahead`](super::Program::lookahead).
#[derive(Debug)]
pub(crate) struct Lookahead {
    /// The most intermediates that are alive while each unit runs.
    pub(crate) live: Vec<u32>,
    /// The last unit that reads each node.
    pub(crate) last_reader: Vec<u32>,
    /// Whether each unit leaves a heap-owning intermediate.
    pub(crate) adds: Vec<bool>,
    /// Whether each unit makes another one before its last node.
    pub(crate) has_inner_result: Vec<bool>,
}
