//! What the examples need of HTTP/1.1, by std alone: a server on loopback, and `get`.

use std::{
    fmt,
    io::{self, BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

/// What a server says: a status, and a text.
pub(crate) struct Answer(pub(crate) u16, pub(crate) String);

/// Answers requests on a port of its own, each on a thread of its own, until it is dropped.
pub(crate) struct Server {
    address: SocketAddr,
    state: Arc<State>,
    accepting: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct State {
    stopped: AtomicBool,
    open: AtomicUsize,
    most: AtomicUsize,
    paths: Mutex<Vec<String>>,
}

impl Server {
    /// Starts it. `answer` is given the path, like `/a/b`.
    pub(crate) fn start(
        answer: impl Fn(&str) -> Answer + Send + Sync + 'static,
    ) -> io::Result<Server> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let state = Arc::<State>::default();
        let (shared, answer) = (state.clone(), Arc::new(answer));
        let accepting = thread::spawn(move || {
            for stream in listener.incoming() {
                if shared.stopped.load(SeqCst) {
                    break;
                }
                let Ok(stream) = stream else { continue };
                let (shared, answer) = (shared.clone(), answer.clone());
                // A client that goes away is no concern of ours.
                thread::spawn(move || _ = shared.serve(&stream, &*answer));
            }
        });
        Ok(Server {
            address,
            state,
            accepting: Some(accepting),
        })
    }

    /// What the addresses of its pages begin with: `http://` and where it listens.
    pub(crate) fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The paths that were asked for, in the order of the requests.
    pub(crate) fn requests(&self) -> Vec<String> {
        let paths = self.state.paths.lock();
        paths.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How many requests were open at one time, at most.
    pub(crate) fn most_at_once(&self) -> usize {
        self.state.most.load(SeqCst)
    }
}

impl State {
    fn serve(&self, stream: &TcpStream, answer: &impl Fn(&str) -> Answer) -> io::Result<()> {
        let mut lines = BufReader::new(stream).lines();
        let request = lines.next().unwrap_or(Ok(String::new()))?;
        while lines.next().transpose()?.is_some_and(|l| !l.is_empty()) {}
        let path = request.split(' ').nth(1).unwrap_or("/");
        let paths = self.paths.lock();
        paths
            .unwrap_or_else(PoisonError::into_inner)
            .push(path.to_owned());
        self.most
            .fetch_max(self.open.fetch_add(1, SeqCst) + 1, SeqCst);
        let Answer(status, text) = answer(path);
        self.open.fetch_sub(1, SeqCst);
        let mut stream = stream;
        write!(
            stream,
            "HTTP/1.1 {status} -\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{text}",
            text.len()
        )
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.state.stopped.store(true, SeqCst);
        // Wakes it up, to see that.
        let _ = TcpStream::connect(self.address);
        if let Some(accepting) = self.accepting.take() {
            let _ = accepting.join();
        }
    }
}

/// Why there is no text.
#[derive(Debug)]
pub(crate) enum HttpError {
    /// The server has answered, but not with 200.
    Status(u16),
    /// There was no answer, or none that could be understood.
    Io(io::Error),
    /// The task was told to stop.
    Stopped(lazygraph::Error),
}

/// Fetches a text, and blocks its thread meanwhile. It looks up now and then: a task that was cancelled, or has reached
/// its timeout, stops waiting.
pub(crate) fn get(url: &str) -> Result<String, HttpError> {
    let invalid = |what| HttpError::Io(io::Error::new(io::ErrorKind::InvalidData, what));
    let rest = url
        .strip_prefix("http://")
        .ok_or_else(|| invalid("not http://"))?;
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let mut stream = TcpStream::connect(host)?;
    stream.set_read_timeout(Some(Duration::from_millis(20)))?;
    write!(
        stream,
        "GET /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    )?;
    let (mut answer, mut part) = (Vec::new(), [0; 4096]);
    loop {
        match stream.read(&mut part) {
            Ok(0) => break,
            Ok(n) => answer.extend_from_slice(&part[..n]),
            Err(e) if is_timeout(&e) => lazygraph::check().map_err(HttpError::Stopped)?,
            Err(e) => return Err(e.into()),
        }
    }
    let answer = String::from_utf8(answer).map_err(|_| invalid("not UTF-8"))?;
    let (head, body) = answer
        .split_once("\r\n\r\n")
        .ok_or_else(|| invalid("no end of the head"))?;
    let status = head.split(' ').nth(1).and_then(|s| s.parse().ok());
    match status.ok_or_else(|| invalid("no status"))? {
        200 => Ok(body.to_owned()),
        status => Err(HttpError::Status(status)),
    }
}

fn is_timeout(e: &io::Error) -> bool {
    matches!(
        e.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted
    )
}

impl From<io::Error> for HttpError {
    fn from(e: io::Error) -> Self {
        HttpError::Io(e)
    }
}

impl fmt::Display for HttpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HttpError::Status(status) => write!(f, "the server says {status}"),
            HttpError::Io(e) => write!(f, "{e}"),
            HttpError::Stopped(e) => write!(f, "{e}"),
        }
    }
}

impl std::error::Error for HttpError {}
