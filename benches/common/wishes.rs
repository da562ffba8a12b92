//! What the command line of a bench asks for.

use super::is_measuring;

pub(crate) struct Wishes {
    pub(crate) runs: usize,
    only: Option<String>,
    pub(crate) threads: Option<usize>,
}

impl Wishes {
    pub(crate) fn read() -> Wishes {
        Wishes::read_also(|_, _| false)
    }

    /// With words that only this bench knows: `also` says whether it does, and may take the word after it.
    pub(crate) fn read_also(
        mut also: impl FnMut(&str, &mut dyn FnMut() -> String) -> bool,
    ) -> Wishes {
        let mut wishes = Wishes {
            runs: if is_measuring() { 7 } else { 1 },
            only: None,
            threads: None,
        };
        let mut args = std::env::args().skip(1);
        while let Some(arg) = args.next() {
            let mut next = || args.next().unwrap_or_else(|| panic!("{arg}: what?"));
            match arg.as_str() {
                "--runs" => wishes.runs = next().parse().expect("--runs takes a number"),
                "--only" => wishes.only = Some(next()),
                "--threads" => {
                    wishes.threads = Some(next().parse().expect("--threads takes a number"))
                }
                // What cargo says to every bench and test.
                "--bench" | "--test" | "--nocapture" => {}
                other if also(other, &mut next) => {}
                other => panic!("{other}: not known; see the head of the bench"),
            }
        }
        assert!(wishes.runs > 0, "--runs 0: nothing to show");
        wishes
    }

    /// Whether what has this name is to be measured.
    pub(crate) fn want(&self, name: &str) -> bool {
        let only = self.only.as_ref();
        only.is_none_or(|only| name.contains(only.as_str()))
    }
}
