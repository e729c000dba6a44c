//! Commands that are fine, and commands that are not: what is said, and at which characters.

use std::rc::Rc;

use crate::diagnostics::Problems;
use crate::model::fixture;
use crate::model::{EnvValue, Pipeline, Shell, StepKind, Text};
use crate::resolve;
use crate::rules::{Context, check};
use crate::source::{MemoryFiles, SourceId, Sources, Span};
use crate::syntax::walk::{self, Met};

/// A step and the repository around it.
struct Case {
    pipeline: Pipeline,
    files: MemoryFiles,
}

impl Case {
    fn new() -> Self {
        let mut pipeline = fixture::pipeline(Vec::new());
        pipeline.build = fixture::step(StepKind::Build, "", "build");
        Case {
            pipeline,
            files: MemoryFiles::new(),
        }
    }

    fn bash(mut self) -> Self {
        self.pipeline.build.shell = Shell::Bash;
        self
    }

    fn image(mut self) -> Self {
        self.pipeline.build.image = Some(fixture::text("node:22"));
        self
    }

    fn dir(mut self, dir: &str) -> Self {
        self.pipeline.build.dir = Some(fixture::text(dir));
        self
    }

    fn env(mut self, name: &str, value: &str) -> Self {
        let value = fixture::at(EnvValue::Text(value.to_owned()));
        self.pipeline.build.env.insert(name.to_owned(), value);
        self
    }

    fn file(mut self, path: &str, text: &str) -> Self {
        self.files = self.files.with(path, text);
        self
    }

    /// What is said of these commands: `CODE text`, with the text that the label stands at.
    fn run(mut self, commands: &[&str]) -> Vec<String> {
        let quoted: Vec<String> = commands
            .iter()
            .map(|command| {
                format!(
                    "\"{}\"",
                    command
                        .replace('\\', "\\\\")
                        .replace('"', "\\\"")
                        .replace('\n', "\\n")
                        .replace("#{", "\\#{")
                )
            })
            .collect();
        let source = format!("let x = [{}]", quoted.join(", "));
        let mut problems = Problems::new();
        let mut sources = Sources::new();
        let files = self.files.clone().with("pipeline.aphex", source);
        let program = resolve::load("pipeline.aphex", &files, &mut sources, &mut problems).unwrap();
        let root = program.module(program.root).unwrap();
        let file = Rc::clone(&root.file);
        let mut spans: Vec<Span> = Vec::new();
        walk::file(&file, &mut |met| {
            if let Met::String(literal) = met {
                spans.push(literal.span);
            }
        });
        spans.sort();
        self.pipeline.build.run = commands
            .iter()
            .zip(spans)
            .map(|(command, span)| Text::new((*command).to_owned(), span))
            .collect();
        let graph = crate::graph::build(&self.pipeline);
        let context = Context {
            pipelines: std::slice::from_ref(&self.pipeline),
            graphs: std::slice::from_ref(&graph),
            program: Some(&program),
            files: &files,
            sources: &sources,
        };
        check(&context, &mut problems);
        problems
            .into_sorted()
            .into_iter()
            .map(|problem| {
                let span = problem.span().unwrap_or(Span::new(SourceId(0), 0, 0));
                format!("{} {}", problem.code.id, sources.text(span))
            })
            .collect()
    }
}

fn said(commands: &[&str]) -> Vec<String> {
    Case::new().run(commands)
}

#[track_caller]
fn fine(command: &str) {
    assert_eq!(said(&[command]), Vec::<String>::new(), "{command}");
}

#[track_caller]
fn wrong(command: &str, expected: &str) {
    assert_eq!(said(&[command]), [expected], "{command}");
}

