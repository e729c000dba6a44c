//! `git http-backend` behind a small HTTP server.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use crate::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::*;

/// How a server behaves.
#[derive(Clone, Default)]
pub struct Manner {
    /// Speaks the oldest protocol, which gives out single commits only if it is told to.
    pub old: bool,
    /// The token without which nothing is given out.
    pub token: Option<&'static str>,
    /// How many requests are answered with 503 first.
    pub busy: usize,
    /// How many requests are cut off in the middle of the answer first, after those.
    pub cut: usize,
    /// Gives a GitHub App the token, or refuses it with these words.
    pub app: Option<Result<(), &'static str>>,
}

pub struct Server {
    pub port: u16,
    pub authorizations: Arc<Mutex<Vec<String>>>,
    pub requests: Arc<AtomicUsize>,
}

impl Server {
    /// Serves the repositories below a folder, to the end of the test's process.
    pub fn start(root: &Path, manner: Manner) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Server {
            port: listener.local_addr().unwrap().port(),
            authorizations: Arc::default(),
            requests: Arc::default(),
        };
        let (authorizations, requests) = (server.authorizations.clone(), server.requests.clone());
        let root = root.to_owned();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (root, manner) = (root.clone(), manner.clone());
                let (authorizations, requests) = (authorizations.clone(), requests.clone());
                thread::spawn(move || {
                    let _ = answer(&stream, &root, &manner, &authorizations, &requests);
                });
            }
        });
        server
    }

    pub fn remote(&self, name: &str) -> Remote {
        Remote::parse(&format!("http://127.0.0.1:{}/{name}", self.port)).unwrap()
    }
}

fn answer(
    mut stream: &TcpStream,
    root: &PathBuf,
    manner: &Manner,
    authorizations: &Mutex<Vec<String>>,
    requests: &AtomicUsize,
) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut words = line.split(' ');
    let (method, target) = (
        words.next().unwrap_or("").to_owned(),
        words.next().unwrap_or("").to_owned(),
    );
    let mut headers = HashMap::default();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            break;
        };
        headers.insert(name.to_lowercase(), value.to_owned());
    }
    let mut body = Vec::new();
    if headers
        .get("transfer-encoding")
        .is_some_and(|coding| coding == "chunked")
    {
        loop {
            let mut size = String::new();
            reader.read_line(&mut size)?;
            let size = usize::from_str_radix(size.trim(), 16).unwrap_or(0);
            let mut piece = vec![0; size + 2];
            reader.read_exact(&mut piece)?;
            if size == 0 {
                break;
            }
            body.extend(&piece[..size]);
        }
    } else {
        let length = headers
            .get("content-length")
            .map_or(0, |length| length.parse().unwrap());
        body.resize(length, 0);
        reader.read_exact(&mut body)?;
    }
    let close = "Connection: close\r\nContent-Length: 0\r\n\r\n";
    let number = requests.fetch_add(1, Ordering::SeqCst);
    if number < manner.busy {
        return write!(stream, "HTTP/1.1 503 Busy\r\n{close}");
    }
    let authorization = headers.get("authorization").cloned();
    authorizations.lock().unwrap().extend(authorization.clone());
    if let Some(issued) = manner
        .app
        .filter(|_| target.starts_with("/app/installations/"))
    {
        let asked = String::from_utf8_lossy(&body);
        authorizations
            .lock()
            .unwrap()
            .push(format!("{method} {target} {asked}"));
        let (status, said) = match issued {
            Ok(()) => ("201 Created", serde_json::json!({ "token": manner.token })),
            Err(words) => ("422 No", serde_json::json!({ "message": words })),
        };
        let said = said.to_string();
        let length = said.len();
        return write!(
            stream,
            "HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{said}"
        );
    }
    if let Some(token) = manner.token {
        let wanted = format!(
            "Basic {}",
            STANDARD.encode(format!("x-access-token:{token}"))
        );
        if authorization.as_deref() != Some(&wanted) {
            return write!(
                stream,
                "HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=\"git\"\r\n{close}"
            );
        }
    }
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let mut command = Command::new("git");
    command
        .arg("http-backend")
        .env("GIT_PROJECT_ROOT", root)
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("PATH_INFO", path)
        .env("QUERY_STRING", query)
        .env("REQUEST_METHOD", &method)
        .env(
            "CONTENT_TYPE",
            headers.get("content-type").map_or("", String::as_str),
        )
        .env(
            "HTTP_CONTENT_ENCODING",
            headers.get("content-encoding").map_or("", String::as_str),
        )
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    if let Some(protocol) = headers.get("git-protocol").filter(|_| !manner.old) {
        command.env("GIT_PROTOCOL", protocol);
    }
    let mut child = command.spawn()?;
    let mut stdin = child.stdin.take().unwrap();
    let writer = thread::spawn(move || drop(stdin.write_all(&body)));
    let output = child.wait_with_output()?;
    let _ = writer.join();
    let split = output
        .stdout
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .unwrap_or(0);
    let (head, content) = output.stdout.split_at(split);
    let head = String::from_utf8_lossy(head);
    let status = head
        .lines()
        .find_map(|line| line.strip_prefix("Status: "))
        .unwrap_or("200 OK");
    let content = content.get(4..).unwrap_or_default();
    write!(
        stream,
        "HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {}\r\n",
        content.len()
    )?;
    for line in head.lines().filter(|line| !line.starts_with("Status: ")) {
        write!(stream, "{line}\r\n")?;
    }
    stream.write_all(b"\r\n")?;
    let cut = number < manner.busy + manner.cut;
    stream.write_all(if cut {
        &content[..content.len() / 2]
    } else {
        content
    })
}
