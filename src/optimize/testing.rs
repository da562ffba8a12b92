//! Small graphs for the tests of the passes, and their text.

use super::{Changed, Pass, Passes};
use crate::delayed::{Arg, Delayed};
use crate::graph::{Graph, build};
use crate::task::{Describe, Function, Input, ParamInfo, Purity, TaskSpec, Use, Value, call_node};
use std::fmt::Write;

macro_rules! functions {
    ($($name:ident $purity:ident $inline:literal ($($x:ident: $t:ty),*) -> $out:ty { $e:expr })*) => {$(
        #[track_caller]
        pub(crate) fn $name($($x: impl Arg<$t>),*) -> Delayed<$out> {
            struct F;
            impl Function for F {
                const SPEC: TaskSpec = TaskSpec {
                    inline: $inline,
                    ..TaskSpec::structural(stringify!($name), Purity::$purity)
                };
            }
            functions!(@ $out, [$($x: $t),*], $e)
        }
    )*};
    (@ $out:ty, [$a:ident: $t:ty], $e:expr) => {
        Delayed::from_node(call_node::<F, $out, _, _, _>(
            ($a.into_operand(), ()),
            |ops, f| { let $a: $t = ops.0.take(f); Ok($e) },
            |ops, to: &mut Describe<'_>| ops.0.describe(to, &info()),
        ))
    };
    (@ $out:ty, [$a:ident: $t:ty, $b:ident: $u:ty], $e:expr) => {
        Delayed::from_node(call_node::<F, $out, _, _, _>(
            ($a.into_operand(), ($b.into_operand(), ())),
            |ops, f| { let $a: $t = ops.0.take(f); let $b: $u = ops.1.0.take(f); Ok($e) },
            |ops, to: &mut Describe<'_>| { ops.0.describe(to, &info()); ops.1.0.describe(to, &info()); },
        ))
    };
}

fn info<T: crate::base::token::Token + std::fmt::Debug + Value>() -> ParamInfo<T> {
    ParamInfo {
        token: Some(T::token),
        show: Some(T::fmt),
    }
}

functions! {
    inc Impure false (x: i64) -> i64 { x + 1 }
    add Impure false (x: i64, y: i64) -> i64 { x + y }
    pure_inc Pure false (x: i64) -> i64 { x + 1 }
    tiny Pure true (x: i64) -> i64 { x * 2 }
    vec1 Impure false (x: i64) -> Vec<i64> { vec![x] }
    same Impure false (x: Vec<i64>) -> Vec<i64> { x }
    join2 Impure false (x: Vec<i64>, y: Vec<i64>) -> Vec<i64> { [x, y].concat() }
}

/// The graph of some outputs, unoptimised.
pub(crate) fn graph<T>(outputs: &[Delayed<T>]) -> Graph {
    build(
        outputs
            .iter()
            .map(|d| Input::new(&d.node, Use::Value))
            .collect(),
    )
    .unwrap()
}

/// One pass, with the invariants checked.
pub(crate) fn run(pass: &dyn Pass, graph: Graph) -> (Graph, Changed) {
    let before = crate::graph::check::Invariants::new(&graph);
    let (graph, changed) = pass.run(graph, Passes::ALL).unwrap();
    before.check(&graph, pass.name());
    (graph, changed)
}

/// One line for each node: index, label, inputs, `+` if it is in one unit with the node before.
pub(crate) fn text(graph: &Graph) -> String {
    let mut text = String::new();
    for i in 0..graph.len() {
        let _ = write!(text, "{i} {}", graph.node(i).label());
        for link in graph.inputs(i) {
            let _ = write!(text, " {}", link.index());
        }
        text.push_str(if graph.is_joined(i) { " +\n" } else { "\n" });
    }
    text.push_str("outputs");
    for output in &graph.outputs {
        let _ = write!(text, " {}", output.index());
    }
    text.push('\n');
    text
}
