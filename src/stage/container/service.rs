//! Side-cars on this machine: started one after another, each waited for, ended when the commands have.

use std::ffi::OsString;
use std::fs::File;
use std::io::Read;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};

use crate::diagnostics::codes::run_container::{NOT_READY, NOT_STARTED, PORT_TAKEN};
use crate::diagnostics::codes::run_process::STOPPED;
use crate::diagnostics::{Code, Diagnostic};
use crate::model::Service;
use crate::stage::Folders;
use crate::stage::container::left::List;
use crate::stage::container::{Engine, NO_RIGHTS, POD_USER, Variables, label};
use crate::stage::log::Log;
use crate::stage::process::{self, Command, Ended, Environment, Status, Stop, time_in_words};

/// As long as the probe in a pod: 150 times, two seconds apart.
const READY_WITHIN: Duration = Duration::from_secs(300);
/// How long one question takes at most.
const QUESTION: Duration = Duration::from_secs(10);
/// How often it is asked.
const PAUSE: Duration = Duration::from_millis(300);
/// What is in a side-car is thrown away: it has this long to end.
const GRACE: Duration = Duration::from_secs(2);
/// So many of its last lines are shown.
const SHOWN: usize = 10;

/// The side-cars of a step.
#[derive(Debug)]
pub struct Services<'a> {
    engine: &'a Engine,
    log: &'a Log,
    list: List,
    running: Vec<Running>,
    /// Held as long as the ports of this machine are ours.
    locks: Vec<File>,
}

#[derive(Debug)]
struct Running {
    service: String,
    name: String,
    log: Log,
    file: PathBuf,
    stop: Stop,
    thread: Option<JoinHandle<Result<Ended, Diagnostic>>>,
}

