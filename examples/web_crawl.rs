//! Crawls a site: which pages there are is found out on the way, so the graph grows while it is worked on.
//!
//! Each page is a task. `as_completed` gives the pages as they come, and the loop pushes a task for each link that is
//! new. A page that fails is tried again; one that hangs is given up; a link that leads nowhere is part of the result.
//!
//! The site is made and served by this program, and its pages misbehave as pages do; so the summary can be checked.
//!
//! ```text
//! cargo run --release --example web_crawl              # 60 pages, 8 connections
//! cargo run --release --example web_crawl -- 500 32    # more of both
//! ```

mod http;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    error::Error as StdError,
    process::ExitCode,
    sync::Mutex,
    thread,
    time::{Duration, Instant},
};

use http::{Answer, HttpError, Server};
use lazygraph::{Client, ErrorKind, as_completed, prelude::*};

/// What came of a page that the server has answered for.
#[derive(Clone, Debug)]
enum Page {
    /// The addresses on it.
    Links(Vec<String>),
    /// There is none: an answer like any other, and no reason to try again.
    Missing,
}

/// Fetches a page and reads the links on it. A failure, and a second without an answer, is worth another try.
#[delayed(retries = 2, timeout = "1s")]
fn visit(url: &str) -> Result<Page, HttpError> {
    match http::get(url) {
        Ok(text) => Ok(Page::Links(links(&text))),
        Err(HttpError::Status(404)) => Ok(Page::Missing),
        Err(e) => Err(e),
    }
}

fn links(text: &str) -> Vec<String> {
    let after = text.split("href=\"").skip(1);
    let links = after.filter_map(|rest| rest.split('"').next());
    links.map(str::to_owned).collect()
}

/// What the crawl has found; pages by their paths.
#[derive(Debug, Default, PartialEq)]
struct Summary {
    pages: BTreeSet<String>,
    missing: BTreeSet<String>,
    failed: BTreeMap<String, ErrorKind>,
}

/// Visits everything below `origin` that links lead to, each once.
fn crawl(client: &Client, origin: &str) -> Summary {
    let mut found = Summary::default();
    // A label, to know what a future was for.
    let start = |path: &str| {
        let call = visit(format!("{origin}{path}")).named(path);
        client.submit(call.backoff(Duration::from_millis(10)))
    };
    let mut seen = HashSet::from(["/".to_owned()]);
    let mut visits = as_completed([start("/")]);
    while let Some(visit) = visits.next() {
        let path = visit.name();
        match visit.result() {
            Ok(Page::Links(links)) => {
                found.pages.insert(path);
                for link in links {
                    let here = link.strip_prefix(origin).unwrap_or(&link);
                    if here.starts_with('/') && seen.insert(here.to_owned()) {
                        visits.push(start(here));
                    }
                }
            }
            Ok(Page::Missing) => {
                found.missing.insert(path);
            }
            Err(e) => {
                println!("  {path}: {e:#}");
                found.failed.insert(path, e.kind());
            }
        }
    }
    found
}

// ------------------------------------------------------------------ the site

/// A site of `pages` pages, `/` and `/1`, `/2`, ..: a tree, with links across it, back, out of the site, and to nowhere.
#[derive(Clone, Copy)]
struct Site {
    pages: usize,
}

impl Site {
    fn path(page: usize) -> String {
        match page {
            0 => "/".into(),
            _ => format!("/{page}"),
        }
    }

    /// Answers with 503 at first.
    fn is_shaky(page: usize) -> bool {
        page % 7 == 5
    }

    /// Answers with 500 whenever it is asked.
    fn is_broken(self, page: usize) -> bool {
        page + 1 == self.pages && page > 0
    }

    /// Takes longer than anybody would wait.
    fn is_slow(self, page: usize) -> bool {
        page + 2 == self.pages && page > 0
    }

    fn has_dead_link(page: usize) -> bool {
        page % 10 == 3
    }

