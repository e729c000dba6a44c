//! Sessions of roles that end in the middle of a deployment: the real CDK CLI and the AWS SDKs assume the roles again.
#![cfg(feature = "cloud")]

use std::collections::HashMap;
use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use crate::deploy::{DEV, Shop, stage, text};
use serde_json::Value;

const REGION: &str = "us-east-1";
/// So long a session lasts here; an hour at AWS.
const SESSION: Duration = Duration::from_secs(10);

/// What has happened at the gate.
#[derive(Default)]
struct Seen {
    /// When the keys of a session were given out, by the key's id, and for which role.
    issued: HashMap<String, (Instant, String)>,
    /// Roles, each time one was assumed.
    assumed: Vec<String>,
    /// Calls with keys of a session that was over.
    late: usize,
    /// When the last call with keys of a session was let through.
    last: Option<Instant>,
}

/// Stands in front of an emulator of AWS, whose sessions never end: here they end soon, are told to, and are refused afterwards, as STS and AWS do.
struct Gate {
    url: String,
    seen: Arc<Mutex<Seen>>,
}

impl Gate {
    fn start(upstream: &str) -> Gate {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let upstream = upstream.trim_start_matches("http://").to_owned();
        let seen: Arc<Mutex<Seen>> = Arc::default();
        let own = seen.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (upstream, seen) = (upstream.clone(), own.clone());
                thread::spawn(move || pass(stream, &upstream, &seen));
            }
        });
        Gate { url, seen }
    }
}

/// One request and its answer. Whoever asks is told to close, so the next one comes by a connection of its own.
fn pass(mut client: TcpStream, upstream: &str, seen: &Mutex<Seen>) -> Option<()> {
    let (head, body) = read(&mut client)?;
    let now = Instant::now();
    if let Some(key) = head
        .split_once("Credential=")
        .and_then(|(_, rest)| rest.split('/').next())
    {
        let mut seen = seen.lock().unwrap();
        if let Some((issued, _)) = seen.issued.get(key) {
            if now.duration_since(*issued) > SESSION {
                seen.late += 1;
                drop(seen);
                let body = "<ErrorResponse><Error><Type>Sender</Type><Code>ExpiredToken</Code><Message>The security token included in the request is expired</Message></Error></ErrorResponse>";
                let answer = format!(
                    "HTTP/1.1 403 Forbidden\r\nContent-Type: text/xml\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                    body.len()
                );
                return client.write_all(answer.as_bytes()).ok();
            }
            seen.last = Some(now);
        }
    }
    // Each stack takes longer than a session lasts.
    let slow = b"Action=ExecuteChangeSet";
    if body.windows(slow.len()).any(|part| part == slow) {
        thread::sleep(SESSION + Duration::from_secs(1));
    }
    let mut server = TcpStream::connect(upstream).ok()?;
    let lines = head.lines().filter(|line| {
        let name = line.split(':').next().unwrap_or("").to_lowercase();
        name != "connection" && name != "expect"
    });
    let head: String = lines
        .filter(|line| !line.is_empty())
        .map(|line| format!("{line}\r\n"))
        .collect();
    server
        .write_all(format!("{head}Connection: close\r\n\r\n").as_bytes())
        .ok()?;
    server.write_all(&body).ok()?;
    let (head, body) = read_to_end(&mut server)?;
    let asked = String::from_utf8_lossy(&body).into_owned();
    let body = match asked.contains("<Expiration>") {
        true => shorten(&asked, now, seen).into_bytes(),
        false => body,
    };
    let kept = head.lines().filter(|line| {
        let name = line.split(':').next().unwrap_or("").to_lowercase();
        !line.is_empty() && !["connection", "content-length", "transfer-encoding"].contains(&&*name)
    });
    let mut answer: String = kept.map(|line| format!("{line}\r\n")).collect();
    // A HEAD says how long the body would be, and has none.
    let length = head
        .lines()
        .find_map(|line| {
            line.to_lowercase()
                .strip_prefix("content-length:")?
                .trim()
                .parse()
                .ok()
        })
        .filter(|_| body.is_empty())
        .unwrap_or(body.len());
    answer.push_str(&format!(
        "Content-Length: {length}\r\nConnection: close\r\n\r\n"
    ));
    client.write_all(answer.as_bytes()).ok()?;
    client.write_all(&body).ok()
}

/// The answer of `AssumeRole` or `AssumeRoleWithWebIdentity`, with an end that is near.
fn shorten(answer: &str, now: Instant, seen: &Mutex<Seen>) -> String {
    let of = |name: &str| {
        let (_, rest) = answer.split_once(&format!("<{name}>"))?;
        rest.split_once(&format!("</{name}>")).map(|(text, _)| text)
    };
    let end = jiff::Timestamp::now() + SESSION;
    let (key, role) = (of("AccessKeyId").unwrap(), of("Arn").unwrap_or_default());
    let mut seen = seen.lock().unwrap();
    seen.issued.insert(key.to_owned(), (now, role.to_owned()));
    seen.assumed.push(role.to_owned());
    let old = of("Expiration").unwrap();
    answer.replace(old, &format!("{end:.0}"))
}

