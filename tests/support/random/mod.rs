//! Random programs that `check` accepts: every block, in many combinations, with names at their limits and texts that
//! would be dangerous in a manifest. The same seed gives the same program.

mod chance;
mod environments;
mod mutate;
mod steps;
mod text;

pub use chance::Chance;
pub use mutate::mutate;
use steps::Place;
use text::{Names, Text};

/// What generates a program.
pub struct Program {
    chance: Chance,
    names: Names,
    inputs: Vec<String>,
    items: Vec<Item>,
    accounts: usize,
    uses_function: bool,
    /// How long the name of an environment may be: AWS limits the name of a session to 64 characters, which has the
    /// pipeline's name in it.
    longest: usize,
}

/// An environment or a wave of the pipeline itself.
struct Item {
    name: String,
    /// Paths of the outputs of its stacks, as what comes later names them.
    outputs: Vec<String>,
    /// The items that are certainly done when it begins.
    certain: Vec<usize>,
    manual: bool,
    is_wave: bool,
}

/// The text of the program of that seed.
pub fn program(seed: u64) -> String {
    let program = Program {
        chance: Chance::new(seed),
        names: Names::default(),
        inputs: Vec::new(),
        items: Vec::new(),
        accounts: 0,
        uses_function: false,
        longest: 50,
    };
    program.write()
}