    fn text(self, page: usize) -> String {
        let below = [2 * page + 1, 2 * page + 2, page * 7 % self.pages, page / 2];
        let below = below.into_iter().filter(|&other| other < self.pages);
        let mut links: Vec<String> = below.map(Site::path).collect();
        links.push("https://elsewhere.example/".into());
        if Site::has_dead_link(page) {
            links.push(format!("/{page}/gone"));
        }
        let anchor = |link: &String| format!("<a href=\"{link}\">{link}</a>\n");
        links.iter().map(anchor).collect()
    }

    fn serve(self) -> std::io::Result<Server> {
        let asked = Mutex::new(HashMap::<usize, u32>::new());
        Server::start(move |path| {
            let number = path.strip_prefix('/').unwrap_or(path);
            let page = if number.is_empty() {
                Some(0)
            } else {
                number.parse().ok()
            };
            let Some(page) = page.filter(|page| *page < self.pages) else {
                return Answer(404, String::new());
            };
            let times = {
                let mut asked = asked.lock().expect("nobody panics with it");
                *asked.entry(page).and_modify(|n| *n += 1).or_insert(1)
            };
            if self.is_broken(page) {
                return Answer(500, String::new());
            }
            if Site::is_shaky(page) && times == 1 {
                return Answer(503, String::new());
            }
            let wait = if self.is_slow(page) { 5000 } else { 5 };
            thread::sleep(Duration::from_millis(wait));
            Answer(200, self.text(page))
        })
    }

    /// What a crawl should find.
    fn summary(self) -> Summary {
        let fails = |page| self.is_broken(page) || self.is_slow(page);
        let good = || (0..self.pages).filter(|&page| !fails(page));
        let dead = good().filter(|&page| Site::has_dead_link(page));
        let kind = |page| match self.is_slow(page) {
            true => ErrorKind::Timeout,
            false => ErrorKind::Failed,
        };
        let failed = (0..self.pages).filter(|&page| fails(page));
        Summary {
            pages: good().map(Site::path).collect(),
            missing: dead.map(|page| format!("/{page}/gone")).collect(),
            failed: failed.map(|page| (Site::path(page), kind(page))).collect(),
        }
    }

    /// How often it should be asked: once for each page and each dead link, and for tries again.
    fn requests(self) -> usize {
        let summary = self.summary();
        let shaky = (0..self.pages)
            .filter(|&page| Site::is_shaky(page) && !self.is_broken(page) && !self.is_slow(page));
        summary.pages.len() + shaky.count() + summary.missing.len() + 3 * summary.failed.len()
    }
}

fn argument(position: usize, name: &str, default: usize) -> Result<usize, String> {
    match std::env::args().nth(position) {
        None => Ok(default),
        Some(text) => match text.parse() {
            Ok(n @ 1..=10_000) => Ok(n),
            _ => Err(format!("{name} must be from 1 to 10000, not `{text}`")),
        },
    }
}

fn run() -> Result<(), Box<dyn StdError>> {
    let site = Site {
        pages: argument(1, "the number of pages", 60)?,
    };
    let connections = argument(2, "the number of connections", 8)?;
    // A visit blocks its thread: as many slots as there may be connections.
    let client = Client::builder().threads(connections).build()?;
    let server = site.serve()?;
    println!("crawling {}, {connections} connections", server.origin());

    let start = Instant::now();
    let found = crawl(&client, &server.origin());
    let time = start.elapsed();

    println!("{:>8}  pages", found.pages.len());
    println!("{:>8}  dead links", found.missing.len());
    println!("{:>8}  pages failed", found.failed.len());
    println!("{:>8}  requests", server.requests().len());
    println!("{:>8}  requests at once, at most", server.most_at_once());
    println!("{:>8.0?}", time);
    if found != site.summary() {
        return Err(format!("expected {:#?}, found {found:#?}", site.summary()).into());
    }
    let requests = server.requests().len();
    if requests != site.requests() {
        return Err(format!("{requests} requests, expected {}", site.requests()).into());
    }
    Ok(())
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("web_crawl: {e:#}\nusage: web_crawl [PAGES] [CONNECTIONS]");
            ExitCode::FAILURE
        }
    }
}