impl<'a> Services<'a> {
    /// Starts them in order. `prefix` begins their names; `own_ports` says that nobody reaches them but a container beside them, so
    /// that their ports need not be those of this machine.
    pub fn start(
        engine: &'a Engine,
        folders: &Folders,
        prefix: &str,
        wanted: &[(&Service, Variables)],
        own_ports: bool,
        log: &'a Log,
        stop: &Stop,
    ) -> Result<Services<'a>, Diagnostic> {
        let mut services = Services {
            engine,
            log,
            list: List::new(folders.root()),
            running: Vec::new(),
            locks: Vec::new(),
        };
        if !own_ports {
            for (service, _) in wanted {
                services.reserve(service, stop)?;
            }
        }
        let ports: Vec<u16> = wanted
            .iter()
            .filter_map(|(service, _)| service.port.as_ref().map(|port| port.value))
            .collect();
        for (service, variables) in wanted {
            let began = Instant::now();
            services.one(service, variables, folders, prefix, &ports, own_ports)?;
            services.wait(service, own_ports, stop)?;
            log.line(&format!(
                "{} is ready after {}",
                service.name.value,
                time_in_words(began.elapsed())
            ));
        }
        Ok(services)
    }

    /// The container whose network the others share.
    pub fn network(&self) -> Option<String> {
        self.running.first().map(|first| first.name.clone())
    }

    /// Keeps others of this machine from a port, as far as they are runs of ours.
    fn reserve(&mut self, service: &Service, stop: &Stop) -> Result<(), Diagnostic> {
        let Some(port) = &service.port else {
            self.log.line(&format!(
                "note: {} names no `port`: nothing on this machine reaches it",
                service.name.value
            ));
            return Ok(());
        };
        let uid = rustix::process::geteuid().as_raw();
        let path = std::env::temp_dir().join(format!("aphex-{uid}-port-{}.lock", port.value));
        let mut options = File::options();
        // Without a lock the engine says that the port is taken.
        if let Ok(file) = options.create(true).append(true).open(path) {
            let mut said = false;
            while flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
                if !said {
                    said = true;
                    self.log.line(&format!(
                        "waiting for the port {}, which another step uses",
                        port.value
                    ));
                }
                if stop.wait(PAUSE) {
                    return Err(stopped(service));
                }
            }
            self.locks.push(file);
        }
        match TcpListener::bind(("127.0.0.1", port.value)) {
            Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {
                let message = format!(
                    "the port {} of the side-car `{}` is used by another program of this machine",
                    port.value, service.name.value
                );
                Err(Diagnostic::error(&PORT_TAKEN, port.span, message).help(
                    "end that program; or give the step an `image` and use `aphex run --container`, where every step has ports of its own",
                ))
            }
            _ => Ok(()),
        }
    }

    /// Starts one.
    fn one(
        &mut self,
        service: &Service,
        variables: &Variables,
        folders: &Folders,
        prefix: &str,
        ports: &[u16],
        own_ports: bool,
    ) -> Result<(), Diagnostic> {
        let name = format!("{prefix}-{}", service.name.value);
        let mut arguments: Vec<OsString> = ["run", "--rm", "--name", &name]
            .map(OsString::from)
            .to_vec();
        arguments.push(label(folders).into());
        arguments.extend(NO_RIGHTS.map(OsString::from));
        arguments.push(format!("--user={POD_USER}").into());
        match self.network() {
            Some(first) => arguments.push(format!("--network=container:{first}").into()),
            // The first one has the ports of all.
            None => arguments.extend(ports.iter().map(|port| match own_ports {
                true => OsString::from(format!("--publish=127.0.0.1::{port}")),
                false => OsString::from(format!("--publish=127.0.0.1:{port}:{port}")),
            })),
        }
        arguments.extend(variables.arguments());
        arguments.push(self.engine.image(&service.image.value).into());
        let file = folders.service_log(&service.name.value);
        let written = File::create(&file)
            .map_err(|error| wrong(&NOT_STARTED, service, "has no log").note(error.to_string()))?;
        let log = Log::new(vec![Box::new(written)]);
        for value in variables.hidden.values().filter_map(|value| value.to_str()) {
            let _ = log.hide(value);
        }
        let stop = Stop::new()?;
        let mut command = self.engine.command(arguments, &variables.hidden);
        command.grace = GRACE;
        self.list.add(self.engine, &name);
        self.log.line(&format!(
            "starting {}: {}",
            service.name.value, service.image.value
        ));
        let (its_log, its_stop) = (log.clone(), stop.clone());
        let thread = thread::Builder::new()
            .name("service".to_owned())
            .spawn(move || process::run(&command, &its_log, &its_stop));
        let thread = thread.map_err(|error| {
            wrong(&NOT_STARTED, service, "cannot be started").note(error.to_string())
        })?;
        self.running.push(Running {
            service: service.name.value.clone(),
            name,
            log,
            file,
            stop,
            thread: Some(thread),
        });
        Ok(())
    }

    /// Waits until the one that was started last is ready.
    fn wait(&mut self, service: &Service, own_ports: bool, stop: &Stop) -> Result<(), Diagnostic> {
        let began = Instant::now();
        let mut last = String::new();
        while began.elapsed() < READY_WITHIN {
            let Some(running) = self.running.last_mut() else {
                return Ok(());
            };
            if running.has_ended() {
                return Err(running.why(service));
            }
            if stop.wait(PAUSE) {
                return Err(stopped(service));
            }
            let name = running.name.clone();
            let is_there = self
                .engine
                .ask(["inspect", "--format", "{{.State.Running}}", &name]);
            if is_there.as_deref() != Some("true") {
                continue;
            }
            match self.question(service, &name, own_ports) {
                Ok(()) => return Ok(()),
                Err(said) => last = said,
            }
        }
        let message = format!("is not ready after {}", time_in_words(READY_WITHIN));
        let problem = wrong(&NOT_READY, service, &message);
        let problem = match last.as_str() {
            "" => problem,
            last => problem.note(format!("asked last, it said: {last}")),
        };
        Err(match self.running.last() {
            Some(running) => running.with_tail(problem),
            None => problem,
        })
    }

    /// Asks once whether it is ready; the error is what it says.
    fn question(&self, service: &Service, name: &str, own_ports: bool) -> Result<(), String> {
        if let Some(ready) = &service.ready {
            let words = ["exec", name, "sh", "-eu", "-c", &ready.value];
            let words = words.map(OsString::from).to_vec();
            let command: Command = self
                .engine
                .command(words, &Environment::new())
                .timeout(QUESTION);
            let quiet = Log::new(Vec::new());
            let never = Stop::new().map_err(|problem| problem.message)?;
            return match process::run(&command, &quiet, &never) {
                Ok(ended) if ended.is_good() => Ok(()),
                Ok(ended) => Err(ended.tail.last().cloned().unwrap_or_default()),
                Err(problem) => Err(problem.message),
            };
        }
        let Some(port) = &service.port else {
            return Ok(());
        };
        let port = match own_ports {
            false => port.value,
            true => {
                let first = self.network().unwrap_or_default();
                let asked = self
                    .engine
                    .ask(["port", &first, &format!("{}/tcp", port.value)]);
                let address = asked.unwrap_or_default();
                let number = address
                    .lines()
                    .next()
                    .and_then(|line| line.rsplit(':').next());
                number
                    .and_then(|number| number.parse().ok())
                    .ok_or("its port is not there yet")?
            }
        };
        answers(port)
    }

    /// Ends all of them, the last one first, and says which had ended by themselves.
    pub fn end(&mut self) -> Vec<(String, PathBuf)> {
        let mut kept = Vec::new();
        for mut running in std::mem::take(&mut self.running).into_iter().rev() {
            let early = running.has_ended();
            running.stop.set("the step has ended");
            let ended = running.thread.take().map(JoinHandle::join);
            if early && let Some(Ok(Ok(ended))) = &ended {
                self.log.line(&format!(
                    "note: {} {}",
                    running.service,
                    in_words(ended.status)
                ));
            }
            self.engine.remove(&running.name);
            kept.push((running.service.clone(), running.file.clone()));
        }
        self.locks.clear();
        kept.reverse();
        kept
    }
}

