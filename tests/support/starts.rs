//! What a pipeline starts when GitHub calls: its compiled EventSource and Sensor in Argo Events' own code, and the Workflows
//! that these make in Argo Workflows'.

use std::collections::BTreeMap;

use aphex::target::Emit;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::judge::Question;
use super::judge_events::{Firing, Outcome, Request, Secrets, arguments};
use super::payloads::Payload;
use super::{compile, judge, judge_events};

/// What the webhook is signed with.
pub const SECRET: &str = "correct horse battery staple";

/// A pipeline, compiled.
pub struct Compiled {
    name: String,
    events: String,
    templates: String,
    /// What leads to the webhook.
    pub route: String,
    /// The CronWorkflows.
    pub schedules: String,
}

/// A Workflow that is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Start {
    /// The trigger.
    pub trigger: String,
    /// Its name.
    pub name: String,
    /// The WorkflowTemplate.
    pub template: String,
    /// Its arguments.
    pub arguments: BTreeMap<String, String>,
}

impl Start {
    /// An argument.
    #[track_caller]
    pub fn argument(&self, name: &str) -> &str {
        let value = self.arguments.get(name);
        value.unwrap_or_else(|| panic!("no argument {name}: {self:#?}"))
    }

    /// An argument that is base64.
    #[track_caller]
    pub fn decoded(&self, name: &str) -> String {
        let bytes = STANDARD.decode(self.argument(name)).expect("base64");
        String::from_utf8(bytes).expect("UTF-8")
    }

    /// The WorkflowTemplate of the run: by way of the start template, or at once.
    pub fn entry(&self) -> &str {
        match self.arguments.get("entry") {
            Some(entry) => entry,
            None => &self.template,
        }
    }
}

impl Compiled {
    /// A pipeline `shop` of the repository `acme/shop` with the environments `dev`, `qa` and `prod`, and these triggers.
    #[track_caller]
    pub fn with(triggers: &str) -> Compiled {
        let environment = |name: &str, account: &str| {
            format!(
                "  environment {name} {{ account = \"{account}\", region = \"us-east-1\", stack Site {{}} }}\n"
            )
        };
        let environments = [
            environment("dev", "111122223333"),
            environment("qa", "222233334444"),
            environment("prod", "333344445555"),
        ];
        Compiled::of(&format!(
            "pipeline shop {{\n  cluster = \"company-pipelines\"\n  repository = \"acme/shop\"\n\n{triggers}\n  app {{ setup = [\"npm ci\"] }}\n  build {{ run = [\"npm run build\"] }}\n{}}}\n",
            environments.concat()
        ))
    }

    /// A program of a pipeline `shop`.
    #[track_caller]
    fn of(text: &str) -> Compiled {
        let emit = vec![Emit::WorkflowTemplates, Emit::Events];
        let manifests = compile::compile_to(text, emit);
        let manifests = manifests.unwrap_or_else(|refusal| panic!("{text}\n{refusal}"));
        Compiled::from("shop", &manifests)
    }

    /// From the manifests of a pipeline.
    pub fn from(name: &str, manifests: &str) -> Compiled {
        let templates = compile::of_kinds(manifests, &["WorkflowTemplate"]);
        let route = compile::of_kinds(manifests, &["Ingress", "HTTPRoute"]);
        let mut events = compile::of_kinds(manifests, &["EventSource", "Sensor", "Service"]);
        if !route.is_empty() {
            events = format!("{events}\n---\n{route}");
        }
        Compiled {
            name: name.to_owned(),
            events,
            templates,
            route,
            schedules: compile::of_kinds(manifests, &["CronWorkflow"]),
        }
    }

    /// The WorkflowTemplate of a name.
    pub fn template(&self, name: &str) -> &str {
        let named = format!("\n  name: {name}\n");
        let mut templates = self.templates.split("\n---\n");
        let found = templates.find(|template| template.contains(&named));
        found.unwrap_or_else(|| panic!("no WorkflowTemplate {name}"))
    }

