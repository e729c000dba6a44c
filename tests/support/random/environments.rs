//! Random environments and waves.

use super::steps::Place;
use super::text::{self, Text};
use super::{Item, Program};

const REGIONS: [&str; 6] = [
    "eu-west-1",
    "eu-central-1",
    "us-east-1",
    "us-west-2",
    "ap-southeast-2",
    "sa-east-1",
];

/// What a name made of a prefix and a region has more than the prefix.
const REGION: usize = "-ap-southeast-2".len();

impl Program {
    /// An environment or a wave, as one of the items of the pipeline.
    pub fn item(&mut self, out: &mut Text) {
        match self.chance.below(10) {
            0 | 1 => self.wave(out),
            2 if self.longest > REGION => self.wave_of_a_loop(out),
            3 => self.environment_of_a_function(out),
            _ => self.environment(out, None),
        }
    }

    /// What an item waits for: what it says, or the item before it. Gives the line to write and what is certain by then.
    fn order(&mut self) -> (Option<String>, Vec<usize>) {
        let before = self.items.iter().rposition(|item| !item.manual);
        if self.chance.percent(75) || self.items.is_empty() {
            let mut certain = before
                .map(|index| self.items[index].certain.clone())
                .unwrap_or_default();
            certain.extend(before);
            return (None, certain);
        }
        if self.chance.percent(30) {
            return (Some("needs = []".to_owned()), Vec::new());
        }
        let road: Vec<usize> = (0..self.items.len())
            .filter(|index| !self.items[*index].manual)
            .collect();
        let chosen = self.chance.some(&road);
        if chosen.is_empty() {
            return (None, Vec::new());
        }
        let names: Vec<&str> = chosen
            .iter()
            .map(|index| self.items[*index].name.as_str())
            .collect();
        let line = format!("needs = [{}]", names.join(", "));
        let mut certain: Vec<usize> = chosen
            .iter()
            .flat_map(|index| self.items[*index].certain.clone())
            .collect();
        certain.extend(chosen);
        certain.sort_unstable();
        certain.dedup();
        (Some(line), certain)
    }

    fn outputs_of(&self, items: &[usize]) -> Vec<String> {
        items
            .iter()
            .flat_map(|index| self.items[*index].outputs.clone())
            .collect()
    }

    fn environment(&mut self, out: &mut Text, wave: Option<&[String]>) {
        let name = self.names.label(&mut self.chance, self.longest);
        let (needs, certain) = if wave.is_some() {
            (None, Vec::new())
        } else {
            self.order()
        };
        let manual = wave.is_none() && self.chance.percent(6);
        let known = match wave {
            Some(known) => known.to_vec(),
            // It is started in a run of its own, in which nothing before it is deployed.
            None if manual => Vec::new(),
            None => self.outputs_of(&certain),
        };
        let mut made = Vec::new();
        let account = self.account();
        let region = self.chance.pick(&REGIONS).to_owned();
        out.line("");
        if self.chance.percent(20) {
            out.line("/// A place to deploy to.");
        }
        let mut body = std::mem::take(out);
        body.block(format!("environment {name}"), |out| {
            out.line(format!("account = {account}"));
            out.line(format!("region = \"{region}\""));
            if let Some(needs) = needs {
                out.line(needs);
            }
            if manual {
                out.line("start = \"manual\"");
            }
            made = self.environment_body(out, &name, &known, true);
        });
        *out = body;
        if wave.is_none() {
            self.items.push(Item {
                name,
                outputs: made,
                certain,
                manual,
                is_wave: false,
            });
        }
    }