/// Head and body of a message, of which the length is known.
fn read(stream: &mut TcpStream) -> Option<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 64 * 1024];
    loop {
        if let Some((head, at)) = head_of(&bytes) {
            let length = head.lines().find_map(|line| {
                let line = line.to_lowercase();
                line.strip_prefix("content-length:")?
                    .trim()
                    .parse::<usize>()
                    .ok()
            });
            if bytes.len() >= at + length.unwrap_or(0) {
                return Some((head, bytes.split_off(at)));
            }
            if bytes.len() == at && head.to_lowercase().contains("100-continue") {
                stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").ok()?;
            }
        }
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => return None,
            Ok(count) => bytes.extend_from_slice(&buffer[..count]),
        }
    }
}

fn read_to_end(stream: &mut TcpStream) -> Option<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).ok()?;
    let (head, at) = head_of(&bytes)?;
    let body = bytes.split_off(at);
    match head.to_lowercase().contains("transfer-encoding: chunked") {
        true => Some((head, dechunk(&body))),
        false => Some((head, body)),
    }
}

fn head_of(bytes: &[u8]) -> Option<(String, usize)> {
    let at = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    Some((String::from_utf8_lossy(&bytes[..at]).into_owned(), at + 4))
}

fn dechunk(mut body: &[u8]) -> Vec<u8> {
    let mut whole = Vec::new();
    while let Some(at) = body.windows(2).position(|window| window == b"\r\n") {
        let size = String::from_utf8_lossy(&body[..at]);
        let size = usize::from_str_radix(size.split(';').next().unwrap().trim(), 16).unwrap_or(0);
        if size == 0 {
            break;
        }
        whole.extend_from_slice(&body[at + 2..at + 2 + size]);
        body = &body[at + 4 + size..];
    }
    whole
}

/// 7.2, 7.5: a pod's web identity assumes the environment's role, and that the CDK's; sessions end several times while stacks are deployed, and nobody notices.
#[test]
fn req_7_2_sessions_that_end_in_the_middle_of_a_deployment_are_made_anew() {
    let test = "req_7_2_sessions_that_end_in_the_middle_of_a_deployment_are_made_anew";
    let role = format!("arn:aws:iam::{DEV}:role/deploy");
    let dev = format!(
        "  environment dev {{\n    account = \"{DEV}\"\n    region = \"{REGION}\"\n    role = \"{role}\"\n    env = {{ STAGE = \"dev\" }}\n    \
         stack Network {{ output VpcId }}\n    stack Api {{ output Url }}\n  }}"
    );
    let Some(shop) = Shop::new(test, &dev) else {
        return;
    };
    shop.bootstrap(DEV, REGION);
    let gate = Gate::start(&shop.aws.url);
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    fs::write(&token, "header.claims.signature").unwrap();
    let mut command = shop.command(Path::new(env!("CARGO_BIN_EXE_aphex")), DEV, REGION);
    command
        .args(["run", "--deploy"])
        .env("AWS_ENDPOINT_URL", &gate.url)
        .env_remove("AWS_ACCESS_KEY_ID")
        .env_remove("AWS_SECRET_ACCESS_KEY")
        .env("AWS_ROLE_ARN", format!("arn:aws:iam::{DEV}:role/pod"))
        .env("AWS_WEB_IDENTITY_TOKEN_FILE", &token);
    let output = command.output().unwrap();
    let said = text(&output);
    let assumed = gate.seen.lock().unwrap().assumed.clone();
    assert!(output.status.success(), "{assumed:?} {said}");
    assert_eq!(shop.stacks(DEV, REGION), ["Api", "Network"]);
    let record = last_record(&shop);
    let outputs = &stage(&record, "dev/deploy")["tries"][0]["outputs"];
    assert_eq!(outputs["dev.Network"]["VpcId"], "vpc-dev", "{outputs:#}");

    let seen = gate.seen.lock().unwrap();
    let times = |name: &str| {
        let is = |arn: &&String| arn.contains(name);
        seen.assumed.iter().filter(is).count()
    };
    for name in ["/pod/", "/deploy/", "deploy-role"] {
        assert!(times(name) >= 2, "{name}: {:?}", seen.assumed);
    }
    let first = seen.issued.values().map(|(at, _)| *at).min().unwrap();
    let whole = seen.last.unwrap().duration_since(first);
    assert!(whole > 2 * SESSION, "{whole:?}: {:?}", seen.assumed);
}

fn last_record(shop: &Shop) -> Value {
    let mut records = super::files(&shop.path().join(".aphex/store/runs"));
    records.retain(|path| path.ends_with("record.json"));
    serde_json::from_slice(&fs::read(records.last().unwrap()).unwrap()).unwrap()
}
