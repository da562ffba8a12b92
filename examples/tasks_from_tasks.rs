//! Downloads a list, starts one task for each of its elements, and aggregates what they bring: how many tasks there
//! will be is known only when the first has ended.
//!
//! Three styles, with the same answer: the list comes here, and tasks are made of it; the list stays where it is, and
//! tasks are made of its length and its elements; or a task launches the tasks. The last one in three forms, as one
//! knows them from Dask; here all of them work with a single slot.
//!
//! The list and its elements come by HTTP from a server that this program starts. A download blocks its thread, in a way that
//! lazygraph does not know of, so it gives its slot up meanwhile: `secede`.
//!
//! ```text
//! cargo run --release --example tasks_from_tasks             # 12 stations, 2 slots
//! cargo run --release --example tasks_from_tasks -- 100 1    # 100 stations, 1 slot
//! ```

mod http;

use std::{
    error::Error as StdError,
    process::ExitCode,
    thread,
    time::{Duration, Instant},
};

use http::{Answer, Server};
use lazygraph::{Client, get_client, prelude::*, rejoin, secede, worker_client};

/// What is known of some readings.
#[derive(Clone, Debug, PartialEq)]
struct Summary {
    readings: usize,
    sum: i64,
    warmest: i64,
}

impl Summary {
    fn of(readings: &[i64]) -> Summary {
        Summary {
            readings: readings.len(),
            sum: readings.iter().sum(),
            warmest: readings.iter().copied().max().unwrap_or(i64::MIN),
        }
    }

    fn add(&mut self, other: &Summary) {
        self.readings += other.readings;
        self.sum += other.sum;
        self.warmest = self.warmest.max(other.warmest);
    }
}

/// Fetches a text. Others work while it waits.
#[delayed(retries = 2)]
fn download(url: &str) -> Result<String, Box<dyn StdError + Send + Sync>> {
    let _seceded = secede()?; // until the end of the body
    Ok(http::get(url)?)
}

/// The addresses of the stations, from the list of their names.
#[delayed]
fn addresses(origin: &str, names: &str) -> Vec<String> {
    let url = |name| format!("{origin}/stations/{name}");
    names.lines().map(url).collect()
}

#[delayed]
fn summary(text: &str) -> Result<Summary, std::num::ParseIntError> {
    let readings: Vec<i64> = text.lines().map(str::parse).collect::<Result<_, _>>()?;
    Ok(Summary::of(&readings))
}

#[delayed]
fn aggregate(parts: &[&Summary]) -> Summary {
    let mut all = Summary::of(&[]);
    parts.iter().for_each(|part| all.add(part));
    all
}

/// The list: a graph of two calls, of which nothing has run.
fn stations(origin: &str) -> Delayed<Vec<String>> {
    addresses(origin, download(format!("{origin}/stations")))
}

/// First style: the list comes here.
fn list_here(client: &Client, origin: &str) -> Result<Summary, Error> {
    let urls = client.submit(stations(origin)).result()?;
    let parts = client.map(|url| summary(download(url)), urls);
    client.submit(aggregate(&parts)).result()
}

/// Second style: the list stays there; only its length comes here.
fn list_there(client: &Client, origin: &str) -> Result<Summary, Error> {
    let urls = client.persist(stations(origin));
    let count = client.submit(urls.len()).result()?;
    let parts = client.map(|i| summary(download(urls.at(i))), 0..count);
    client.submit(aggregate(&parts)).result()
}

/// Third style: a task launches tasks. Whatever it waits for, it gives its slot up meanwhile.
#[delayed]
fn inside(origin: &str) -> Result<Summary, Error> {
    let client = get_client()?;
    let urls = client.submit(stations(origin)).result()?;
    let parts = client.map(|url| summary(download(url)), urls);
    client.submit(aggregate(&parts)).result()
}

