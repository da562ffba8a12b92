//! What an urgent future waits for is as urgent: nothing of a priority in between goes before it.

use common::{client_of, close, ends};
use lazygraph::sync::Event;
use lazygraph::{Client, Handle, get_client, prelude::*};
use std::sync::{Arc, Mutex};

type Log = Arc<Mutex<Vec<&'static str>>>;

#[delayed]
fn note(log: Log, name: &'static str) {
    log.lock().unwrap().push(name);
}

#[delayed]
fn note_text(log: Log, name: &'static str) -> String {
    log.lock().unwrap().push(name);
    name.into()
}

#[delayed]
fn note_after(log: Log, name: &'static str, _: &()) {
    log.lock().unwrap().push(name);
}

/// Waits for a future in its body.
#[delayed]
fn note_waiting(log: Log, name: &'static str, what: Delayed<Wait>) -> Result<(), Error> {
    let wait = what.compute_arc()?;
    (wait.0)(&get_client()?)?;
    log.lock().unwrap().push(name);
    Ok(())
}

struct Wait(Box<dyn Fn(&Client) -> Result<(), Error> + Send + Sync>);

fn wait_by(wait: impl Fn(&Client) -> Result<(), Error> + Send + Sync + 'static) -> Delayed<Wait> {
    value(Wait(Box::new(wait)))
}

/// Submits while the one slot is taken, after three of priority 5; gives the order of those that ran before these.
fn order(submit: impl Fn(&Client, &Log) -> Vec<Handle<()>> + Send + 'static) -> Vec<&'static str> {
    let log = Log::default();
    let seen = log.clone();
    ends("it", move || {
        let client = client_of(1);
        let (begun, go) = (Event::new(), Event::new());
        let (begins, waits) = (begun.clone(), go.clone());
        let hold = move || {
            begins.set();
            lazygraph::hold_slot(|| waits.wait()).unwrap();
        };
        client.submit(call(hold, ())).detach();
        begun.wait().unwrap();
        let middle: Vec<_> = (0..3)
            .map(|_| client.submit(note(log.clone(), "middle").priority(5)))
            .collect();
        let urgent = submit(&client, &log);
        go.set();
        client.gather(urgent).unwrap();
        client.gather(middle).unwrap();
        close(&client);
    });
    let seen = seen.lock().unwrap();
    let before = seen.iter().copied().take_while(|name| *name != "middle");
    before.collect()
}

#[test]
fn by_an_argument() {
    let ran = order(|client, log| {
        let dep = client.submit(note(log.clone(), "dep"));
        vec![client.submit(note_after(log.clone(), "urgent", &dep).priority(10))]
    });
    assert_eq!(ran, ["dep", "urgent"]);
}

#[test]
fn through_others() {
    let ran = order(|client, log| {
        let a = client.submit(note(log.clone(), "a").priority(-3));
        let b = client.submit(note_after(log.clone(), "b", &a));
        let c = client.submit(note_after(log.clone(), "c", &b).priority(-1));
        vec![client.submit(note_after(log.clone(), "urgent", &c).priority(10))]
    });
    assert_eq!(ran, ["a", "b", "c", "urgent"]);
}

#[test]
fn by_after() {
    let ran = order(|client, log| {
        let dep = client.submit(note(log.clone(), "dep"));
        let urgent = note(log.clone(), "urgent").after(&dep.to_delayed());
        vec![client.submit(urgent.priority(10))]
    });
    assert_eq!(ran, ["dep", "urgent"]);
}

#[test]
fn by_a_graph_that_needs_it_somewhere() {
    let ran = order(|client, log| {
        let dep = client.submit(note_text(log.clone(), "dep"));
        let inner = dep.to_delayed().map(|text| text.len()).map(|_| ());
        vec![client.submit(note_after(log.clone(), "urgent", &inner).priority(10))]
    });
    assert_eq!(ran, ["dep", "urgent"]);
}

#[test]
fn by_every_wait_of_a_body() {
    type Verb = fn(&Client, &Handle<()>) -> Result<(), Error>;
    let verbs: [(&str, Verb); 7] = [
        ("result", |_, h| h.result()),
        ("wait", |_, h| h.wait()),
        ("result_timeout", |_, h| {
            h.result_timeout(std::time::Duration::from_secs(60))
        }),
        ("gather", |client, h| client.gather([h]).map(drop)),
        ("wait_any", |client, h| client.wait_any([h]).map(drop)),
        ("as_completed", |_, h| {
            lazygraph::as_completed([h]).for_each(drop);
            Ok(())
        }),
        ("compute", |_, h| h.to_delayed().compute()),
    ];
    for (name, verb) in verbs {
        let ran = order(move |client, log| {
            let a = client.submit(note(log.clone(), "a"));
            let b = client.submit(note_after(log.clone(), "b", &a));
            let wait = wait_by(move |client| verb(client, &b));
            vec![client.submit(note_waiting(log.clone(), "urgent", wait).priority(10))]
        });
        // Until the body that waits is awake again, the slot is another's.
        assert_eq!(ran[..2], ["a", "b"], "{name}");
    }
}

#[test]
fn by_one_that_waits_already_when_it_becomes_urgent() {
    let ran = order(|client, log| {
        let a = client.submit(note(log.clone(), "a"));
        let waiting = {
            let wait = wait_by(move |_| a.result());
            client.submit(note_waiting(log.clone(), "waits", wait).priority(9))
        };
        let later = log.clone();
        let start = wait_by(move |client| {
            client
                .submit(note_after(later.clone(), "urgent", &waiting).priority(10))
                .result()
        });
        vec![client.submit(note_waiting(log.clone(), "last", start).priority(8))]
    });
    assert_eq!(ran[..1], ["a"]);
}

#[test]
fn the_elements_of_a_map_have_their_own() {
    let ran = order(|client, log| {
        let log = log.clone();
        let element = move |(name, priority)| note(log.clone(), name).priority(priority);
        client.map(element, [("b", 6), ("c", 6), ("a", 7)])
    });
    assert_eq!(ran, ["a", "b", "c"]);
}

#[test]
fn who_was_waited_for_in_vain_is_as_urgent_as_it_was_from_its_end_on() {
    let log = Log::default();
    let seen = log.clone();
    ends("it", move || {
        let client = client_of(1);
        let (begun, go) = (Event::new(), Event::new());
        let (begins, waits) = (begun.clone(), go.clone());
        let hold = move || {
            begins.set();
            lazygraph::hold_slot(|| waits.wait()).unwrap();
        };
        client.submit(call(hold, ())).detach();
        begun.wait().unwrap();
        // Of three that are one task, one is urgent: the others are not when it has ended.
        let of = log.clone();
        let all = client.map(move |name| note(of.clone(), name), ["first", "x", "y"]);
        let middle = client.submit(note(log.clone(), "middle").priority(5));
        let urgent = client.submit(note_after(log.clone(), "urgent", &all[0]).priority(10));
        go.set();
        client.gather(&all).unwrap();
        client.gather([middle, urgent]).unwrap();
        close(&client);
    });
    assert_eq!(
        *seen.lock().unwrap(),
        ["first", "urgent", "middle", "x", "y"]
    );
}
