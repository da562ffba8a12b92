//! P8: one failure is reported, always the same one where the order is fixed; the others are counted on it.

use common::{Meeting, Tally, schedulers};
use lazygraph::{ErrorKind, Options, compute_with, prelude::*};

#[delayed]
fn fails(x: i64) -> Result<i64, String> {
    Err(format!("no {x}"))
}

#[delayed]
fn works(x: i64) -> i64 {
    x
}

#[delayed]
fn fails_together(meeting: &Meeting, met: &Tally, x: i64) -> Result<i64, String> {
    if meeting.join() {
        met.add();
    }
    Err(format!("no {x}"))
}

#[test]
fn one_worker_always_reports_the_same_one() {
    for (name, options) in schedulers().into_iter().take(2) {
        let many: Vec<_> = (0..20)
            .map(|x| if x % 3 == 1 { fails(x) } else { works(x) })
            .collect();
        let first = compute_with(&options, &many).unwrap_err();
        assert_eq!(
            first.others(),
            0,
            "{name}: nothing starts after the first failure"
        );
        for _ in 0..10 {
            let again = compute_with(&options, &many).unwrap_err();
            assert_eq!(format!("{again:?}"), format!("{first:?}"), "{name}");
        }
    }
}

#[test]
fn the_serial_scheduler_and_one_worker_report_the_same_one() {
    let many: Vec<_> = (0..20)
        .map(|x| if x % 3 == 1 { fails(x) } else { works(x) })
        .collect();
    let told: Vec<String> = schedulers()
        .into_iter()
        .take(2)
        .map(|(_, options)| format!("{:?}", compute_with(&options, &many).unwrap_err()))
        .collect();
    assert_eq!(told[0], told[1]);
}

#[test]
fn the_others_are_counted() {
    for workers in [2, 4] {
        let (meeting, met) = (Meeting::of(workers), Tally::new());
        let many: Vec<_> = (0..20)
            .map(|x| fails_together(meeting.clone(), met.clone(), x))
            .collect();
        let e = compute_with(&Options::new().threads(workers), &many).unwrap_err();
        assert_eq!(met.get(), workers, "all workers were in a failing node");
        assert_eq!((e.kind(), e.task()), (ErrorKind::Failed, "fails_together"));
        assert_eq!(e.others(), workers - 1, "{e:?}");
        assert!(
            format!("{e:?}").contains(&format!("{} more", workers - 1)),
            "{e:?}"
        );
    }
}
