//! The tasks of a client under the model checker.

use super::{Counted, Seen, add, check, make, number, parallel_inside, plus, total};
use lazygraph::{Client, ErrorKind, get_client, prelude::*, secede, worker_client};
use shuttle::{sync::Mutex, thread};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, OnceLock};

/// A client of so many slots. Its pool only says how many: its threads are the model checker's.
fn client(slots: usize) -> Client {
    static POOLS: [OnceLock<Arc<rayon::ThreadPool>>; 2] = [const { OnceLock::new() }; 2];
    let pool = POOLS[slots - 1].get_or_init(|| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(slots);
        Arc::new(pool.build().unwrap())
    });
    Client::builder().pool(pool.clone()).build().unwrap()
}

/// Closes it: then every slot is free, nobody waits, and no task is left. That no thread is counted as inside is asserted
/// where the last of them lets go of it.
fn close(client: Client, slots: usize) {
    client.close();
    // Threads that have nothing more to do are on their way out.
    while client.stats().permits != slots {
        thread::yield_now();
    }
    let stats = client.stats();
    assert_eq!((stats.permits, stats.suspended, stats.live), (slots, 0, 0));
}

#[delayed]
fn parent(seen: &Seen, x: i64) -> Result<i64, Error> {
    let client = get_client()?;
    let two = [0, 1].map(|more| client.submit(number(seen.clone(), x + more)));
    let sum = client.submit(plus(&two[0], &two[1]));
    Ok(two[0].result()? + sum.result()?)
}

/// Tasks launch tasks and wait for them: each is done by the waiting thread or by another, once.
#[test]
fn tasks_wait_for_tasks() {
    check(|| {
        let (client, seen) = (client(1), Seen::default());
        let all = client.map(|x| parent(seen.clone(), x), 0..2);
        assert_eq!(client.gather(all).unwrap(), [1, 4]);
        assert_eq!(seen.runs(), 4);
        close(client, 1);
    });
}

#[delayed]
fn launches(seen: &Seen) -> Result<i64, Error> {
    worker_client(|client| {
        let parts = client.map(|x| number(seen.clone(), x), 1..3);
        Ok(client.gather(parts)?.iter().sum())
    })
}

#[delayed]
fn leaves_its_slot(seen: &Seen) -> Result<i64, Error> {
    let away = secede()?;
    let x = get_client()?.submit(number(seen.clone(), 3)).result()?;
    drop(away);
    Ok(x)
}

/// Slots are given up by those who work on, and taken back.
#[test]
fn slots_are_left_and_taken_back() {
    check(|| {
        let (client, seen) = (client(2), Seen::default());
        let futures = (0..2).map(|i| match i {
            0 => client.submit(launches(seen.clone())),
            _ => client.submit(leaves_its_slot(seen.clone())),
        });
        let futures: Vec<_> = futures.collect();
        assert_eq!(client.gather(futures).unwrap(), [3, 3]);
        close(client, 2);
    });
}

/// An invitation that is taken up on top of a body is declined, and its slot is for a thread that is lent.
#[test]
fn an_invitation_is_declined_on_top_of_a_body() {
    check(|| {
        let (client, seen) = (client(2), Seen::default());
        let first = client.map(|x| parallel_inside(seen.clone(), x), 0..2);
        let second = client.submit(parallel_inside(seen.clone(), 2));
        assert_eq!(client.gather(first).unwrap(), [0, 1]);
        assert_eq!(second.result().unwrap(), 2);
        close(client, 2);
    });
}

/// A cancel meets a task at any point of its life: the value or `Cancelled`, and nothing left over.
#[test]
fn a_cancel_meets_the_end_of_a_task() {
    check(|| {
        let (client, seen) = (client(2), Seen::default());
        let parts = vec![
            make(seen.clone(), 1),
            add(make(seen.clone(), 2), make(seen.clone(), 3)),
        ];
        let sum = client.submit(total(parts));
        let canceller = {
            let sum = sum.clone();
            thread::spawn(move || sum.cancel())
        };
        match sum.result() {
            Ok(value) => assert_eq!(value, 6),
            Err(error) => assert_eq!(error.kind(), ErrorKind::Cancelled),
        }
        canceller.join().unwrap();
        drop(sum);
        close(client, 2);
        seen.assert_nothing_lives();
    });
}

