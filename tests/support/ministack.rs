//! A real emulator of AWS: ministack. A key of twelve digits is the account, so accounts and regions are told apart.

use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::tools;

/// The one that the facts in the tests were tried with.
const VERSION: &str = "1.5.33";
/// So long it may take to answer.
const START: Duration = Duration::from_secs(60);

/// A running emulator, which ends with this value.
pub struct Ministack {
    process: Child,
    /// `http://127.0.0.1:PORT`
    pub url: String,
}

impl Ministack {
    /// Starts one of its own on a free port; installs it the first time. Without Python or the package the test is
    /// skipped, or fails where nothing may be.
    pub fn start(test: &str) -> Option<Ministack> {
        match try_start() {
            Ok(ministack) => Some(ministack),
            Err(missing) => {
                tools::skip(
                    test,
                    &missing,
                    "Python 3.10 or newer with `venv`, and the package index, let it run",
                );
                None
            }
        }
    }

    /// The environment that leads any AWS tool to an account of it, and nowhere else.
    pub fn environment(&self, account: &str, region: &str) -> Vec<(String, String)> {
        let variables = [
            ("AWS_ENDPOINT_URL", self.url.as_str()),
            ("AWS_ACCESS_KEY_ID", account),
            ("AWS_SECRET_ACCESS_KEY", "testing"),
            ("AWS_REGION", region),
            ("AWS_DEFAULT_REGION", region),
            ("AWS_EC2_METADATA_DISABLED", "true"),
            ("AWS_CONFIG_FILE", "/dev/null"),
            ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
            ("HTTPS_PROXY", "http://127.0.0.1:9"),
            ("NO_PROXY", "127.0.0.1,localhost"),
        ];
        let variables = variables.into_iter();
        variables
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    }
}

impl Drop for Ministack {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn try_start() -> Result<Ministack, String> {
    let program = installed()?;
    let port = free_port()?;
    let process = Command::new(program)
        .env("BIND_HOST", "127.0.0.1")
        .env("GATEWAY_PORT", port.to_string())
        .env("MINISTACK_ACCOUNT_ID", "111122223333")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| format!("ministack: {error}"))?;
    let ministack = Ministack {
        process,
        url: format!("http://127.0.0.1:{port}"),
    };
    let since = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        if since.elapsed() > START {
            return Err("ministack does not answer".to_owned());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(ministack)
}

fn free_port() -> Result<u16, String> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).map_err(|error| error.to_string())?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    Ok(address.port())
}

/// The program, in a virtual environment below `target/tools`. Test programs run one after another, the tests of one side by side.
fn installed() -> Result<PathBuf, String> {
    static ONE: Mutex<()> = Mutex::new(());
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = tools::tools().join(format!("ministack-{VERSION}"));
    let program = folder.join("bin/ministack");
    if program.exists() {
        return Ok(program);
    }
    let _ = std::fs::remove_dir_all(&folder);
    tools::output(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
    let package = format!("ministack=={VERSION}");
    let install = [
        "install",
        "--quiet",
        "--disable-pip-version-check",
        &package,
    ];
    let installed = tools::output(Command::new(folder.join("bin/pip")).args(install));
    if installed.is_err() {
        let _ = std::fs::remove_dir_all(&folder);
    }
    installed.map(|_| program)
}
