//! Notifications and metrics, received by real HTTP servers and by an emulator of AWS.
//!
//! A test whose name begins with `req_` proves the criterion of that number.
#![cfg(feature = "cloud")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::ministack::Ministack;
use aphex::cloud::aws::cloudwatch::{Metric, put};
use aphex::cloud::aws::{Access, Aws, Profile, sns};
use aphex::cloud::http::{Request, send};
use aphex::cloud::tries::Limits;
use aphex::model::NotifyOn;
use aphex::stage::notify::{Comment, News, Parcel, deliver, keep_comment, slack, status, webhook};
use aphex::stage::record::Outcome;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

/// What a server was asked.
#[derive(Clone, Debug)]
struct Asked {
    line: String,
    headers: Vec<(String, String)>,
    body: String,
}

impl Asked {
    fn header(&self, name: &str) -> &str {
        let mut headers = self.headers.iter();
        headers
            .find(|(other, _)| other == name)
            .map_or("", |(_, value)| value)
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// A server that remembers what it is asked, and answers each request as it is told.
struct Server {
    url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Server {
    fn start(answer: impl Fn(usize, &Asked) -> String + Send + Sync + 'static) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://127.0.0.1:{}", listener.local_addr().unwrap().port());
        let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let seen = asked.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let request = read(&stream);
                let count = {
                    let mut seen = seen.lock().unwrap();
                    seen.push(request.clone());
                    seen.len()
                };
                let _ = stream.write_all(answer(count, &request).as_bytes());
            }
        });
        Server { url, asked }
    }

    fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

fn read(stream: &TcpStream) -> Asked {
    let mut reader = BufReader::new(stream);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if line.trim().is_empty() {
            break;
        }
        lines.push(line.trim().to_owned());
    }
    let headers: Vec<(String, String)> = lines
        .iter()
        .skip(1)
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length = length.map_or(0, |(_, value)| value.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    Asked {
        line: lines.first().cloned().unwrap_or_default(),
        headers,
        body: String::from_utf8(body).unwrap(),
    }
}

fn answer(status: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}

fn news() -> News {
    News {
        on: NotifyOn::Failure,
        outcome: Some(Outcome::Failed),
        pipeline: "shop".into(),
        repository: "acme/shop".into(),
        commit: "0123456789abcdef0123456789abcdef01234567".into(),
        run: "shop-7".into(),
        title: "shop: dev/deploy failed".into(),
        lines: vec![
            "push to main, by octocat".into(),
            "<!channel> & A0952: it broke".into(),
        ],
        link: Some("https://argo.example.com/workflows/x".into()),
        at: 1_900_000_000,
    }
}

/// Quick, so that what is slow fails within a test.
fn limits() -> Limits {
    Limits {
        call: Duration::from_millis(700),
        total: Duration::from_secs(3),
        wait: Duration::from_millis(20),
    }
}

#[test]
fn req_8_5_a_slack_message_calls_nobody_and_keeps_to_the_limits() {
    let server = Server::start(|_, _| answer("200 OK", "ok"));
    let mut long = news();
    long.title = "x".repeat(400);
    long.lines = vec!["<&>".repeat(3000)];
    let parcels = [
        Parcel::Http(slack(
            &format!("{}/services/T/B/x\n", server.url),
            Some("#ops"),
            &news(),
        )),
        Parcel::Http(slack(&server.url, None, &long)),
    ];
    assert_eq!(deliver(&parcels, limits()), [Ok(()), Ok(())]);
    let asked = server.asked();
    let is_first = |asked: &&Asked| asked.line.starts_with("POST /services/T/B/x ");
    let first = asked.iter().find(is_first).unwrap();
    assert_eq!(first.header("content-type"), "application/json");
    let message = first.json();
    assert_eq!(message["channel"], "#ops");
    assert_eq!(message["text"], "shop: dev/deploy failed");
    assert_eq!(message["blocks"][0]["type"], "header");
    assert_eq!(message["blocks"][0]["text"]["type"], "plain_text");
    assert_eq!(message["blocks"][1]["text"]["type"], "mrkdwn");
    let text = message["blocks"][1]["text"]["text"].as_str().unwrap();
    assert!(text.contains("&lt;!channel&gt; &amp; A0952"), "{text}");
    let context = message["blocks"][2]["elements"][0]["text"]
        .as_str()
        .unwrap();
    assert!(
        context.contains("<https://argo.example.com/workflows/x|open the run>"),
        "{context}"
    );
    let long = asked.iter().find(|asked| !is_first(asked)).unwrap().json();
    assert!(
        long["blocks"][0]["text"]["text"]
            .as_str()
            .unwrap()
            .chars()
            .count()
            <= 150
    );
    assert!(
        long["blocks"][1]["text"]["text"]
            .as_str()
            .unwrap()
            .chars()
            .count()
            <= 3000
    );
    assert_eq!(long["channel"], Value::Null);
}

#[test]
fn req_8_5_a_webhook_is_signed_with_its_time() {
    let server = Server::start(|_, _| answer("204 No Content", ""));
    let parcel = Parcel::Http(webhook(&server.url, Some("a key"), &news()));
    assert_eq!(deliver(&[parcel], limits()), [Ok(())]);
    let asked = server.asked().remove(0);
    assert_eq!(asked.header("x-aphex-event"), "failure");
    assert_eq!(asked.header("x-aphex-delivery"), "shop-7-failure");
    // As docs/notifications.md says to check it.
    let mut mac = Hmac::<Sha256>::new_from_slice(b"a key").unwrap();
    mac.update(asked.header("x-aphex-timestamp").as_bytes());
    mac.update(b".");
    mac.update(asked.body.as_bytes());
    let digest: String = mac
        .finalize()
        .into_bytes()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert_eq!(
        asked.header("x-aphex-signature-256"),
        format!("sha256={digest}")
    );
    let body = asked.json();
    assert_eq!(body["outcome"], "failed");
    assert_eq!(body["run"], "shop-7");
    let open = webhook(&server.url, None, &news());
    assert!(
        !open
            .headers
            .iter()
            .any(|(name, _)| name.contains("Signature"))
    );
}

#[test]
fn req_8_5_a_commit_has_a_status() {
    let server = Server::start(|_, _| answer("201 Created", "{}"));
    let cases = [
        (NotifyOn::Failure, Some(Outcome::Failed), "failure"),
        (NotifyOn::Failure, Some(Outcome::Rejected), "error"),
        (NotifyOn::Recovered, Some(Outcome::Succeeded), "success"),
        (NotifyOn::Approval, None, "pending"),
    ];
    for (on, outcome, state) in cases {
        let news = News {
            on,
            outcome,
            title: "y".repeat(300),
            ..news()
        };
        let parcel = Parcel::Http(status(&server.url, "ghp_x\n", "deploy/shop", &news));
        assert_eq!(deliver(&[parcel], limits()), [Ok(())]);
        let asked = server.asked().pop().unwrap();
        assert_eq!(
            asked.line,
            "POST /repos/acme/shop/statuses/0123456789abcdef0123456789abcdef01234567 HTTP/1.1"
        );
        assert_eq!(asked.header("authorization"), "Bearer ghp_x");
        assert_eq!(asked.header("accept"), "application/vnd.github+json");
        assert!(asked.header("user-agent").starts_with("aphex/"));
        let body = asked.json();
        assert_eq!(body["state"], state);
        assert_eq!(body["context"], "deploy/shop");
        assert_eq!(body["target_url"], "https://argo.example.com/workflows/x");
        assert_eq!(body["description"].as_str().unwrap().chars().count(), 140);
    }
}

fn comment(text: &str) -> Comment {
    Comment {
        repository: "acme/shop".into(),
        number: 12,
        pipeline: "shop".into(),
        text: text.into(),
    }
}

#[test]
fn a_pull_request_has_one_comment_which_is_found_again() {
    let comments: Arc<Mutex<Vec<Value>>> = Arc::default();
    // Others have said a lot, one of them with the marker in the middle.
    comments
        .lock()
        .unwrap()
        .extend((1..=70).map(|id| json!({ "id": id, "body": "x <!-- aphex: shop -->" })));
    let kept = comments.clone();
    let server = Server::start(move |_, asked| {
        let mut kept = kept.lock().unwrap();
        let path = asked.line.split(' ').nth(1).unwrap();
        if asked
            .line
            .starts_with("GET /repos/acme/shop/issues/12/comments?per_page=50")
        {
            let page: usize = path.rsplit_once("page=").unwrap().1.parse().unwrap();
            let page: Vec<&Value> = kept.iter().skip(50 * (page - 1)).take(50).collect();
            return answer("200 OK", &json!(page).to_string());
        }
        let body = asked.json()["body"].clone();
        if asked
            .line
            .starts_with("POST /repos/acme/shop/issues/12/comments ")
        {
            let id = kept.len() + 1;
            kept.push(json!({ "id": id, "body": body }));
            return answer("201 Created", "{}");
        }
        assert!(asked.line.starts_with("PATCH "), "{}", asked.line);
        let id: u64 = path
            .rsplit_once("/issues/comments/")
            .unwrap()
            .1
            .parse()
            .unwrap();
        let own = kept.iter_mut().find(|comment| comment["id"] == id).unwrap();
        own["body"] = body;
        answer("200 OK", "{}")
    });
    for text in ["first", "second"] {
        keep_comment(&server.url, "ghp_x", &comment(text), limits()).unwrap();
    }
    let comments = comments.lock().unwrap();
    assert_eq!(comments.len(), 71);
    assert_eq!(comments[70]["body"], "<!-- aphex: shop -->\nsecond");
}

#[test]
fn req_8_5_what_fails_is_tried_again_and_hides_nothing_else() {
    let busy = Server::start(|count, _| match count {
        1 => answer("503 Service Unavailable", ""),
        2 => answer("429 Too Many Requests", ""),
        _ => answer("200 OK", "ok"),
    });
    let refusing = Server::start(|_, _| answer("403 Forbidden", "invalid_token"));
    let elsewhere = Server::start(|_, _| answer("200 OK", "ok"));
    let target = elsewhere.url.clone();
    let moved = Server::start(move |_, _| {
        format!(
            "HTTP/1.1 302 Found\r\nLocation: {target}/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        )
    });
    let silent = Server::start(|_, _| {
        thread::sleep(Duration::from_secs(5));
        String::new()
    });
    let huge = Server::start(|_, _| answer("200 OK", &"x".repeat(20 << 20)));
    let odd = Server::start(|_, _| "what?\r\n\r\n".to_owned());
    let to = |url: &str| Parcel::Http(slack(&format!("{url}/services/hush"), None, &news()));
    let parcels = [
        to(&silent.url),
        to("http://127.0.0.1:9"),
        to(&refusing.url),
        to(&moved.url),
        to(&odd.url),
        to("http://example.com"),
        to(&huge.url),
        to(&busy.url),
    ];
    let began = Instant::now();
    let results = deliver(&parcels, limits());
    assert!(
        began.elapsed() < Duration::from_secs(8),
        "{:?}",
        began.elapsed()
    );
    let said: Vec<String> = results
        .iter()
        .map(|result| result.clone().err().unwrap_or_default())
        .collect();
    assert_eq!(said[0], "`127.0.0.1`: no answer in time");
    assert!(!said[1].is_empty());
    assert_eq!(said[2], "the server answered 403");
    assert_eq!(said[3], "the server answered 302");
    assert!(!said[4].is_empty());
    assert_eq!(said[5], "the address is not one of HTTPS");
    assert_eq!(said[6..], ["", ""]);
    assert!(said.iter().all(|said| !said.contains("hush")), "{said:?}");
    assert_eq!(busy.asked().len(), 3);
    assert_eq!(refusing.asked().len(), 1);
    // The address with its secret went nowhere else.
    assert!(elsewhere.asked().is_empty());
}

#[test]
fn an_error_of_http_shows_nothing_of_its_request() {
    let request = Request {
        method: "POST",
        url: "https://hush hush.example.com/".into(),
        headers: vec![("Authorization", "hush".into())],
        body: String::new(),
    };
    let problem = send(&request, Duration::from_secs(1)).unwrap_err();
    assert!(!problem.contains("hush"), "{problem}");
}

fn aws(folder: &std::path::Path, url: &str) -> Aws {
    let file = folder.join("config");
    let text = format!(
        "[profile test]\nregion = us-east-1\nendpoint_url = {url}\naws_access_key_id = 111122223333\naws_secret_access_key = testing\n"
    );
    std::fs::write(&file, text).unwrap();
    let profile = Profile {
        file,
        name: "test".to_owned(),
    };
    Aws::new(&Access {
        region: None,
        profile: Some(profile),
        ..Access::default()
    })
    .unwrap()
}

#[test]
fn req_8_3_metrics_are_read_back_from_cloudwatch() {
    let Some(ministack) = Ministack::start("req_8_3_metrics_are_read_back_from_cloudwatch") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let aws = aws(folder.path(), &ministack.url);
    let metrics: Vec<Metric> = (0..1001)
        .map(|number| Metric {
            name: "Failed",
            dimensions: vec![
                ("Pipeline", "shop".to_owned()),
                ("Environment", format!("env-{number}")),
            ],
            is_time: false,
            value: 1.0,
        })
        .collect();
    put(&aws, "Aphex", jiff::Timestamp::now().as_second(), &metrics).unwrap();
    let path = "/?Action=ListMetrics&Version=2010-08-01&Namespace=Aphex&MetricName=Failed";
    let (code, body) = ministack.ask("111122223333", "monitoring", "GET", path);
    assert_eq!(code, 200, "{body}");
    assert!(
        body.contains("env-0") && body.contains("Pipeline"),
        "{body}"
    );
}

#[test]
fn req_8_5_a_topic_is_told_through_sns() {
    let Some(ministack) = Ministack::start("req_8_5_a_topic_is_told_through_sns") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let aws = aws(folder.path(), &ministack.url);
    let path = "/?Action=CreateTopic&Version=2010-03-31&Name=ops";
    let (code, body) = ministack.ask("111122223333", "sns", "POST", path);
    assert_eq!(code, 200, "{body}");
    let start = body.find("arn:aws:sns").expect("an ARN");
    let arn: String = body[start..]
        .chars()
        .take_while(|letter| *letter != '<')
        .collect();
    // A subject with what SNS refuses is made fit.
    sns::publish(&aws, &arn, &"ü\n".repeat(200), "text").unwrap();
    let failure = sns::publish(&aws, &format!("{arn}-not-there"), "subject", "text").unwrap_err();
    assert_eq!(failure.operation, "sns:Publish");
}
