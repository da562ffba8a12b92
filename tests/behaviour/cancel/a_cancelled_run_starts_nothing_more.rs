//! P8: a cancelled run starts nothing more, tells the bodies that run, and ends as `Cancelled`.

use common::{Log, Tally, everywhere, wait_until};
use lazygraph::{CancelToken, ErrorKind, Options, compute_with, prelude::*};

/// Runs until it is told to stop.
#[delayed]
fn busy(started: &Tally, told: &Tally, x: i64) -> i64 {
    started.add();
    let token = CancelToken::current().expect("a body has a token");
    if wait_until(|| token.is_cancelled()) {
        told.add();
    }
    x
}

#[delayed]
fn inc(tally: &Tally, x: i64) -> i64 {
    tally.add();
    x + 1
}

#[delayed]
fn cancels(token: &CancelToken, x: i64) -> i64 {
    token.cancel();
    x
}

#[test]
fn four_workers_twenty_nodes_four_started() {
    let (started, told, token) = (Tally::new(), Tally::new(), CancelToken::new());
    let many: Vec<_> = (0..20)
        .map(|x| busy(started.clone(), told.clone(), x))
        .collect();
    let canceller = std::thread::spawn({
        let (started, token) = (started.clone(), token.clone());
        move || {
            let four = wait_until(|| started.get() == 4);
            token.cancel();
            four
        }
    });
    let e = compute_with(&Options::new().threads(4).cancel(&token), &many).unwrap_err();
    assert_eq!(e.kind(), ErrorKind::Cancelled, "{e:?}");
    assert!(canceller.join().unwrap(), "four nodes ran at once");
    assert_eq!((started.get(), told.get()), (4, 4));
}

#[test]
fn a_body_may_cancel_its_own_run() {
    for (name, options) in everywhere() {
        for fuse in [true, false] {
            let (token, tally) = (CancelToken::new(), Tally::new());
            let x = inc(tally.clone(), cancels(token.clone(), inc(tally.clone(), 1)));
            let e = x
                .compute_with(&options.clone().fuse(fuse).cancel(&token))
                .unwrap_err();
            assert_eq!(e.kind(), ErrorKind::Cancelled, "{name}: {e:?}");
            assert_eq!(tally.get(), 1, "{name}: nothing starts after that");
        }
    }
}

#[test]
fn a_token_cancelled_before_starts_nothing() {
    for (name, options) in everywhere() {
        let (token, tally) = (CancelToken::new(), Tally::new());
        token.cancel();
        let e = inc(tally.clone(), 1)
            .compute_with(&options.cancel(&token))
            .unwrap_err();
        assert_eq!((e.kind(), tally.get()), (ErrorKind::Cancelled, 0), "{name}");
    }
}

#[test]
fn children_are_cancelled_with_their_parent_and_not_the_other_way() {
    let parent = CancelToken::new();
    let (child, other) = (parent.child(), parent.child());
    let grandchild = child.child();
    child.cancel();
    let all = [&parent, &child, &grandchild, &other].map(CancelToken::is_cancelled);
    assert_eq!(all, [false, true, true, false]);
    parent.cancel();
    assert!(other.is_cancelled() && parent.child().is_cancelled());
}

#[test]
fn a_run_under_a_child_token_is_cancelled_with_the_parent() {
    let (parent, tally) = (CancelToken::new(), Tally::new());
    let child = parent.child();
    let x = inc(tally.clone(), cancels(parent.clone(), 1));
    let e = x.compute_with(&Options::new().cancel(&child)).unwrap_err();
    assert_eq!((e.kind(), tally.get()), (ErrorKind::Cancelled, 0));
}

#[test]
fn outside_a_body_there_is_no_token() {
    assert!(CancelToken::current().is_none());
    assert!(lazygraph::check().is_ok());
}