/// Commands of real pipelines, which nothing is to be said about.
#[test]
fn good_commands_are_left_alone() {
    for command in [
        "npm ci",
        "npm run build -- --mode production",
        "NODE_ENV=production npm run build",
        "npx cdk deploy --all --require-approval never",
        "docker build -t shop:latest -f infra/Dockerfile . && docker run --rm -i shop:latest npm test",
        "pip install -r requirements.txt && pytest -q",
        "if [ -f package-lock.json ]; then npm ci; else npm install; fi",
        "for f in *.sql; do psql \"$HOME/x\" -f \"$f\"; done",
        "curl -fsSL https://example.com/install.sh | sh",
        "aws s3 sync dist \"s3://bucket-$AWS_REGION\" --delete",
        "VERSION=$(node -p \"require('./package.json').version\")\necho \"building $VERSION\"",
        "git diff --exit-code || { echo 'generated files differ'; exit 1; }",
        "rm -rf dist || true",
        "docker stop db || true",
        "cat <<'EOF' > .npmrc\n//registry.example.com/:_authToken=${TOKEN}\nEOF",
        "echo '{{ .Values.x }}' '{{workflow.name}}' \"${HOME}\"",
        "jq -r '.[] | select(.name == \"x\") | .id' file.json",
        "awk '{ print $1 }' file && sed -i 's/\\$X/y/' file",
        "aws cloudformation describe-stacks --query 'Stacks[?StackName==`x`].Outputs' --output text",
        "test \"${X:-}\" = \"\" && echo ${Y:=1} $Y",
        "find . -name '*.ts' -exec grep -l x {} +",
        "apt-get update && apt-get install -y --no-install-recommends jq",
        "go test ./... -race -coverprofile=cover.out",
        "mvn -B -ntp verify",
        "./gradlew build --no-daemon",
        "while ! curl -sf http://localhost:8080/health; do sleep 1; done",
        "( cd web && npm ci )",
        "set -x\nnpm ci",
        "export NODE_OPTIONS=--max-old-space-size=4096\nnpm run build",
        "cd web && npm ci && npm run build",
        "trap 'docker compose down' EXIT\ndocker compose up -d\nnpm test",
        "git tag -a v1 -m 'release' && git push origin v1",
        "grep -q x file && echo yes || echo no",
        "aws lambda invoke --function-name f --invocation-type Event out.json",
        "test $(aws lambda invoke --function-name f --query FunctionError --output text out.json) = None",
        "read -r line < file && echo \"$line\"",
        "printf '%s' hello | docker login -u x --password-stdin",
        "terraform init && terraform plan -out plan && terraform apply plan",
        "f() { echo \"$1\"; }; f x",
        "case \"$(uname)\" in Linux) echo l ;; *) echo o ;; esac",
        "n=$((1 + 2)); echo \"$n\"",
        "echo \"It's 5 o'clock\" # don't",
        "yes | sdkmanager --licenses",
        "! grep -r TODO src",
        "npm test > test.log 2>&1",
        "timeout 60 ./wait.sh localhost:5432",
        "xargs -n1 echo < list",
        "ls *.json",
        "helm upgrade --install shop ./chart --set image.tag=abc --wait",
        "sh -c 'echo $0 \"$UNSEEN\"'",
        "kubectl apply -k overlays/dev",
        "eval \"$(ssh-agent -s)\" && echo $SSH_AUTH_SOCK",
        "echo caf\u{e9} && test -d \u{fc}ber",
        "",
        "# only a comment",
        "echo ${A:+${A} and more} ${B:-$HOME}",
        "[ -d x ] || [ -d y ]",
    ] {
        fine(command);
    }
}

#[test]
fn shell_errors_stand_at_their_character() {
    wrong("echo \"abc", "A0630 \\\"");
    wrong("test $($SHA == x", "A0630 $(");
    wrong("echo 'it's'", "A0630 '");
    wrong("a\n  b &&\n", "A0630 &&");
    wrong("if [ -f x ]; then\n  npm ci\n", "A0630 if");
    wrong("ls\ncat (x)", "A0630 (");
    wrong("if [[ a == b]]; then ls; fi", "A0630 ]]");
    wrong("[ -f x && ls", "A0630 [");
    wrong("test -f x && [ \"$HOME\" = y]", "A0630 [");
}

#[test]
fn bash_is_refused_in_sh_alone() {
    wrong("[[ -f x ]] && ls", "A0631 [[ -f x ]]");
    wrong("source ./env.sh", "A0631 source");
    wrong("ls &> log", "A0631 &>");
    wrong("echo ${HOME//a/b}", "A0631 ${HOME//a/b}");
    wrong("set -euo pipefail\nls", "A0631 pipefail");
    wrong("[ \"$HOME\" == x ]", "A0631 ==");
    for command in [
        "[[ -f x ]] && ls",
        "source ./env.sh",
        "set -euo pipefail\nls | tee x",
        "echo ${HOME//a/b} $RANDOM",
    ] {
        assert_eq!(
            Case::new().bash().run(&[command]),
            Vec::<String>::new(),
            "{command}"
        );
    }
}

