//! Random steps: whatever runs commands.

use super::Program;
use super::text::{self, Text};

/// Where a step stands, which decides what it may say.
#[derive(Clone, Copy, PartialEq)]
pub enum Place {
    Build,
    Check,
    Environment,
}

impl Program {
    /// The fields of a step. `known` are the run-time values that are there by then, `needs` what it may wait for.
    pub fn step_body(&mut self, out: &mut Text, place: Place, known: &[String], needs: &[String]) {
        out.line(format!("run = {}", text::commands(&mut self.chance)));
        if self.chance.percent(45) {
            let env = self.env(known, 4);
            out.line(format!("env = {env}"));
        }
        if self.chance.percent(20) {
            let timeout = text::duration(&mut self.chance, 1, 3000);
            out.line(format!("timeout = {timeout}"));
        }
        if self.chance.percent(20) {
            let retry = self.retry();
            out.line(format!("retry = {retry}"));
        }
        if self.chance.percent(25) {
            let image = text::image(&mut self.chance);
            out.line(format!("image = \"{image}\""));
        }
        if self.chance.percent(20) {
            let resources = self.resources();
            out.line(format!("resources = {resources}"));
        }
        if self.chance.percent(12) {
            out.line(self.chance.pick(&["arch = \"amd64\"", "arch = \"arm64\""]));
        }
        if self.chance.percent(12) {
            out.line("shell = \"bash\"");
        }
        if self.chance.percent(8) {
            out.line("tools = [\"git\", \"jq\"]");
        }
        if self.chance.percent(12) {
            out.line("reports = [\"reports/*.xml\"]");
        }
        if self.chance.percent(12) {
            out.line("keep = [\"logs/**\", \"{a,b}/[xyz]?.txt\"]");
        }
        if self
            .chance
            .percent(if place == Place::Build { 60 } else { 12 })
            && place != Place::Check
        {
            out.line("artifacts = [\"dist/**\"]");
        }
        if place != Place::Build {
            if self.chance.percent(10) {
                out.line("required = false");
            }
            if self.chance.percent(15) && !needs.is_empty() {
                let needs = self.chance.some(needs).join(", ");
                out.line(format!("needs = [{needs}]"));
            }
        }
        if place == Place::Environment && self.chance.percent(20) {
            let condition = self.condition();
            out.line(format!("when = {condition}"));
        }
        if self.chance.percent(18) {
            for _ in 0..self.chance.few(1, 3) {
                self.service(out);
            }
        }
    }

    /// A map of environment variables.
    pub fn env(&mut self, known: &[String], most: usize) -> String {
        let mut entries = Vec::new();
        for number in 0..self.chance.few(1, most) {
            let name = self.chance.pick(&[
                "STAGE",
                "API_URL",
                "_X",
                "lower_case",
                "A1",
                "TOKEN",
                "VERY_LONG_NAME_OF_A_VARIABLE",
            ]);
            let value = self.env_value(known);
            entries.push(format!("{name}_{number} = {value}"));
        }
        format!("{{ {} }}", entries.join(", "))
    }

    /// What the container of a service can be given: what is known when compiling and means nothing to Argo, and
    /// single values of Kubernetes Secrets.
    fn plain_env(&mut self, most: usize) -> String {
        let mut entries = Vec::new();
        for number in 0..self.chance.few(1, most) {
            let value = match self.chance.below(5) {
                0 => self.chance.from(0, 99_999).to_string(),
                1 => "secret(\"a.b-c\", key = \"k.1_x\")".to_owned(),
                2 => "true".to_owned(),
                _ => {
                    let prose = text::prose(&mut self.chance);
                    format!("\"{}\"", prose.replace("{{", "{").replace("}}", "}"))
                }
            };
            entries.push(format!("POSTGRES_{number} = {value}"));
        }
        format!("{{ {} }}", entries.join(", "))
    }

