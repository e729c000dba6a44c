#!/usr/bin/env python3
"""Measures artifacts beside `aws s3 sync` and `tar | zstd | aws s3 cp`, and what a stage takes beside its command; writes both into docs/performance.md.

    benches/artifacts.py              builds Aphex (release), installs ministack and the AWS CLI under target/, measures
    benches/artifacts.py --print      prints the tables, writes nothing
    benches/artifacts.py --part 10    a tenth of the files, which takes minutes in place of half an hour
    benches/artifacts.py --aphex FILE measures that program instead of building one

20,000 files, 1 GiB in all, go to a bucket of an emulator of AWS (ministack) and come back, in turn: by the pods of a build and of a step as Argo runs them
(`aphex stage build`, `aphex stage checkout --for step`), by the AWS CLI file by file, and by `tar | zstd | aws s3 cp`. What comes back is compared with what went.
A third of the bytes is random, the rest are words, so that zstd has something to do and not everything.
"""

import argparse
import base64
import filecmp
import os
import pathlib
import random
import shutil
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import deploy as cloud
import run as other

AWSCLI = "1.45.11"
FILES = 20_000
BYTES = 1 << 30
BUCKET = "acme-artifacts"
PIPELINE = """
pipeline shop {
  cluster    = "company-pipelines"
  repository = "acme/shop"

  on push { branches = ["main"] }

  build {
    run       = ["mv %s dist"]
    artifacts = ["dist/**"]
  }

  environment dev {
    account = "111122223333"
    region  = "us-east-1"

    step use   { run = ["true"] }
    step sleep { run = ["sleep 1"] }
  }
}
"""