    fn environment_body(
        &mut self,
        out: &mut Text,
        name: &str,
        before: &[String],
        may_ask: bool,
    ) -> Vec<String> {
        let mut known = before.to_vec();
        let mut made = Vec::new();
        if self.chance.percent(35) {
            let env = self.env(&known, 3);
            out.line(format!("env = {env}"));
        }
        if self.chance.percent(15) {
            out.line("context = { stage = \"dev\", \"feature:x\" = \"on\" }");
        }
        if self.chance.percent(12) {
            out.line(format!("max_parallel = {}", self.chance.from(1, 8)));
        }
        if self.chance.percent(12) {
            self.defaults(out);
        }
        if may_ask && self.chance.percent(25) {
            self.approval(out, &known);
        }
        let mut earlier = Vec::new();
        for _ in 0..self.chance.few(0, 2) {
            earlier.push(self.step(out, "before", &known, &earlier.clone()));
        }
        let mut parts = Vec::new();
        for number in 0..self.chance.few(1, 4) {
            if number > 0 && self.chance.percent(25) {
                parts.push(self.step(out, "step", &known, &parts.clone()));
            } else {
                let (stack, outputs) = self.stack(out, &known, &parts.clone());
                known.extend(outputs.iter().map(|output| format!("{stack}.{output}")));
                made.extend(
                    outputs
                        .iter()
                        .map(|output| format!("{name}.{stack}.{output}")),
                );
                parts.push(stack);
            }
        }
        for _ in 0..self.chance.few(0, 2) {
            let label = self.step(out, "after", &known, &[]);
            drop(label);
        }
        let mut tests = Vec::new();
        for _ in 0..self.chance.few(0, 3) {
            tests.push(self.step(out, "test", &known, &tests.clone()));
        }
        if self.chance.percent(10) {
            out.line("bake { time = 30m }");
        }
        if self.chance.percent(10) {
            out.line("url = \"https://example.com/#{run.commit.short}\"");
        }
        made
    }

    fn step(&mut self, out: &mut Text, kind: &str, known: &[String], needs: &[String]) -> String {
        let label = self.names.label(&mut self.chance, 50);
        let mut body = std::mem::take(out);
        body.block(format!("{kind} {label}"), |out| {
            self.step_body(out, Place::Environment, known, needs)
        });
        *out = body;
        label
    }

    fn stack(
        &mut self,
        out: &mut Text,
        known: &[String],
        needs: &[String],
    ) -> (String, Vec<String>) {
        let name = self.names.capital(&mut self.chance, 128);
        let outputs: Vec<String> = (0..self.chance.few(0, 3))
            .map(|_| self.names.capital(&mut self.chance, 60))
            .collect();
        if outputs.is_empty() && self.chance.percent(40) {
            out.line(format!("stack {name}"));
            return (name, outputs);
        }
        let parameter = if known.is_empty() {
            "run.commit".to_owned()
        } else {
            known[self.chance.below(known.len())].clone()
        };
        let needs = if needs.is_empty() || self.chance.percent(70) {
            None
        } else {
            Some(self.chance.some(needs).join(", "))
        };
        let timeout = text::duration(&mut self.chance, 60, 14_400);
        let extra = self.chance.some(&[
            "select = \"Prod/*\"".to_owned(),
            "parameters = { Stage = \"dev\" }".to_owned(),
            format!("parameters = {{ Value = {parameter} }}"),
            "method = \"direct\"".to_owned(),
            "rollback = false".to_owned(),
            format!("timeout = {timeout}"),
        ]);
        let (with_extra, parameters) = (
            self.chance.percent(35),
            extra
                .iter()
                .filter(|line| line.starts_with("parameters"))
                .count(),
        );
        out.block(format!("stack {name}"), |out| {
            outputs
                .iter()
                .for_each(|output| out.line(format!("output {output}")));
            if let Some(needs) = needs {
                out.line(format!("needs = [{needs}]"));
            }
            let mut left = parameters;
            for line in extra.iter().filter(|_| with_extra) {
                if line.starts_with("parameters") && left > 1 {
                    left -= 1;
                } else if !line.starts_with("select") {
                    out.line(line);
                }
            }
        });
        (name, outputs)
    }

