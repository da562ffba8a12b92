//! A circle of waits is an error that names it, never a hang; what is no circle is none.

use common::{client_of, on};
use lazygraph::sync::Event;
use lazygraph::{ErrorKind, Handle, as_completed, get_client, prelude::*};
use std::sync::{Arc, Mutex};

/// A place where a task finds a future, once it is there.
#[derive(Clone, Default)]
struct Box_(Arc<Mutex<Option<Handle<i64>>>>, Event);

impl Box_ {
    fn put(&self, handle: &Handle<i64>) {
        *self.0.lock().unwrap() = Some(handle.clone());
        self.1.set();
    }
    fn take(&self) -> Handle<i64> {
        self.1.wait().unwrap();
        self.0.lock().unwrap().take().unwrap()
    }
}

#[delayed]
fn asks(of: Box_) -> Result<i64, Error> {
    of.take().result()
}

#[test]
fn a_task_that_waits_for_itself() {
    on(&[1, 2, 4], |client| {
        let own = Box_::default();
        let x = client.submit(asks(own.clone()));
        own.put(&x);
        let e = x.result().unwrap_err();
        assert_eq!(e.kind(), ErrorKind::Deadlock);
        assert!(format!("{e:#}").contains("waits for itself"), "{e:#}");
    });
}

#[test]
fn a_child_that_waits_for_its_parent() {
    #[delayed]
    fn parent(own: Box_) -> Result<i64, Error> {
        get_client()?.submit(asks(own)).result()
    }
    on(&[1, 2, 4], |client| {
        let own = Box_::default();
        let x = client.submit(parent(own.clone()));
        own.put(&x);
        let e = x.result().unwrap_err();
        assert_eq!(e.kind(), ErrorKind::Deadlock);
        let text = format!("{e:#}");
        assert!(
            text.contains("`asks(") && text.contains("`parent("),
            "{text}"
        );
    });
}

#[test]
fn two_that_wait_for_each_other() {
    on(&[1, 2, 4], |client| {
        let (a, b) = (Box_::default(), Box_::default());
        let x = client.submit(asks(a.clone()));
        let y = client.submit(asks(b.clone()));
        a.put(&y);
        b.put(&x);
        let outcomes = client.gather_all([&x, &y]);
        for outcome in outcomes {
            assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Deadlock);
        }
    });
}

#[test]
fn a_circle_through_arguments() {
    #[delayed]
    fn inc(x: i64) -> i64 {
        x + 1
    }
    on(&[1, 2, 4], |client| {
        let own = Box_::default();
        let x = client.submit(asks(own.clone()));
        let y = client.submit(inc(inc(&x)));
        let z = client.submit(inc(&y));
        own.put(&z);
        for outcome in client.gather_all([&x, &y, &z]) {
            assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Deadlock);
        }
    });
}

#[test]
fn a_circle_through_a_nested_graph_and_a_returned_one() {
    #[delayed]
    fn nested(own: Box_) -> Result<i64, Error> {
        let own = own.take();
        call(|x: i64| x + 1, (&own,)).compute()
    }
    #[delayed]
    fn returned(own: Box_) -> Delayed<i64> {
        let own = own.take();
        call(|x: i64| x + 1, (&own,))
    }
    on(&[1, 2, 4], |client| {
        let own = Box_::default();
        let x = client.submit(nested(own.clone()));
        own.put(&x);
        assert_eq!(x.result().unwrap_err().kind(), ErrorKind::Deadlock);
        let own = Box_::default();
        let x = client.submit(returned(own.clone()));
        own.put(&x);
        assert_eq!(x.result().unwrap_err().kind(), ErrorKind::Deadlock);
    });
}

#[test]
fn a_circle_through_a_pure_result_in_flight() {
    #[delayed(pure)]
    fn shared(#[key(skip)] ask: Box_, #[key(skip)] begun: Event) -> Result<i64, Error> {
        begun.set();
        ask.take().result()
    }
    on(&[2, 4], |client| {
        let (ask, begun) = (Box_::default(), Event::new());
        let x = client.submit(shared(ask.clone(), begun.clone()));
        begun.wait().unwrap();
        // The second needs what the first computes, and the first asks for the second. When the first has failed, the
        // second computes it itself, with a box of its own.
        let own = Box_::default();
        own.put(&client.scatter(5));
        let second = shared(own, Event::new());
        let y = client.submit(call(|x: i64| x, (second,)));
        ask.put(&y);
        assert_eq!(x.result().unwrap_err().kind(), ErrorKind::Deadlock);
        let y = y.result().map_err(|e| e.kind());
        assert!(matches!(y, Ok(5) | Err(ErrorKind::Deadlock)), "{y:?}");
    });
}

trait Kinds {
    fn map_kinds(&self) -> Vec<Option<ErrorKind>>;
}
impl<T> Kinds for Vec<Result<T, Error>> {
    fn map_kinds(&self) -> Vec<Option<ErrorKind>> {
        self.iter()
            .map(|r| r.as_ref().err().map(Error::kind))
            .collect()
    }
}

