//! Nodes for the graphs of the gallery.

use std::time::Duration;

use lazygraph::prelude::*;

use super::gallery::Dag;
use super::tracked::{Meter, Tracked};

/// How the nodes of a graph are made.
#[derive(Clone, Copy)]
pub struct Make<'a> {
    pub meter: &'a Meter,
    /// How long each body takes.
    pub pause: Duration,
    /// What labels begin with; the number of the node follows.
    pub prefix: &'a str,
}

#[delayed]
fn inner(meter: &Meter, pause: Duration, number: i64, inputs: &[&Tracked]) -> Tracked {
    rest(pause);
    Tracked::new(meter, sum(number, inputs))
}

/// Outputs are plain numbers: the meter counts what lies between.
#[delayed]
fn output(pause: Duration, number: i64, inputs: &[&Tracked]) -> i64 {
    rest(pause);
    sum(number, inputs)
}

fn rest(pause: Duration) {
    if !pause.is_zero() {
        std::thread::sleep(pause);
    }
}

fn sum(number: i64, inputs: &[&Tracked]) -> i64 {
    let values = inputs.iter().map(|x| x.value());
    values.fold(number, i64::wrapping_add)
}

impl Dag {
    /// The outputs, and what they must come to. Nodes are created in the order that `creation` lists.
    pub fn build(&self, make: Make<'_>, creation: &[usize]) -> (Vec<Delayed<i64>>, Vec<i64>) {
        let readers = self.readers();
        let mut nodes: Vec<Option<Delayed<Tracked>>> = vec![None; self.len()];
        let mut outputs: Vec<Option<Delayed<i64>>> = vec![None; self.len()];
        let mut values = vec![0i64; self.len()];
        for &i in creation {
            let number = i64::try_from(i).expect("small");
            let label = format!("{}{i}", make.prefix);
            let inputs: Vec<Delayed<Tracked>> = self.inputs[i]
                .iter()
                .map(|&k| nodes[k].clone().expect("inputs are created first"))
                .collect();
            let below = self.inputs[i].iter().map(|&k| values[k]);
            values[i] = below.fold(number, i64::wrapping_add);
            if readers[i] == 0 {
                outputs[i] = Some(output(make.pause, number, inputs).named(label));
            } else {
                let node = inner(make.meter.clone(), make.pause, number, inputs);
                nodes[i] = Some(node.named(label));
            }
        }
        let expected = self.outputs().iter().map(|&i| values[i]).collect();
        (outputs.into_iter().flatten().collect(), expected)
    }

    /// As it was created, without a pause.
    pub fn built(&self, meter: &Meter) -> (Vec<Delayed<i64>>, Vec<i64>) {
        let make = Make {
            meter,
            pause: Duration::ZERO,
            prefix: "",
        };
        self.build(make, &self.creation())
    }
}
