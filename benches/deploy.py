#!/usr/bin/env python3
"""Measures the deployment of an environment of five stacks beside the obvious shell script, and writes it into docs/performance.md.

    benches/deploy.py              builds Aphex (release), installs ministack and the CDK under target/, measures
    benches/deploy.py --print      prints the table, writes nothing
    benches/deploy.py --aphex FILE measures that program instead of building one

Both deploy the same app to the same emulator of AWS (ministack), each into an account of its own, with the same CDK CLI: once from nothing, once with
nothing changed, and in turn. The script is what people write by hand: for each stack `cdk synth`, then `cdk deploy`.
"""

import argparse
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import run as other

MINISTACK = "1.5.33"
STACKS = ["Network", "Data", "Queue", "Api", "Web"]
APP = """
const { App, CfnOutput, Stack, aws_sns, aws_sqs } = require("aws-cdk-lib");
const app = new App();
const env = { account: process.env.CDK_DEFAULT_ACCOUNT, region: process.env.CDK_DEFAULT_REGION };
for (const name of %s) {
  const stack = new Stack(app, name, { env });
  const topic = new aws_sns.Topic(stack, "Topic");
  new aws_sqs.Queue(stack, "Queue");
  new CfnOutput(stack, "TopicArn", { value: topic.topicArn });
}
""" % json.dumps(STACKS)
SCRIPT = """
set -e
for stack in %s; do
  node_modules/.bin/cdk synth --quiet --no-notices "$stack"
  node_modules/.bin/cdk deploy --no-notices --ci --require-approval=never --exclusively "$stack"
done
""" % " ".join(STACKS)
PIPELINE = """
pipeline shop {
  cluster    = "company-pipelines"
  repository = "acme/shop"

  on push { branches = ["main"] }

  app { setup = ["ln -sfn %s node_modules"] }
  build { run = ["true"] }

  environment dev {
    account = "%s"
    region  = "us-east-1"
%s
  }
}
"""


def install():
    """ministack, and the CDK of the quickstart."""
    home = other.TARGET / "tools"
    emulator = home / f"bench-ministack-{MINISTACK}"
    if not (emulator / "bin" / "ministack").exists():
        other.run([sys.executable, "-m", "venv", emulator])
        other.run([emulator / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check", f"ministack=={MINISTACK}"])
    cdk = home / "cdk"
    if not (cdk / "node_modules" / ".whole").exists():
        cdk.mkdir(parents=True, exist_ok=True)
        for name in ["package.json", "package-lock.json"]:
            shutil.copy(other.ROOT / "examples" / "quickstart" / name, cdk)
        other.run(["npm", "ci", "--no-audit", "--no-fund", "--silent"], cwd=cdk)
        (cdk / "node_modules" / ".whole").write_text("")
    return emulator / "bin" / "ministack", cdk / "node_modules"


def start(program):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    env = {**os.environ, "BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(port)}
    emulator = subprocess.Popen([program], env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(300):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return emulator, f"http://127.0.0.1:{port}"
        except OSError:
            time.sleep(0.1)
    raise SystemExit("the emulator does not start")


def environment(url, account):
    return {
        **os.environ,
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": account,
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        "HTTPS_PROXY": "http://127.0.0.1:9",
        "NO_PROXY": "127.0.0.1,localhost",
        "CDK_DISABLE_CLI_TELEMETRY": "true",
        "CDK_VALIDATION": "false",
        "NODE_OPTIONS": "--no-warnings",
        "CDK_DEFAULT_ACCOUNT": account,
        "CDK_DEFAULT_REGION": "us-east-1",
    }


def repository(name, modules, account):
    stacks = "\n".join(f"    stack {stack} {{ output TopicArn }}" for stack in STACKS)
    folder = other.write_repository(
        name,
        {
            "app.js": APP,
            "cdk.json": json.dumps({"app": "node app.js"}),
            ".gitignore": "node_modules\n",
            "pipeline.aphex": PIPELINE % (modules, account, stacks),
        },
    )
    (folder / "node_modules").symlink_to(modules)
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.com"]
    other.run([*git, "init", "--quiet"], cwd=folder)
    other.run([*git, "add", "--all"], cwd=folder)
    other.run([*git, "commit", "--quiet", "-m", "app"], cwd=folder)
    return folder


def timed(command, folder, env):
    begin = time.perf_counter()
    done = subprocess.run([str(part) for part in command], cwd=folder, env=env, capture_output=True, text=True)
    took = time.perf_counter() - begin
    if done.returncode != 0:
        raise SystemExit(f"{command} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return took


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--print", action="store_true", dest="only_print")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--aphex", type=pathlib.Path)
    options = parser.parse_args()
    aphex = options.aphex.resolve() if options.aphex else other.build_aphex()
    program, modules = install()
    machine = other.machine()
    figures = {"aphex": ([], []), "script": ([], [])}
    emulator, url = start(program)
    try:
        for number in range(options.runs):
            for index, name in enumerate(figures):
                account = f"{1 + index}{number:011}"
                env = environment(url, account)
                folder = repository(f"deploy-{name}", modules, account)
                timed([modules / ".bin" / "cdk", "bootstrap", "--no-notices", "--app", "", f"aws://{account}/us-east-1"], folder, env)
                command = [aphex, "run", "--deploy"] if name == "aphex" else ["sh", "-c", SCRIPT]
                for figure in figures[name]:
                    figure.append(timed(command, folder, env))
    finally:
        emulator.kill()
    rows = {"`aphex run --deploy`": figures["aphex"], "`cdk synth` and `cdk deploy` for each stack": figures["script"]}
    lines = [
        f"Measured on {machine}. CDK CLI and library of `examples/quickstart`, ministack {MINISTACK}. Least / median / most of {options.runs} runs, in seconds.",
        "",
        "| | from nothing | nothing changed |",
        "| --- | --- | --- |",
        *(f"| {name} | {other.spread(new, 1, 1)} | {other.spread(again, 1, 1)} |" for name, (new, again) in rows.items()),
        "",
        f"The script takes {min(figures['script'][0]) / min(figures['aphex'][0]):.1f} times as long from nothing, "
        f"{min(figures['script'][1]) / min(figures['aphex'][1]):.1f} times where nothing has changed. "
        "Aphex checks the file, checks out the commit, synthesises once, compares with the file, and records besides.",
    ]
    text = "\n".join(lines)
    print(text)
    if not options.only_print:
        page = other.ROOT / "docs" / "performance.md"
        before, _, rest = page.read_text().partition("<!-- measured: deployment -->\n")
        _, _, after = rest.partition("<!-- end: deployment -->\n")
        page.write_text(f"{before}<!-- measured: deployment -->\n{text}\n<!-- end: deployment -->\n{after}")


if __name__ == "__main__":
    main()