#[test]
fn elements_of_one_map_may_wait_for_each_other_but_not_in_a_circle() {
    on(&[1, 2, 4], |client| {
        let boxes: Vec<Box_> = (0..4).map(|_| Box_::default()).collect();
        let all = client.map(
            |i: usize| {
                if i == 3 {
                    value(7)
                } else {
                    asks(boxes[i].clone())
                }
            },
            0..4,
        );
        for i in 0..3 {
            boxes[i].put(&all[i + 1]);
        }
        assert_eq!(client.gather(&all).unwrap(), [7, 7, 7, 7]);
        let boxes: Vec<Box_> = (0..3).map(|_| Box_::default()).collect();
        let all = client.map(|i: usize| asks(boxes[i].clone()), 0..3);
        for i in 0..3 {
            boxes[i].put(&all[(i + 1) % 3]);
        }
        let kinds = client.gather_all(&all).map_kinds();
        assert_eq!(kinds, [Some(ErrorKind::Deadlock); 3]);
    });
}

#[test]
fn a_wait_with_a_limit_is_no_circle() {
    #[delayed]
    fn looks(own: Box_) -> i64 {
        let own = own.take();
        match own.result_timeout(std::time::Duration::from_millis(5)) {
            Err(e) if e.kind() == ErrorKind::Timeout => 1,
            _ => 2,
        }
    }
    on(&[1, 2], |client| {
        let own = Box_::default();
        let x = client.submit(looks(own.clone()));
        own.put(&x);
        assert_eq!(x.result().unwrap(), 1);
    });
}

#[test]
fn a_wait_for_one_of_several_that_all_wait_for_it() {
    type Child = Handle<Option<ErrorKind>>;
    fn children(own: &Handle<i64>) -> [Child; 3] {
        let client = get_client().unwrap();
        [(); 3].map(|()| {
            let own = own.clone();
            let asks = move || own.result().err().map(|e| e.kind());
            client.submit(call(asks, ()))
        })
    }
    // Whoever closes the circle is told: the parent, or, if that waits already, a child.
    fn told(done: impl IntoIterator<Item = Child>) -> usize {
        let kinds = done.into_iter().map(|child| child.result().unwrap());
        kinds
            .inspect(|kind| assert_eq!(*kind, Some(ErrorKind::Deadlock)))
            .count()
    }
    #[delayed]
    fn any(own: Box_) -> Result<usize, Error> {
        let children = children(&own.take());
        match get_client()?.wait_any(&children) {
            Ok((done, pending)) => Ok(told(done.into_iter().cloned()) + pending.len()),
            Err(e) => {
                assert_eq!(e.kind(), ErrorKind::Deadlock);
                Ok(children.len())
            }
        }
    }
    #[delayed]
    fn completed(own: Box_) -> Result<usize, Error> {
        let children = children(&own.take());
        // A quick one is no way out for the others.
        let quick = get_client()?.submit(call(|| None, ()));
        let all = as_completed(children.iter().chain([&quick]));
        let (done, pending): (Vec<_>, Vec<_>) = all
            .filter(|x| *x != quick)
            .partition(|child| child.is_done());
        Ok(told(done) + pending.len())
    }
    on(&[1, 2, 4], |client| {
        for parent in [any as fn(Box_) -> Delayed<usize>, completed] {
            let own = Box_::default();
            let x = client.submit(parent(own.clone()));
            own.put(&client.submit(x.to_delayed().map(|_| 0)));
            assert_eq!(x.result().unwrap(), 3);
        }
    });
}

#[test]
fn a_wait_for_one_of_several_is_no_circle_while_one_can_end() {
    #[delayed]
    fn parent(own: Box_, go: Event) -> Result<i64, Error> {
        let own = own.take();
        let client = get_client()?;
        let asks = own.clone();
        let child = client.submit(call(move || asks.result().unwrap_or(-1), ()));
        let other = client.submit(call(move || go.wait().map_or(-1, |()| 5i64), ()));
        let (done, _) = client.wait_any([&child, &other])?;
        assert_eq!(done, [&other]);
        child.detach();
        other.result()
    }
    on(&[1, 2, 4], |client| {
        let (own, go) = (Box_::default(), Event::new());
        let x = client.submit(parent(own.clone(), go.clone()));
        own.put(&x);
        // Both wait, for longer than it takes to look for a circle.
        while client.stats().suspended < 3 {
            std::thread::yield_now();
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
        assert!(!x.is_done());
        go.set();
        assert_eq!(x.result().unwrap(), 5);
    });
}

#[test]
fn a_circle_over_two_clients() {
    on(&[1, 2], |client| {
        let other = client_of(1);
        let (own, there) = (Box_::default(), other.clone());
        let ask = own.clone();
        let body = move || there.submit(asks(ask.clone())).result();
        let x = client.submit(call(body, ()));
        own.put(&client.submit(x.to_delayed().map(|_| 0)));
        let e = x.result().unwrap().unwrap_err();
        assert_eq!(e.kind(), ErrorKind::Deadlock);
        other.close();
    });
}