#[test]
fn nested_runs_are_cancelled_with_the_outer_one() {
    #[delayed]
    fn nests(log: &Log, token: &CancelToken, tally: &Tally) -> Result<i64, Error> {
        let r = inc(tally.clone(), cancels(token.clone(), 1)).compute();
        log.push(format!("{:?}", r.as_ref().map_err(Error::kind)));
        r
    }
    for (name, options) in everywhere() {
        let (log, token, tally) = (Log::new(), CancelToken::new(), Tally::new());
        let x = nests(log.clone(), token.clone(), tally.clone());
        let e = x.compute_with(&options.cancel(&token)).unwrap_err();
        assert_eq!((e.kind(), tally.get()), (ErrorKind::Cancelled, 0), "{name}");
        assert_eq!(log.take(), ["Err(Cancelled)"], "{name}");
    }
}

#[test]
fn catch_does_not_outlive_a_cancel() {
    for (name, options) in everywhere() {
        let (token, tally) = (CancelToken::new(), Tally::new());
        let x = inc(tally.clone(), cancels(token.clone(), 1)).unwrap_or(5);
        let e = inc(tally.clone(), x)
            .compute_with(&options.cancel(&token))
            .unwrap_err();
        assert_eq!((e.kind(), tally.get()), (ErrorKind::Cancelled, 0), "{name}");
    }
}

#[test]
fn a_body_that_fails_because_it_was_told_to_stop_is_no_culprit() {
    #[delayed]
    fn gives_up(token: &CancelToken) -> Result<i64, String> {
        token.cancel();
        let told = CancelToken::current()
            .expect("a body has a token")
            .is_cancelled();
        Err(format!("gave up, told {told}"))
    }
    for (name, options) in everywhere() {
        let token = CancelToken::new();
        let e = gives_up(token.clone())
            .compute_with(&options.cancel(&token))
            .unwrap_err();
        assert_eq!(e.kind(), ErrorKind::Cancelled, "{name}: {e:?}");
    }
}

#[test]
fn another_run_of_the_same_graph_is_not_concerned() {
    let (token, tally) = (CancelToken::new(), Tally::new());
    let x = inc(tally.clone(), 1);
    token.cancel();
    assert!(x.compute_with(&Options::new().cancel(&token)).is_err());
    assert_eq!(x.compute().unwrap(), 2);
}

#[delayed]
fn refuses(started: &Tally) -> Result<i64, String> {
    started.add();
    Err("not yet".into())
}

/// A nested run with options of its own, whose node would be tried again in an hour.
#[delayed]
fn waits_to_try_again(started: &Tally) -> Result<i64, Error> {
    let again = refuses(started.clone())
        .retries(1)
        .backoff(std::time::Duration::from_secs(3600));
    again.compute_with(&Options::new().fuse(false))
}

#[test]
fn a_pause_between_attempts_ends_with_the_run_around() {
    let (started, token) = (Tally::new(), CancelToken::new());
    let canceller = std::thread::spawn({
        let (started, token) = (started.clone(), token.clone());
        move || {
            let one = wait_until(|| started.get() == 1);
            token.cancel();
            one
        }
    });
    let options = Options::new().threads(2).cancel(&token);
    let error = waits_to_try_again(started.clone())
        .compute_with(&options)
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cancelled);
    assert!(canceller.join().unwrap());
    assert_eq!(started.get(), 1);
}

#[delayed]
fn cancels_and_fails(token: CancelToken) -> Result<i64, String> {
    token.cancel();
    Err("not yet".into())
}

/// It would have been tried again: that it was not is the doing of the cancel.
#[test]
fn what_is_not_tried_again_was_cancelled() {
    for (name, options) in common::schedulers() {
        let token = CancelToken::new();
        let first = inc(Tally::new(), 1);
        let last = cancels_and_fails(token.clone()).retries(3);
        let last = last.after(&first).fuse(false);
        let all = lazygraph::compute_all_with(&options.cancel(&token), [first, last]);
        let kind = all[1].as_ref().map_err(|e| e.kind());
        assert_eq!(kind, Err(ErrorKind::Cancelled), "{name}");
    }
}