    /// What becomes of a payload that is signed as it should be.
    #[track_caller]
    pub fn outcome(&self, payload: &Payload) -> Outcome {
        self.of_request(&payload.sent(SECRET))
    }

    /// What becomes of a request.
    #[track_caller]
    pub fn of_request(&self, request: &Request) -> Outcome {
        let key = BTreeMap::from([("secret".to_owned(), SECRET.to_owned())]);
        let secrets = Secrets::from([(format!("{}-webhook", self.name), key)]);
        judge_events::fire(&self.events, request, &secrets)
    }

    /// What starts for a payload.
    #[track_caller]
    pub fn starts(&self, payload: &Payload) -> Vec<Start> {
        self.starts_of(&self.outcome(payload))
    }

    /// What starts, after all of it has been looked at: the Workflows, those that are made where these could not be, and what Argo Workflows says of both.
    #[track_caller]
    pub fn starts_of(&self, outcome: &Outcome) -> Vec<Start> {
        let mut starts = Vec::new();
        for (trigger, firing) in outcome.fired() {
            assert_eq!(firing.by.len(), 1, "{trigger}: {firing:#?}");
            let start = self.start(trigger, firing);
            let later = firing.dead_letter.as_deref();
            let later = later.unwrap_or_else(|| panic!("{trigger} has no dead-letter trigger"));
            let later = self.start(trigger, later);
            // Both come to one run.
            assert_eq!(later.entry(), start.entry());
            let run = start.arguments.get("name").unwrap_or(&start.name);
            assert_eq!(later.argument("name"), run);
            for name in ["commit", "event", "ref", "actor", "pull-request"] {
                assert_eq!(later.argument(name), start.argument(name), "{trigger}");
            }
            starts.push(start);
        }
        starts
    }

    #[track_caller]
    fn start(&self, trigger: &str, firing: &Firing) -> Start {
        assert!(firing.error.is_empty(), "{trigger}: {firing:#?}");
        assert!(firing.notes.is_empty(), "{trigger}: {firing:#?}");
        let [sent] = &firing.sent[..] else {
            panic!("{trigger}: {firing:#?}");
        };
        // All that the Sensor's account may do.
        let request = (&*sent.verb, &*sent.group, &*sent.resource, &*sent.namespace);
        assert_eq!(request, ("create", "argoproj.io", "workflows", "aphex"));
        let workflow = &sent.object;
        let text = |pointer: &str| {
            let value = workflow.pointer(pointer).and_then(Value::as_str);
            value
                .unwrap_or_else(|| panic!("{pointer}: {workflow:#}"))
                .to_owned()
        };
        let start = Start {
            trigger: trigger.to_owned(),
            // What is made later has no fixed name.
            name: match workflow.pointer("/metadata/generateName") {
                Some(_) => text("/metadata/generateName"),
                None => text("/metadata/name"),
            },
            template: text("/spec/workflowTemplateRef/name"),
            arguments: arguments(workflow),
        };
        let is_commit =
            |text: &str| text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let commit = start.argument("commit");
        let by_start = start.arguments.contains_key("entry");
        assert!(
            is_commit(commit) || (by_start && commit.is_empty()),
            "{start:#?}"
        );
        start.decoded("ref");
        start.decoded("actor");
        // Nothing of it is more than data in the places that Argo fills in.
        for value in start.arguments.values() {
            let plain = |letter: char| letter.is_ascii_alphanumeric() || "+/=-_.".contains(letter);
            assert!(value.chars().all(plain), "{value:?}: {start:#?}");
        }
        let given = start.arguments.iter();
        let given = given.map(|(name, value)| (name.as_str(), value.as_str()));
        let template = self.template(&start.template);
        // JSON is YAML.
        let question = Question::new(format!("{template}\n---\n{workflow}\n"));
        judge::assert_accepted(trigger, &question.submitted(&start.template, given));
        start
    }
}
