//! What is only lent needs no `Clone`: results that cannot be copied flow by reference, or as an `Arc`.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use common::everywhere;
use lazygraph::{compute_with, prelude::*, value_arc};

static LIVE: AtomicUsize = AtomicUsize::new(0);

/// Neither `Clone` nor `Debug`.
struct Model(Vec<f64>);

impl Model {
    fn new(w: Vec<f64>) -> Self {
        LIVE.fetch_add(1, Ordering::SeqCst);
        Model(w)
    }
}

impl Drop for Model {
    fn drop(&mut self) {
        LIVE.fetch_sub(1, Ordering::SeqCst);
    }
}

trait Predict: Send + Sync {
    fn predict(&self, x: f64) -> f64;
}

impl Predict for Model {
    fn predict(&self, x: f64) -> f64 {
        self.0[0] * x
    }
}

#[delayed]
fn train(w: &[f64]) -> Model {
    Model::new(w.to_vec())
}

#[delayed]
fn refine(m: &Model) -> Model {
    Model::new(m.0.iter().map(|w| w + 1.0).collect())
}

#[delayed]
fn score(m: &Model, x: f64) -> f64 {
    m.predict(x)
}

#[delayed]
fn best(models: &[&Model]) -> f64 {
    models.iter().map(|m| m.0[0]).fold(f64::MIN, f64::max)
}

#[delayed]
fn boxed(w: f64) -> Box<dyn Predict> {
    Box::new(Model::new(vec![w]))
}

#[delayed]
fn ask(m: &dyn Predict, x: f64) -> f64 {
    m.predict(x)
}

#[delayed]
fn shared(m: Arc<Model>) -> f64 {
    m.0[0]
}

#[delayed]
fn refuse(m: &Model) -> Result<f64, String> {
    Err(format!("{} weights", m.0.len()))
}

/// One test: it counts the models of the process.
#[test]
fn they_are_lent_shared_and_freed() {
    for (name, options) in everywhere() {
        let m = train([2.0]);
        let models = [m.clone(), refine(&m), refine(refine(&m))];
        let users = (
            score(&m, 1.0),
            score(&m, 2.0),
            best(&models[..]),
            shared(&m),
        );
        assert_eq!(
            compute_with(&options, &users).unwrap(),
            (2.0, 4.0, 4.0, 2.0),
            "{name}"
        );
        assert_eq!(LIVE.load(Ordering::SeqCst), 0, "{name}");

        let users = (ask(boxed(5.0), 2.0), score(Model::new(vec![7.0]), 1.0));
        assert_eq!(
            compute_with(&options, &users).unwrap(),
            (10.0, 7.0),
            "{name}"
        );
        drop(users);
        let plain = Arc::new(Model::new(vec![3.0]));
        let users = (
            score(plain.clone(), 1.0),
            score(value_arc(plain.clone()), 2.0),
            shared(plain),
        );
        assert_eq!(
            compute_with(&options, &users).unwrap(),
            (3.0, 6.0, 3.0),
            "{name}"
        );
        drop(users);
        assert_eq!(LIVE.load(Ordering::SeqCst), 0, "{name}");

        assert!(refuse(&m).compute_with(&options).is_err(), "{name}");
        assert_eq!(LIVE.load(Ordering::SeqCst), 0, "{name}");
    }
    let m = train([2.0]);
    let (a, b) = (m.compute_arc().unwrap(), refine(&m).compute_arc().unwrap());
    assert_eq!((a.0[0], b.0[0], LIVE.load(Ordering::SeqCst)), (2.0, 3.0, 2));
    drop((a, b));
    assert_eq!(LIVE.load(Ordering::SeqCst), 0);
}