#[delayed]
fn fails_first(tries: Arc<AtomicUsize>, seen: &Seen) -> Result<Counted, String> {
    match tries.fetch_add(1, SeqCst) {
        0 => Err("not yet".into()),
        _ => Ok(Counted::new(&seen.live, 1)),
    }
}

/// One of several is tried again while their task comes to its end.
#[test]
fn a_retry_meets_the_end_of_a_task() {
    check(|| {
        let (client, seen) = (client(2), Seen::default());
        let tries = Arc::new(AtomicUsize::new(0));
        let (one, other) = client.compute((
            fails_first(tries.clone(), seen.clone()),
            make(seen.clone(), 2),
        ));
        one.wait().unwrap();
        one.retry().unwrap();
        assert_eq!(
            (one.result().unwrap().1[0], other.result().unwrap().1[0]),
            (1, 2)
        );
        assert_eq!((tries.load(SeqCst), seen.runs()), (2, 1));
        drop((one, other));
        close(client, 2);
        seen.assert_nothing_lives();
    });
}

/// The last handle goes while its task begins, and while somebody needs what comes of it.
#[test]
fn a_handle_goes_while_its_task_begins() {
    check(|| {
        let (client, seen) = (client(2), Seen::default());
        let unwanted = client.submit(make(seen.clone(), 1));
        let needed = client.submit(make(seen.clone(), 2));
        let user = client.submit(total(vec![needed.to_delayed()]));
        let dropper = thread::spawn(move || drop((unwanted, needed)));
        assert_eq!(user.result().unwrap(), 2);
        dropper.join().unwrap();
        drop(user);
        close(client, 2);
        assert!((1..3).contains(&seen.runs()), "{} bodies", seen.runs());
        seen.assert_nothing_lives();
    });
}

/// A client is closed while its tasks launch tasks: every wait ends.
#[test]
fn a_close_meets_tasks_that_launch_tasks() {
    check(|| {
        let (client, seen) = (client(1), Seen::default());
        let all = client.map(|x| parent(seen.clone(), x), 0..2);
        let closer = {
            let client = client.clone();
            thread::spawn(move || client.close())
        };
        for outcome in client.gather_all(all) {
            let kind = outcome.err().map(|error| error.kind());
            assert!(
                matches!(kind, None | Some(ErrorKind::Cancelled)),
                "{kind:?}"
            );
        }
        closer.join().unwrap();
        close(client, 1);
    });
}

#[delayed]
fn holds_and_waits(lock: Arc<Mutex<()>>, seen: &Seen, how: i64) -> Result<i64, Error> {
    let client = get_client()?;
    let _held = lock.lock().unwrap();
    let away = (how == 0).then(secede).transpose()?;
    let parts = client.map(|x| number(seen.clone(), x), 1..3);
    let sum = match how {
        0 => client.gather(&parts)?.iter().sum(),
        1 => parts[0].result()? + parts[1].result()?,
        _ => plus(&parts[0], &parts[1]).compute()?,
    };
    drop(away);
    Ok(sum)
}

#[delayed]
fn wants(lock: Arc<Mutex<()>>) -> i64 {
    drop(lock.lock().unwrap());
    0
}

/// What a task waits for begins, though the one slot is held by somebody who waits for what the task holds.
#[test]
fn what_is_waited_for_under_a_lock_begins() {
    check(|| {
        let (client, seen) = (client(1), Seen::default());
        for how in 0..3 {
            let lock = Arc::new(Mutex::new(()));
            let holder = client.submit(holds_and_waits(lock.clone(), seen.clone(), how));
            let stranger = client.submit(wants(lock));
            assert_eq!(
                (holder.result().unwrap(), stranger.result().unwrap()),
                (3, 0)
            );
        }
        close(client, 1);
    });
}