/// Files that stand around every random program.
pub const FILES: [(&str, &str); 4] = [
    ("package.json", r#"{ "scripts": { "build": "tsc" } }"#),
    ("package-lock.json", "{}"),
    ("cdk.json", r#"{ "app": "node app.js" }"#),
    ("scripts/smoke.sh", "#!/bin/sh\n"),
];

impl Program {
    /// A new account, so that no stack is deployed twice to one place.
    fn account(&mut self) -> String {
        self.accounts += 1;
        format!("\"{:012}\"", 100_000_000_000 + self.accounts as u64)
    }

    fn write(mut self) -> String {
        let mut body = Text::default();
        let name = self.names.label(&mut self.chance, 40);
        self.longest = (55 - name.len()).min(50);
        body.block(format!("pipeline {name}"), |out| self.pipeline(out));
        let mut out = Text::default();
        if self.chance.percent(40) {
            out.line("//! A random program.");
            out.line("");
        }
        let body = body.finish();
        let notifiers = ["github_status", "slack", "sns", "webhook"];
        let used: Vec<&str> = notifiers
            .into_iter()
            .filter(|name| body.contains(&format!("to = {name}(")))
            .collect();
        if !used.is_empty() {
            out.line(format!("use std.notify.{{{}}}", used.join(", ")));
            out.line("");
        }
        if self.uses_function {
            out.line("/// What every region gets.");
            out.block(
                "fn regional(account: AccountId, region: Region) -> Environment = Environment",
                |out| {
                    out.line("account = account");
                    out.line("region = region");
                    out.line("stack Network { output VpcId }");
                    out.line("test smoke { run = [\"npm test\"], env = { VPC = Network.VpcId } }");
                },
            );
            out.line("");
        }
        out.finish() + &body
    }

    fn pipeline(&mut self, out: &mut Text) {
        out.line("cluster = \"company-pipelines\"");
        out.line("repository = \"acme/shop\"");
        if self.chance.percent(25) {
            out.line(self.chance.pick(&[
                "queue = \"environment\"",
                "queue = \"latest\"",
                "queue = \"pipeline\"",
            ]));
        }
        if self.chance.percent(20) {
            let namespace = self.names.label(&mut self.chance, 63);
            out.line(format!("namespace = \"{namespace}\""));
        }
        if self.chance.percent(15) {
            out.line("registries = [\"pull-secret\", \"a.b.c\"]");
        }
        if self.chance.percent(10) {
            out.line("permissions_boundary = \"arn:aws:iam::111122223333:policy/boundary\"");
        }
        for _ in 0..self.chance.few(0, 2) {
            self.input(out);
        }
        if self.chance.percent(30) {
            out.line("app { dir = \".\", setup = [\"npm ci\"] }");
        }
        if self.chance.percent(20) {
            self.defaults(out);
        }
        self.small_blocks(out);
        let mut written = std::mem::take(out);
        written.line("");
        written.block("build", |out| self.step_body(out, Place::Build, &[], &[]));
        *out = written;
        for _ in 0..self.chance.few(0, 3) {
            let label = self.names.label(&mut self.chance, 50);
            let mut written = std::mem::take(out);
            written.block(format!("check {label}"), |out| {
                self.step_body(out, Place::Check, &[], &[])
            });
            *out = written;
        }
        for _ in 0..self.chance.few(1, 6) {
            self.item(out);
        }
        out.line("");
        self.triggers(out);
        self.notifications(out);
    }

    fn input(&mut self, out: &mut Text) {
        let name = self.names.label(&mut self.chance, 50);
        let body = self.chance.pick(&[
            "{ default = \"routine\", help = \"shown {{in}} the notification\" }",
            "{ default = \"a\", choices = [\"a\", \"b: c\", \"{{x}}\"] }",
            "{ default = \"v1\", pattern = r\"v[0-9]+\" }",
        ]);
        out.line(format!("input {name} {body}"));
        self.inputs.push(name);
    }

    fn small_blocks(&mut self, out: &mut Text) {
        let self_update = self.chance.pick(&[
            "self_update { restart = true }",
            "self_update { enabled = false }",
        ]);
        let all = [
            self_update,
            "store { retention = 30d }",
            "checkout { depth = 0, submodules = true, lfs = true, credentials = secret(\"github\", key = \"token\") }",
            "source config { repository = \"acme/config\", ref = \"v1.2\" }",
            "images { builder = \"public.ecr.aws/acme/builder:3\" }",
            "expose ingress { host = \"hooks.acme.io\" }",
        ];
        for block in all {
            if self.chance.percent(15) {
                out.line(block);
            }
        }
    }

    /// Triggers; a pick holds everything whose outputs are used in what it picks.
    fn triggers(&mut self, out: &mut Text) {
        let road: Vec<String> = self.items.iter().map(|item| item.name.clone()).collect();
        let everything = road.join(", ");
        let first = self
            .items
            .iter()
            .find(|item| item.certain.is_empty())
            .map(|item| item.name.clone());
        if self.chance.percent(70) {
            out.line(self.chance.pick(&[
                "on push { branches = [\"main\"] }",
                "on push { branches = [\"main\", \"release/*\"], paths = [\"**\", \"!docs/**\"], skip_message = \"[skip ci]\" }",
                "on push {}",
            ]));
        }
        if self.chance.percent(60) {
            out.line(self.chance.pick(&["on pull_request {}", "on pull_request { drafts = false, forks = \"approved\", comment = true, skip_authors = [\"dependabot[bot]\"] }"]));
        }
        let picks = [Some(everything), first];
        for trigger in [
            "on tag { match = [\"v*\"]",
            "on release { prereleases = true",
            "on schedule { cron = \"0 5 * * 1-5\", timezone = \"Europe/Helsinki\"",
        ] {
            if self.chance.percent(25) {
                let chosen = self.chance.below(picks.len());
                match &picks[chosen] {
                    Some(pick) => out.line(format!("{trigger}, deploy = [{pick}] }}")),
                    None if trigger.starts_with("on schedule") => {}
                    None => out.line(format!("{trigger} }}")),
                }
            }
        }
    }

    fn notifications(&mut self, out: &mut Text) {
        for _ in 0..self.chance.few(0, 2) {
            let name = self.names.label(&mut self.chance, 63);
            let to = self.chance.pick(&[
                "slack(secret(\"slack-webhook\"))",
                "sns(\"arn:aws:sns:eu-west-1:111122223333:deployments\")",
                "webhook(\"https://hooks.example.com/a\", secret = secret(\"hook\"))",
                "github_status(secret(\"github\", key = \"token\"))",
            ]);
            let on = self.chance.pick(&[
                "[\"failure\"]",
                "[\"failure\", \"recovered\"]",
                "[\"success\", \"failure\"]",
                "[\"approval\"]",
            ]);
            out.line(format!("notify {name} {{ on = {on}, to = {to} }}"));
        }
    }
}