    fn env_value(&mut self, known: &[String]) -> String {
        match self.chance.below(10) {
            0 => self.chance.from(0, 99_999).to_string(),
            1 => self.chance.pick(&["true", "false"]).to_owned(),
            2 | 3 => self.run_value(),
            4 | 5 if !known.is_empty() => {
                let value = known[self.chance.below(known.len())].clone();
                if self.chance.percent(30) {
                    format!("{value} + \"/health\"")
                } else {
                    value
                }
            }
            6 => self
                .chance
                .pick(&[
                    "secret(\"token\")",
                    "secret(\"a.b-c\", key = \"k.1_x\")",
                    "secrets_manager(\"shop/dev/db\", key = \"url\")",
                    "ssm_secure(\"/shop/token\")",
                ])
                .to_owned(),
            7 => "ssm(\"/shop/url\")".to_owned(),
            _ => format!("\"{}\"", text::prose(&mut self.chance)),
        }
    }

    /// A text that is known in a run alone.
    pub fn run_value(&mut self) -> String {
        if !self.inputs.is_empty() && self.chance.percent(25) {
            let input = &self.inputs[self.chance.below(self.inputs.len())];
            return format!("run.input.{input}");
        }
        self.chance
            .pick(&[
                "run.commit",
                "run.commit.short",
                "run.branch",
                "run.id",
                "run.attempt",
                "run.actor",
                "\"v-#{run.tag}-#{run.id}\"",
                "run.started_at",
                "upper(run.branch)",
            ])
            .to_owned()
    }

    /// When a step runs.
    pub fn condition(&mut self) -> String {
        self.chance
            .pick(&[
                "\"success\"",
                "\"always\"",
                "\"failure\"",
                "run.branch == \"main\"",
                "run.attempt == 1",
                "starts_with(run.tag, \"v\")",
            ])
            .to_owned()
    }

    fn retry(&mut self) -> String {
        if self.chance.percent(50) {
            return self.chance.from(0, 10).to_string();
        }
        let times = self.chance.from(0, 10);
        let wait = text::duration(&mut self.chance, 1, 7200);
        let on = self.chance.pick(&["failure", "error", "any"]);
        match self.chance.below(3) {
            0 => format!("{{ times = {times} }}"),
            1 => format!("{{ times = {times}, wait = {wait} }}"),
            _ => format!("{{ times = {times}, wait = {wait}, on = \"{on}\" }}"),
        }
    }

    fn resources(&mut self) -> String {
        let cpu = self
            .chance
            .pick(&["1", "2", "0.5", "0.25", "0.01", "64", "1.5"]);
        let memory = self
            .chance
            .pick(&["16Mi", "512Mi", "4Gi", "16Gi", "1Ti", "100Mi"]);
        let disk = self.chance.pick(&["1Gi", "20Gi", "500Mi"]);
        match self.chance.below(4) {
            0 => format!("{{ cpu = {cpu} }}"),
            1 => format!("{{ memory = {memory} }}"),
            2 => format!("{{ cpu = {cpu}, memory = {memory} }}"),
            _ => format!("{{ cpu = {cpu}, memory = {memory}, disk = {disk} }}"),
        }
    }

    fn service(&mut self, out: &mut Text) {
        let longest = if self.chance.percent(10) { 55 } else { 12 };
        let name = self.names.label(&mut self.chance, longest);
        let image = text::image(&mut self.chance);
        let port = self.chance.from(1024, 65_535);
        let env = self.plain_env(3);
        let (with_port, with_env, with_ready) = (
            self.chance.percent(70),
            self.chance.percent(40),
            self.chance.percent(50),
        );
        out.block(format!("service {name}"), |out| {
            out.line(format!("image = \"{image}\""));
            if with_port || !with_ready {
                out.line(format!("port = {port}"));
            }
            if with_env {
                out.line(format!("env = {env}"));
            }
            if with_ready {
                out.line("ready = \"pg_isready -U 'postgres'\"");
            }
        });
    }

    /// What the steps below have.
    pub fn defaults(&mut self, out: &mut Text) {
        let image = text::image(&mut self.chance);
        let timeout = text::duration(&mut self.chance, 60, 3000);
        let (resources, retry, env) = (self.resources(), self.retry(), self.env(&[], 2));
        let fields = [
            format!("image = \"{image}\""),
            format!("timeout = {timeout}"),
            format!("resources = {resources}"),
            format!("retry = {retry}"),
            format!("env = {env}"),
            "shell = \"bash\"".to_owned(),
            "arch = \"arm64\"".to_owned(),
        ];
        let chosen = self.chance.some(&fields);
        out.block("defaults", |out| {
            chosen.iter().for_each(|field| out.line(field))
        });
    }
}