#[test]
fn what_is_lost_with_its_shell() {
    assert_eq!(said(&["cd web", "npm ci"]), ["A0632 cd web"]);
    assert_eq!(said(&["export A=1", "npm ci"]), ["A0632 export A=1"]);
    assert_eq!(said(&["A=1", "npm ci"]), ["A0632 A=1"]);
    assert_eq!(said(&["cd web && export B=2", "npm ci"]), ["A0632 cd web"]);
    assert_eq!(said(&["set -x", "npm ci"]), ["A0632 set -x"]);
    assert_eq!(
        said(&["cd web && npm ci", "set -e", "A=1 npm ci"]),
        Vec::<String>::new()
    );
}

#[test]
fn hidden_failures() {
    wrong("npm test || true", "A0633 npm test");
    wrong("npx jest --ci || exit 0", "A0633 npx jest --ci");
    wrong("npm test | tee log", "A0633 npm test");
    wrong(
        "aws lambda invoke --function-name f out.json",
        "A0633 aws lambda invoke --function-name f out.json",
    );
    wrong("set +e\nnpm test", "A0633 set +e");
    fine("set +e\nnpm test\ncode=$?\nexit $code");
    fine("set +e\nls\nset -e\nnpm test");
}

#[test]
fn nobody_answers() {
    wrong("docker run -it --rm x npm test", "A0634 -it");
    wrong("docker exec -ti db psql", "A0634 -ti");
    wrong("apt-get install jq", "A0634 apt-get install jq");
    wrong("npm init", "A0634 npm init");
    wrong("cdk deploy --all", "A0634 cdk deploy --all");
    wrong("npx cdk destroy X", "A0634 cdk destroy X");
    wrong("terraform apply", "A0634 terraform apply");
    wrong("read answer", "A0634 read answer");
    fine("docker run --rm x ls -it");
    fine("echo y | apt-get install jq");
    fine("while read -r x; do echo \"$x\"; done < file");
    fine("ls | while read -r x; do echo \"$x\"; done");
}

#[test]
fn habits_of_a_persons_machine() {
    wrong("aws s3 ls --profile dev", "A0635 --profile dev");
    wrong(
        "npx cdk deploy --profile=dev --require-approval never",
        "A0635 --profile=dev",
    );
    wrong(
        "set NODE_ENV=production && npm ci",
        "A0636 set NODE_ENV=production",
    );
    wrong("sudo npm ci", "A0638 sudo");
    wrong("find . -name *.ts", "A0649 *.ts");
    wrong("npx prettier src/**/*.ts", "A0649 src/**/*.ts");
    wrong("echo ${{ github.sha }}", "A0648 ${{ github.sha }}");
    fine("docker compose --profile dev up -d");
    assert_eq!(
        Case::new().image().run(&["sudo npm ci"]),
        Vec::<String>::new()
    );
}

#[test]
fn variables_that_nobody_sets() {
    wrong("echo $API_URL", "A0637 $API_URL");
    assert_eq!(
        said(&["A=1; echo \"$A ${B}\" $(echo $C)"]),
        ["A0637 ${B}", "A0637 $C"]
    );
    assert_eq!(said(&["echo $GITHUB_SHA"]), ["A0637 $GITHUB_SHA"]);
    assert_eq!(
        Case::new().env("API_URL", "x").run(&["echo $API_URL"]),
        Vec::<String>::new()
    );
    assert_eq!(
        Case::new().env("API_URL", "x").run(&["echo $APIURL"]),
        ["A0637 $APIURL"]
    );
    // The user's own image may set it.
    assert_eq!(
        Case::new().image().run(&["echo $API_URL"]),
        Vec::<String>::new()
    );
    assert_eq!(
        Case::new().image().run(&["echo $GITHUB_SHA"]),
        ["A0637 $GITHUB_SHA"]
    );
}

const PACKAGE: &str = r#"{ "name": "shop", "scripts": { "build": "tsc", "test": "jest", "test:e2e": "playwright" } }"#;