impl Drop for Services<'_> {
    fn drop(&mut self) {
        self.end();
    }
}

impl Running {
    fn has_ended(&self) -> bool {
        self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Why it has ended before it was ready.
    fn why(&mut self, service: &Service) -> Diagnostic {
        let ended = self.thread.take().map(JoinHandle::join);
        let problem = match ended {
            Some(Ok(Ok(ended))) => match ended.status {
                // The engine's own: it could not be started at all.
                Status::Exit(125..=127) => wrong(&NOT_STARTED, service, "cannot be started"),
                status => wrong(
                    &NOT_READY,
                    service,
                    &format!("{} before it was ready", in_words(status)),
                ),
            },
            Some(Ok(Err(problem))) => problem.at(service.span),
            _ => wrong(&NOT_STARTED, service, "cannot be started"),
        };
        self.with_tail(problem)
    }

    fn with_tail(&self, problem: Diagnostic) -> Diagnostic {
        let tail = self.log.tail(SHOWN);
        match tail.as_slice() {
            [] => problem.note("it has written nothing"),
            lines => problem.note(format!("its last lines:\n{}", lines.join("\n"))),
        }
    }
}

/// Whether somebody listens at a port. The engine itself may accept a connection for a program that does not listen yet; it hangs up then.
fn answers(port: u16) -> Result<(), String> {
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let connected = TcpStream::connect_timeout(&address, Duration::from_secs(1));
    let mut stream = connected.map_err(|error| error.to_string())?;
    let asked = stream.set_read_timeout(Some(Duration::from_millis(300)));
    asked.map_err(|error| error.to_string())?;
    match stream.read(&mut [0]) {
        Ok(0) => Err("it hangs up".to_owned()),
        Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => Err(error.to_string()),
        // It has something to say, or waits for us to.
        Ok(_) | Err(_) => Ok(()),
    }
}

fn in_words(status: Status) -> String {
    match status {
        Status::Exit(code) => format!("has ended with exit code {code}"),
        Status::Signal(signal) => format!("was ended by {}", process::signal_name(signal)),
        Status::TimedOut | Status::Stopped => "was stopped".to_owned(),
    }
}

fn wrong(code: &'static Code, service: &Service, what: &str) -> Diagnostic {
    let message = format!("the side-car `{}` {what}", service.name.value);
    Diagnostic::error(code, service.span, message)
}

fn stopped(service: &Service) -> Diagnostic {
    wrong(&STOPPED, service, "was not waited for: the run was ended")
}
