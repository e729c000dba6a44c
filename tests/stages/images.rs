//! The images' Dockerfiles, built by real buildah from a base that is made here: its package managers note what they are asked for, since no
//! registry can be reached.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use crate::support::containers::{Podman, has, static_busybox};
use crate::support::tools::{output, root, skip};

const ASKED: &str = "#!/bin/sh\necho \"$(basename $0) $*\" >>/asked\n[ \"$*\" != \"info -v\" ] || echo git-2.0-r0\n";

/// A base with these programs, by the name of a tag.
fn base(podman: &Podman, tag: &str, programs: &[&str]) {
    let room = tempfile::tempdir().unwrap();
    let bin = room.path().join("bin");
    fs::create_dir(&bin).unwrap();
    let busybox = static_busybox().unwrap();
    fs::copy(&busybox, bin.join("busybox")).unwrap();
    for applet in [
        "sh", "mkdir", "rm", "cat", "sort", "echo", "basename", "id", "ls", "stat",
    ] {
        std::os::unix::fs::symlink("busybox", bin.join(applet)).unwrap();
    }
    for program in programs {
        let path = bin.join(program);
        fs::write(&path, ASKED).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let archive = room.path().join("base.tar");
    output(
        Command::new("tar")
            .arg("-cf")
            .arg(&archive)
            .arg("-C")
            .arg(room.path())
            .arg("bin"),
    )
    .unwrap();
    output(&mut podman.command(&["import", "--quiet", &archive.to_string_lossy(), tag])).unwrap();
}

fn build(podman: &Podman, arguments: &[&str]) -> Result<String, String> {
    let mut command = Command::new(root().join("images/build"));
    let isolation = ("BUILDAH_ISOLATION", "chroot");
    output(
        command
            .args(arguments)
            .envs(podman.variables())
            .envs([isolation])
            .env("SOURCE_DATE_EPOCH", "1700000000"),
    )
}

fn in_image(podman: &Podman, image: &str, script: &str) -> String {
    output(&mut podman.command(&[
        "run",
        "--rm",
        "--network=none",
        "--entrypoint=sh",
        image,
        "-c",
        script,
    ]))
    .unwrap()
}

#[test]
fn req_15_2_the_images_of_aphex_are_built() {
    let Some(podman) = Podman::get("images") else {
        return;
    };
    if !has("buildah") {
        return skip(
            "images",
            "there is no buildah",
            "on Debian: apt-get install buildah",
        );
    }
    base(
        podman,
        "localhost/aphex-test/base:1",
        &["apk", "apt-get", "dpkg-query", "npm"],
    );
    let base = "--base=localhost/aphex-test/base:1"
        .split_once('=')
        .unwrap();
    let busybox = static_busybox().unwrap();
    let binary = busybox.to_string_lossy().into_owned();
    for (image, more, asked) in [
        (
            "runtime",
            vec!["--binary", &binary],
            "apk add --no-cache ca-certificates git git-lfs",
        ),
        (
            "builder",
            vec![],
            "apt-get install -y --no-install-recommends bash ca-certificates",
        ),
        (
            "deployer",
            vec![],
            "npm install --global --no-audit --no-fund aws-cdk@2.",
        ),
    ] {
        let tag = format!("localhost/aphex-test/{image}:1");
        let arguments = [&[image, base.0, base.1, "--tag", &tag][..], &more].concat();
        let built = build(podman, &arguments).unwrap();
        let seen = in_image(podman, &tag, "id -u; cat /asked; ls /usr/share/aphex");
        assert!(
            seen.starts_with("1000\n") && seen.contains(asked) && seen.contains("sbom.txt"),
            "{seen}"
        );
        let labels =
            output(&mut podman.command(&["inspect", "--format", "{{.Labels}} {{.Created}}", &tag]))
                .unwrap();
        for label in [
            "image.version:0.",
            "image.revision:",
            "dev.aphex.sbom:/usr/share/aphex/sbom.txt",
            "2023-11-14",
        ] {
            assert!(labels.contains(label), "{label}: {labels}");
        }
        // The same again is the same.
        let again = build(podman, &arguments).unwrap();
        assert_eq!(built.lines().last(), again.lines().last(), "{image}");
    }
    let mode = in_image(
        podman,
        "localhost/aphex-test/runtime:1",
        "stat -c %a /usr/local/bin/aphex",
    );
    assert_eq!(mode.trim(), "755");
}

/// A binary that needs libraries would start in this image and in hardly any other.
#[test]
fn a_binary_that_is_not_static_is_refused() {
    if !has("buildah") {
        return skip(
            "images",
            "there is no buildah",
            "on Debian: apt-get install buildah",
        );
    }
    let aphex = Path::new(env!("CARGO_BIN_EXE_aphex"));
    let mut command = Command::new(root().join("images/build"));
    let refused = output(command.args(["runtime", "--binary"]).arg(aphex)).unwrap_err();
    assert!(refused.contains("is not linked statically"), "{refused}");
}