def install():
    home = other.TARGET / "tools" / f"bench-awscli-{AWSCLI}"
    if not (home / "bin" / "aws").exists():
        other.run([sys.executable, "-m", "venv", home])
        other.run([home / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check", f"awscli=={AWSCLI}"])
    return home / "bin" / "aws"


def tree(folder):
    """The files, the same every time; folders of a hundred."""
    shutil.rmtree(folder, ignore_errors=True)
    source = random.Random(7)
    words = [bytes(source.choice(b"abcdefghijklmnopqrstuvwxyz") for _ in range(source.randint(2, 10))) for _ in range(5000)]
    text = b" ".join(source.choice(words) for _ in range(400_000))
    size = BYTES // FILES
    for number in range(FILES):
        path = folder / f"{number // 100:03}" / f"file-{number:05}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        own = source.randint(size // 2, size + size // 2) if number % 2 == 0 else 2 * size - own
        at = source.randrange(len(text) - own)
        path.write_bytes(source.randbytes(own // 3) + text[at : at + own - own // 3])
    return folder


def compare(one, two):
    """The same files with the same bytes."""
    names = {name: sorted(str(path.relative_to(name)) for path in name.rglob("*") if path.is_file()) for name in (one, two)}
    if names[one] != names[two]:
        raise SystemExit(f"{two} has other files than {one}")
    _, differ, errors = filecmp.cmpfiles(one, two, names[one], shallow=False)
    if differ or errors:
        raise SystemExit(f"{two} differs from {one}: {(differ + errors)[:5]}")


def command(arguments, folder, env, figures):
    """Runs it, and keeps wall time, processor time, and the largest memory of one process."""
    begin = time.perf_counter()
    with open(other.WORK / "remarks", "w+") as remarks:
        process = subprocess.Popen([str(part) for part in arguments], cwd=folder, env=env, stdout=remarks, stderr=remarks)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            remarks.seek(0)
            raise SystemExit(f"{arguments} ended with {process.returncode}:\n{remarks.read()[-4000:]}")
    figures.wall.append(wall)
    figures.cpu.append(usage.ru_utime + usage.ru_stime)
    figures.memory.append(usage.ru_maxrss / 1024)
    return wall


class Pods:
    """What Argo gives to the pods of a run, with a store in a bucket or a folder."""

    def __init__(self, aphex, env, data, store):
        self.aphex, self.env, self.store = aphex, env, store
        self.repository = other.write_repository("artifacts-repository", {"pipeline.aphex": PIPELINE % data})
        git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.com"]
        for arguments in (["init", "--quiet", "--initial-branch=main"], ["add", "--all"], ["commit", "--quiet", "-m", "app"]):
            other.run([*git, *arguments], cwd=self.repository)
        self.commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=self.repository, check=True, capture_output=True, text=True).stdout.strip()

    def run(self, number, pod, words, figures):
        root = other.WORK / "pods" / pod
        env = {
            **self.env,
            "APHEX_ROOT": str(root),
            "APHEX_PIPELINE": "shop",
            "APHEX_FILE": "pipeline.aphex",
            "APHEX_REPOSITORY": "acme/shop",
            "APHEX_REMOTE": f"file://{self.repository}",
            "APHEX_RUN": f"shop-{number}",
            "APHEX_STARTED_AT": "2030-01-31T05:00:00Z",
            "APHEX_COMMIT": self.commit,
            "APHEX_EVENT": "push",
            "APHEX_REF_BASE64": base64.b64encode(b"refs/heads/main").decode(),
            "APHEX_STORE": self.store,
        }
        return command([self.aphex, "stage", *words], other.WORK, env, figures)


def artifacts(aphex, aws, runs):
    emulator, url = cloud.start(cloud.install()[0])
    up = {name: other.Figures() for name in ("aphex", "sync", "tar")}
    down = {name: other.Figures() for name in up}
    ignored = other.Figures()
    try:
        env = {**cloud.environment(url, "111122223333"), "AWS_EC2_METADATA_DISABLED": "true"}
        other.run([aws, "s3", "mb", f"s3://{BUCKET}"], env=env, stdout=subprocess.DEVNULL)
        data, work = tree(other.WORK / "artifacts-data"), other.WORK / "pods"
        for number in range(runs):
            shutil.rmtree(work, ignore_errors=True)
            work.mkdir()
            moved = other.WORK / "artifacts-moved"
            shutil.rmtree(moved, ignore_errors=True)
            # Links, not copies: what is packed are the same files.
            other.run(["cp", "-al", data, moved])
            pods = Pods(aphex, env, moved, f"s3://{BUCKET}/aphex")
            use = ["step", "--environment", "dev", "--name", "use"]
            pods.run(number, "build", ["checkout", "--for", "build"], ignored)
            pods.run(number, "build", ["build"], up["aphex"])
            pods.run(number, "use", ["checkout", "--for", *use], down["aphex"])
            compare(data, work / "use" / "source" / "dist")
            shutil.rmtree(work)
            work.mkdir()

            command([aws, "s3", "sync", "--only-show-errors", data, f"s3://{BUCKET}/sync-{number}"], work, env, up["sync"])
            command([aws, "s3", "sync", "--only-show-errors", f"s3://{BUCKET}/sync-{number}", "back"], work, env, down["sync"])
            compare(data, work / "back")
            shutil.rmtree(work)
            work.mkdir()

            there = f"s3://{BUCKET}/tar-{number}.tar.zst"
            packing = f'tar -C "$1" -cf - . | zstd -q -3 -T0 | "$2" s3 cp --only-show-errors --expected-size {BYTES} - {there}'
            command(["bash", "-o", "pipefail", "-c", packing, "bash", data, aws], work, env, up["tar"])
            unpacking = f'mkdir back; "$2" s3 cp --only-show-errors {there} - | zstd -q -d | tar -C back -xf -'
            command(["bash", "-o", "pipefail", "-c", unpacking, "bash", data, aws], work, env, down["tar"])
            compare(data, work / "back")
            other.run([aws, "s3", "rm", "--recursive", "--only-show-errors", f"s3://{BUCKET}/"], env=env)
    finally:
        emulator.kill()
    names = {"aphex": "Aphex: the pod of a build, then that of a step", "sync": "`aws s3 sync`", "tar": "`tar`, `zstd` and `aws s3 cp`"}
    lines = ["| | there, s | back, s | memory there | memory back |", "| --- | --- | --- | --- | --- |"]
    for name, words in names.items():
        memory = " | ".join(f"{max(side[name].memory):.0f} MiB" for side in (up, down))
        lines.append(f"| {words} | {other.spread(up[name].wall, 1, 1)} | {other.spread(down[name].wall, 1, 1)} | {memory} |")
    times = [min(side["sync"].wall) / min(side["aphex"].wall) for side in (up, down)]
    tar = [min(side["tar"].wall) / min(side["aphex"].wall) for side in (up, down)]
    return [
        *lines,
        "",
        f"`aws s3 sync` takes {times[0]:.1f} times as long as Aphex there and {times[1]:.1f} times back, `tar | zstd | aws s3 cp` {tar[0]:.1f} and {tar[1]:.1f} times. "
        "Memory is that of the largest process.",
    ]


def overhead(aphex, runs):
    """What a stage takes beside its command, which is `sleep 1`; with the store in a folder, so that nobody's network is measured."""
    shutil.rmtree(other.WORK / "pods", ignore_errors=True)
    store = other.WORK / "store"
    shutil.rmtree(store, ignore_errors=True)
    pods = Pods(aphex, dict(os.environ), other.WORK / "nothing", f"file://{store}")
    stage, alone, ignored = other.Figures(), other.Figures(), other.Figures()
    words = ["step", "--environment", "dev", "--name", "sleep"]
    for number in range(runs):
        pods.run(number, f"sleep-{number}", ["checkout", "--for", *words], ignored)
        pods.run(number, f"sleep-{number}", words, stage)
        command(["sh", "-eu", "-c", "sleep 1"], other.WORK, dict(os.environ), alone)
    beside = (min(stage.wall) - min(alone.wall)) * 1000
    return [
        "| | wall, ms |",
        "| --- | --- |",
        f"| `aphex stage step` whose command is `sleep 1` | {other.spread(stage.wall, 1000, 0)} |",
        f"| `sh -eu -c 'sleep 1'` | {other.spread(alone.wall, 1000, 0)} |",
        "",
        f"A stage takes {beside:.0f} ms beside its command: it reads the pipeline at the commit, runs the command, and leaves its result and its log.",
    ]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--print", action="store_true", dest="only_print")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", choices=["artifacts", "overhead"])
    parser.add_argument("--part", type=int, default=1)
    parser.add_argument("--aphex", type=pathlib.Path)
    options = parser.parse_args()
    global FILES, BYTES
    FILES, BYTES = FILES // options.part, BYTES // options.part
    aphex = options.aphex.resolve() if options.aphex else other.build_aphex()
    other.WORK.mkdir(parents=True, exist_ok=True)
    tables = {}
    if options.only != "overhead":
        head = f"Measured on {other.machine()}. {FILES:,} files, {BYTES >> 20} MiB; ministack {cloud.MINISTACK}, AWS CLI {AWSCLI}. Least / median / most of {options.runs} runs."
        tables["artifacts"] = [head, "", *artifacts(aphex, install(), options.runs)]
    if options.only != "artifacts":
        head = f"Measured on {other.machine()}. Least / median / most of {5 * options.runs} runs."
        tables["overhead"] = [head, "", *overhead(aphex, 5 * options.runs)]
    page = other.ROOT / "docs" / "performance.md"
    for name, lines in tables.items():
        text = "\n".join(lines)
        print(text)
        if not options.only_print:
            before, _, rest = page.read_text().partition(f"<!-- measured: {name} -->\n")
            _, _, after = rest.partition(f"<!-- end: {name} -->\n")
            page.write_text(f"{before}<!-- measured: {name} -->\n{text}\n<!-- end: {name} -->\n{after}")


if __name__ == "__main__":
    main()
