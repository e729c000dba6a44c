//! The image of every pod: `aphex` as it was built for the tests, Git, Node.js and the CDK of this machine, and the addresses of what
//! stands in for GitHub and AWS. It is made by podman; no registry is asked.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::support::containers::{Podman, has, static_busybox};
use crate::support::tools::{output, root, tools};

/// What is taken from this machine, besides BusyBox.
const PROGRAMS: &[&str] = &["bash", "curl", "git", "node"];
const BASE: &str = "localhost/aphex-test/pod-base:3";
/// The certificate that pods trust.
pub const CA: &str = "/world/ca.pem";

/// Makes the image and gives its archive and its two names.
pub fn make(
    podman: &Podman,
    modules: &Path,
    variables: &[(&str, &str)],
) -> Result<(PathBuf, [String; 2]), String> {
    let folder = tools().join("cluster-image");
    fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
    if output(&mut podman.command(&["image", "exists", BASE])).is_err() {
        base(podman, &folder, modules)?;
    }
    let context = folder.join("context");
    let world = context.join("world");
    fs::create_dir_all(&world).map_err(|error| error.to_string())?;
    let program = context.join("aphex");
    output(
        Command::new("strip")
            .arg("-o")
            .arg(&program)
            .arg(env!("CARGO_BIN_EXE_aphex")),
    )?;
    fs::copy(
        root().join("tests/cluster/world/server.mjs"),
        world.join("server.mjs"),
    )
    .map_err(|error| error.to_string())?;
    certificates(&world)?;
    let settings: String = variables
        .iter()
        .map(|(name, value)| format!("ENV {name}={value}\n"))
        .collect();
    let recipe = format!(
        "FROM {BASE}\n{settings}COPY world /world\nCOPY --chmod=0755 aphex /usr/local/bin/aphex\nUSER 1000:1000\n"
    );
    fs::write(context.join("Dockerfile"), &recipe).map_err(|error| error.to_string())?;
    // Another name each time: a node keeps what it has by the name.
    let names =
        ["pod", "other"].map(|name| format!("localhost/aphex-test/{name}:{}", std::process::id()));
    let [name, other] = &names;
    let mut build = Command::new("buildah");
    build
        .envs(podman.variables())
        .env("BUILDAH_ISOLATION", "chroot");
    output(
        build
            .args(["bud", "--quiet", "--tag", name, "--tag", other])
            .arg(&context),
    )?;
    let archive = folder.join("image.tar");
    let _ = fs::remove_file(&archive);
    save(podman, &archive, &[name, other])?;
    let _ = output(&mut podman.command(&["rmi", name, other]));
    Ok((archive, names))
}

/// Writes images of podman's to an archive.
pub fn save(podman: &Podman, archive: &Path, names: &[&str]) -> Result<(), String> {
    let path = archive.to_string_lossy();
    let to = ["--format=docker-archive", "--output", &path];
    let save = ["save", "--quiet", "--multi-image-archive"];
    output(&mut podman.command(&[&save, &to, names].concat())).map(|_| ())
}

/// The certificate of the authority, as webhooks of Kubernetes name it: in base64.
pub fn authority() -> Result<String, String> {
    let file = tools().join("cluster-image/context/world/ca.pem");
    fs::read(file)
        .map(|pem| STANDARD.encode(pem))
        .map_err(|error| error.to_string())
}