/// The same, and the slot is given up by hand: needed only for waits that lazygraph does not know of.
#[delayed]
fn inside_by_hand(origin: &str) -> Result<Summary, Error> {
    let client = get_client()?;
    let seceded = secede()?;
    let urls = client.submit(stations(origin)).result()?;
    let parts = client.map(|url| summary(download(url)), urls);
    let parts = client.gather(parts)?;
    rejoin(seceded);
    Ok(aggregate::now(&parts.iter().collect::<Vec<_>>()))
}

/// The same again: `worker_client` secedes, lends the client, and rejoins, whichever way it is left.
#[delayed]
fn inside_worker_client(origin: &str) -> Result<Summary, Error> {
    worker_client(|client| {
        let urls = client.submit(stations(origin)).result()?;
        let parts = client.map(|url| summary(download(url)), urls);
        client.submit(aggregate(&parts)).result()
    })
}

// ------------------------------------------------------------------ where the list comes from

/// What a station has measured, hour by hour.
fn readings(station: usize) -> Vec<i64> {
    let hours = 0..24 + station % 7;
    hours
        .map(|hour| ((station * 37 + hour * 11) % 61) as i64 - 20)
        .collect()
}

/// Serves the names of so many stations at `/stations`, and what each has measured.
fn weather_service(stations: usize) -> std::io::Result<Server> {
    Server::start(move |path| {
        let lines = |lines: Vec<String>| Answer(200, lines.join("\n"));
        if path == "/stations" {
            return lines((0..stations).map(|i| i.to_string()).collect());
        }
        let number = path.strip_prefix("/stations/").and_then(|i| i.parse().ok());
        match number {
            Some(station) if station < stations => {
                thread::sleep(Duration::from_millis(20)); // as networks do
                lines(readings(station).iter().map(i64::to_string).collect())
            }
            _ => Answer(404, String::new()),
        }
    })
}

fn argument(position: usize, name: &str, default: usize) -> Result<usize, String> {
    match std::env::args().nth(position) {
        None => Ok(default),
        Some(text) => match text.parse() {
            Ok(n @ 1..=1000) => Ok(n),
            _ => Err(format!("{name} must be from 1 to 1000, not `{text}`")),
        },
    }
}

fn run() -> Result<(), Box<dyn StdError>> {
    let count = argument(1, "the number of stations", 12)?;
    let slots = argument(2, "the number of slots", 2)?;
    let all: Vec<i64> = (0..count).flat_map(readings).collect();
    let expected = Summary::of(&all);
    println!("{count} stations, {slots} slots\n");
    println!(
        "{:<32}{:>10}{:>10}{:>10}{:>18}",
        "", "mean", "warmest", "time", "requests at once"
    );

    let styles: [(&str, fn(&Client, &str) -> Result<Summary, Error>); 5] = [
        ("the list comes here", list_here),
        ("the list stays there", list_there),
        ("from inside a task", |c, list| {
            c.submit(inside(list)).result()
        }),
        ("the same, secede and rejoin", |c, list| {
            c.submit(inside_by_hand(list)).result()
        }),
        ("the same, worker_client", |c, list| {
            c.submit(inside_worker_client(list)).result()
        }),
    ];
    for (title, style) in styles {
        let server = weather_service(count)?;
        let client = Client::builder().threads(slots).build()?;
        let start = Instant::now();
        let summary = style(&client, &server.origin())?;
        println!(
            "{title:<32}{:>10.2}{:>10}{:>10.0?}{:>18}",
            summary.sum as f64 / summary.readings as f64,
            summary.warmest,
            start.elapsed(),
            server.most_at_once(),
        );
        if summary != expected {
            return Err(format!("{title}: {summary:?}, expected {expected:?}").into());
        }
        let requests = server.requests().len();
        if requests != count + 1 {
            return Err(format!("{title}: {requests} requests, expected {}", count + 1).into());
        }
    }
    Ok(())
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("tasks_from_tasks: {e:#}\nusage: tasks_from_tasks [STATIONS] [SLOTS]");
            ExitCode::FAILURE
        }
    }
}