    fn approval(&mut self, out: &mut Text, known: &[String]) {
        let message = match self.chance.below(4) {
            0 => format!("\"{}\"", text::prose(&mut self.chance)),
            1 if !known.is_empty() => {
                format!("\"Ship #{{{}}}?\"", known[self.chance.below(known.len())])
            }
            _ => "\"Ship #{run.commit.short}?\"".to_owned(),
        };
        let timeout = text::duration(&mut self.chance, 60, 2_592_000);
        let (with_timeout, with_approvers) = (self.chance.percent(50), self.chance.percent(30));
        out.block("approval", |out| {
            out.line(format!("message = {message}"));
            if with_timeout {
                out.line(format!("timeout = {timeout}"));
            }
            if with_approvers {
                out.line("approvers = [\"@acme/platform\", \"@someone\", \"a@b.io\"]");
                out.line("minimum = 2");
            }
        });
    }

    fn wave_header(&mut self, out: &mut Text) -> (Vec<usize>, Vec<String>) {
        let (needs, certain) = self.order();
        let known = self.outputs_of(&certain);
        if let Some(needs) = needs {
            out.line(needs);
        }
        if self.chance.percent(40) {
            out.line(format!("max_parallel = {}", self.chance.from(1, 6)));
        }
        if self.chance.percent(30) {
            out.line("fail_fast = true");
        }
        if self.chance.percent(25) {
            self.approval(out, &known);
        }
        if self.chance.percent(15) {
            self.defaults(out);
        }
        (certain, known)
    }

    fn wave(&mut self, out: &mut Text) {
        let name = self.names.label(&mut self.chance, 50);
        let mut order = Vec::new();
        out.line("");
        let mut body = std::mem::take(out);
        body.block(format!("wave {name}"), |out| {
            let (certain, known) = self.wave_header(out);
            order = certain;
            for _ in 0..self.chance.few(1, 5) {
                self.environment(out, Some(&known));
            }
            for _ in 0..self.chance.few(0, 2) {
                self.step(out, "test", &known, &[]);
            }
        });
        *out = body;
        self.items.push(Item {
            name,
            outputs: Vec::new(),
            certain: order,
            manual: false,
            is_wave: true,
        });
    }

    fn wave_of_a_loop(&mut self, out: &mut Text) {
        let name = self.names.label(&mut self.chance, 40);
        let prefix = self.names.label(&mut self.chance, self.longest - REGION);
        let mut order = Vec::new();
        let account = self.account();
        let regions: Vec<String> = self
            .chance
            .some(&REGIONS)
            .iter()
            .map(|region| format!("\"{region}\""))
            .collect();
        out.line("");
        let mut body = std::mem::take(out);
        body.block(format!("wave {name}"), |out| {
            let (certain, known) = self.wave_header(out);
            order = certain;
            out.block(format!("for region in [{}]", regions.join(", ")), |out| {
                out.block(format!("environment \"{prefix}-#{{region}}\""), |out| {
                    out.line(format!("account = {account}"));
                    out.line("region = region");
                    out.block("if starts_with(region, \"eu\")", |out| {
                        self.approval(out, &known)
                    });
                    self.environment_body(out, "", &known, false);
                });
            });
        });
        *out = body;
        self.items.push(Item {
            name,
            outputs: Vec::new(),
            certain: order,
            manual: false,
            is_wave: true,
        });
    }

    fn environment_of_a_function(&mut self, out: &mut Text) {
        let name = self.names.label(&mut self.chance, self.longest);
        let (needs, certain) = self.order();
        let (account, region) = (self.account(), self.chance.pick(&REGIONS));
        let mut with = std::mem::take(out);
        with.line("");
        self.uses_function = true;
        with.block(
            format!("environment {name} = regional({account}, region = \"{region}\") with"),
            |out| {
                if let Some(needs) = needs {
                    out.line(needs);
                }
                out.line("env = { STAGE = \"prod\" }");
                if self.chance.percent(50) {
                    self.approval(out, &[]);
                }
                self.stack(out, &["Network.VpcId".to_owned()], &["Network".to_owned()]);
            },
        );
        *out = with;
        let outputs = vec![format!("{name}.Network.VpcId")];
        self.items.push(Item {
            name,
            outputs,
            certain,
            manual: false,
            is_wave: false,
        });
    }
}