/// What changes seldom, and takes long.
fn base(podman: &Podman, folder: &Path, modules: &Path) -> Result<(), String> {
    let root = folder.join("base");
    let _ = fs::remove_dir_all(&root);
    let io = |error: std::io::Error| error.to_string();
    for name in [
        "bin",
        "etc",
        "root",
        "tmp",
        "usr/bin",
        "usr/lib",
        "usr/local/bin",
    ] {
        fs::create_dir_all(root.join(name)).map_err(io)?;
    }
    fs::set_permissions(root.join("tmp"), fs::Permissions::from_mode(0o1777)).map_err(io)?;
    let busybox = static_busybox().ok_or("there is no BusyBox that is linked statically")?;
    fs::copy(&busybox, root.join("bin/busybox")).map_err(io)?;
    for applet in output(Command::new(&busybox).arg("--list"))?
        .lines()
        .filter(|applet| *applet != "busybox")
    {
        symlink("busybox", root.join("bin").join(applet)).map_err(io)?;
    }
    let mut linked = Vec::new();
    for name in PROGRAMS {
        let path =
            output(Command::new("sh").args(["-c", &format!("readlink -f $(command -v {name})")]))?;
        fs::copy(path.trim(), root.join("usr/bin").join(name)).map_err(io)?;
        linked.push(PathBuf::from(path.trim()));
    }
    let core = PathBuf::from(output(Command::new("git").arg("--exec-path"))?.trim());
    let parent = root.join(core.strip_prefix("/").map_err(|error| error.to_string())?);
    fs::create_dir_all(parent.parent().ok_or("no folder")?).map_err(io)?;
    output(Command::new("cp").arg("-a").arg(&core).arg(&parent))?;
    linked.push(core.join("git-remote-https"));
    linked.push(PathBuf::from(env!("CARGO_BIN_EXE_aphex")));
    for library in libraries(&linked)? {
        let place = root.join(
            library
                .strip_prefix("/")
                .map_err(|error| error.to_string())?,
        );
        fs::create_dir_all(place.parent().ok_or("no folder")?).map_err(io)?;
        fs::copy(&library, place).map_err(io)?;
    }
    // Node.js looks for packages in the folders above, up to the root.
    output(
        Command::new("cp")
            .arg("-a")
            .arg(modules)
            .arg(root.join("node_modules")),
    )?;
    symlink("/node_modules/.bin/cdk", root.join("usr/bin/cdk")).map_err(io)?;
    symlink("/bin/busybox", root.join("usr/bin/env")).map_err(io)?;
    fs::write(
        root.join("etc/passwd"),
        "root:x:0:0::/root:/bin/sh\naphex:x:1000:1000::/tmp:/bin/sh\n",
    )
    .map_err(io)?;
    fs::write(root.join("etc/nsswitch.conf"), "hosts: files dns\n").map_err(io)?;
    let archive = folder.join("base.tar");
    output(
        Command::new("tar")
            .args(["--owner=0", "--group=0", "--mode=a+rX", "-cf"])
            .arg(&archive)
            .arg("-C")
            .arg(&root)
            .arg("."),
    )?;
    let path = "ENV PATH=/usr/local/bin:/usr/bin:/bin";
    output(&mut podman.command(&[
        "import",
        "--quiet",
        "--change",
        path,
        &archive.to_string_lossy(),
        BASE,
    ]))?;
    fs::remove_dir_all(&root).map_err(io)?;
    fs::remove_file(&archive).map_err(io)
}

/// The shared libraries that programs need, with the one that loads them.
fn libraries(programs: &[PathBuf]) -> Result<BTreeSet<PathBuf>, String> {
    let mut all = BTreeSet::new();
    for program in programs {
        let listed = output(Command::new("ldd").arg(program))?;
        let words = listed
            .split_whitespace()
            .filter(|word| word.starts_with('/'));
        all.extend(words.map(PathBuf::from).filter(|path| path.is_file()));
    }
    Ok(all)
}

/// An authority of the tests' own, and a certificate for the names of the server.
fn certificates(folder: &Path) -> Result<(), String> {
    let script = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=world -keyout ca.key -out ca.pem \
         && openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=github -keyout server.key -out server.csr \
         && printf 'subjectAltName=DNS:github.aphex-world.svc,DNS:localhost,IP:127.0.0.1' > names \
         && openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names -out server.pem && chmod a+r server.key";
    if !has("openssl") {
        return Err("there is no openssl".to_owned());
    }
    output(Command::new("sh").args(["-ec", script]).current_dir(folder)).map(|_| ())
}