#[test]
fn scripts_are_those_of_the_package() {
    let npm = || {
        Case::new()
            .file("package.json", PACKAGE)
            .file("package-lock.json", "{}")
            .file(
                "web/package.json",
                "{ \"name\": \"web\", \"scripts\": { \"lint\": \"x\" } }",
            )
    };
    for command in [
        "npm ci",
        "npm run build",
        "npm test",
        "npm run test:e2e -- --x",
        "cd web && npm run lint",
        "npm run lint --prefix web",
        "npm --prefix web run lint",
        "npm run lint -w web",
        "npm run lint --workspaces --if-present",
        "npm run $HOME",
        "(cd web && npm run lint) && npm run build",
    ] {
        assert_eq!(npm().run(&[command]), Vec::<String>::new(), "{command}");
    }
    assert_eq!(npm().run(&["npm run biuld"]), ["A0641 biuld"]);
    assert_eq!(npm().run(&["npm run lint"]), ["A0641 lint"]);
    assert_eq!(npm().run(&["cd web && npm run build"]), ["A0641 build"]);
    assert_eq!(
        npm().run(&["(cd web && npm run lint) && npm run lint"]),
        ["A0641 lint"]
    );
    assert_eq!(npm().dir("web").run(&["npm run build"]), ["A0641 build"]);
    assert_eq!(npm().run(&["npm run build --prefix web"]), ["A0641 build"]);
    assert_eq!(npm().run(&["npm install"]), ["A0639 npm install"]);
    assert_eq!(
        npm().run(&["npm install --no-save jest"]),
        Vec::<String>::new()
    );
    assert_eq!(npm().run(&["yarn install"]), ["A0645 yarn"]);
    assert_eq!(npm().run(&["pnpm i"]), ["A0645 pnpm"]);
    assert_eq!(npm().dir("wbe").run(&["npm ci"]).len(), 1);
    assert_eq!(
        Case::new().file("package.json", "{}").run(&["npm ci"]),
        ["A0645 npm ci"]
    );
    assert_eq!(
        Case::new().file("a.js", "").run(&["npm ci"]),
        ["A0642 npm ci"]
    );
    let pnpm = "{ \"packageManager\": \"pnpm@9.1.0\" }";
    assert_eq!(
        Case::new().file("package.json", pnpm).run(&["npm ci"]),
        ["A0645 npm"]
    );
    let prepare = ["corepack prepare pnpm@8.6.0 --activate"];
    assert_eq!(
        Case::new().file("package.json", pnpm).run(&prepare),
        ["A0645 pnpm@8.6.0"]
    );
    assert_eq!(
        Case::new()
            .file("package.json", pnpm)
            .run(&["npm i -g pnpm@9"]),
        Vec::<String>::new()
    );
}

#[test]
fn files_are_those_of_the_repository() {
    let files = || {
        Case::new()
            .file("scripts/build.sh", "")
            .file("scripts/migrate.js", "")
            .file("Makefile", "build: x\n\tls\n.PHONY: test\n")
    };
    assert_eq!(
        files().run(&[
            "node scripts/migrate.js",
            "sh scripts/build.sh",
            "make build test"
        ]),
        Vec::<String>::new()
    );
    assert_eq!(
        files().run(&["node scripts/migrat.js"]),
        ["A0642 scripts/migrat.js"]
    );
    assert_eq!(files().run(&["node migrate.js"]), ["A0642 migrate.js"]);
    assert_eq!(
        files().run(&["./scripts/build.sh"]),
        ["A0643 ./scripts/build.sh"]
    );
    assert_eq!(
        files().run(&["./scripts/biuld.sh"]),
        ["A0642 ./scripts/biuld.sh"]
    );
    assert_eq!(files().run(&["make biuld"]), ["A0644 biuld"]);
    assert_eq!(
        files().dir("scripts").run(&["make build"]),
        ["A0642 make build"]
    );
    // What commands make is not there yet.
    for commands in [
        &["node dist/main.js"][..],
        &["curl -o x.sh https://example.com && sh x.sh"],
        &["tsc", "node generated/main.js"],
        &["./node_modules/.bin/jest"],
        &["python -m pytest"],
        &["node -e 'x'"],
        &["make -j4 A=b build"],
    ] {
        assert_eq!(files().run(commands), Vec::<String>::new(), "{commands:?}");
    }
}

#[test]
fn nothing_is_said_where_there_is_no_repository() {
    assert_eq!(
        Case::new()
            .file("pipeline.aphex", "")
            .file("tenants.json", "[]")
            .dir("web")
            .run(&["npm run x", "node y.js", "make z"]),
        Vec::<String>::new()
    );
}

#[test]
fn any_text_is_survived() {
    for text in [
        "$",
        "${",
        "\\",
        "`",
        "((((",
        "$(($((",
        "<<",
        "<<<",
        "|&;",
        "\u{0}",
        "\u{1F600} 'x",
        "a=(",
        "${a[",
        "\"${x:-\"",
        "{a,{b,c}",
        "case x in",
        "$'\\",
    ] {
        let _ = said(&[text]);
    }
}
