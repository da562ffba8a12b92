//! Planning many outputs of which each is a future of its own: those that cannot be planned fail alone.
//!
//! What is wrong with a graph shows when it is planned, and the passes stop at the first fault. So where the plan of all fails,
//! halves are tried, and halves of those. Two outputs may be possible each, but not together: one explicit key on two
//! computations. Neither is better than the other, so both fail.

use crate::base::error::Error;

/// Which of some outputs can be planned together.
pub(super) struct Possible {
    /// In their order.
    pub(super) together: Vec<usize>,
    pub(super) refused: Vec<(usize, Error)>,
}

impl Possible {
    /// Of the outputs `0..count`. `attempt` plans some of them, each time anew.
    pub(super) fn of(count: usize, attempt: impl Fn(&[usize]) -> Result<(), Error>) -> Possible {
        let mut bisection = Bisection {
            attempt,
            left: 200 * count + MOST,
            refused: Vec::new(),
        };
        let all: Vec<usize> = (0..count).collect();
        let mut together = bisection.possible(&all, &[]);
        // One that goes with all that are left may not go with one that is refused because of others.
        for index in bisection
            .refused
            .iter()
            .map(|(index, _)| *index)
            .collect::<Vec<_>>()
        {
            if bisection.left > 0 && bisection.attempt(&[index], &[]).is_ok() {
                together = bisection.possible(&together, &[index]);
            }
        }
        together.sort_unstable();
        Possible {
            together,
            refused: bisection.refused,
        }
    }
}

/// The most outputs that are tried again and again to find those that are possible; the rest fails.
const MOST: usize = 20_000_000;

struct Bisection<A> {
    attempt: A,
    left: usize,
    refused: Vec<(usize, Error)>,
}

impl<A: Fn(&[usize]) -> Result<(), Error>> Bisection<A> {
    fn attempt(&mut self, some: &[usize], beside: &[usize]) -> Result<(), Error> {
        let mut all = [some, beside].concat();
        all.sort_unstable();
        self.left = self.left.saturating_sub(all.len());
        (self.attempt)(&all)
    }

    /// Those of `some` that can be planned together and beside others; the rest is refused.
    fn possible(&mut self, some: &[usize], beside: &[usize]) -> Vec<usize> {
        let Err(error) = self.attempt(some, beside) else {
            return some.to_vec();
        };
        if some.len() <= 1 || self.left == 0 {
            let refused = some.iter().map(|index| (*index, error.clone()));
            self.refused.extend(refused);
            return Vec::new();
        }
        let (first, second) = some.split_at(some.len() / 2);
        let (mut first, mut second) = (self.possible(first, beside), self.possible(second, beside));
        let are_parts = !first.is_empty() && !second.is_empty();
        if are_parts
            && self
                .attempt(&[&first[..], &second].concat(), beside)
                .is_err()
        {
            let others = [&second[..], beside].concat();
            let left = self.possible(&first, &others);
            let others = [&first[..], beside].concat();
            second = self.possible(&second, &others);
            first = left;
        }
        first.extend(second);
        first
    }
}
