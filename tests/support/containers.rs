//! Real containers for tests: podman, with storage of its own and images made here. No registry is asked.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::support::tools::{output, skip, tools};

/// BusyBox and little else; what is in it that no other machine has is `/etc/in-the-image`.
pub const BOX: &str = "aphex-test/box:4";
/// The same, as a server: it says what it is given in `GREETING`, waits a second, and serves `/www` at the port `PORT`, 8080 by default.
pub const SERVER: &str = "aphex-test/server:4";

const SERVE: &str = r#"CMD ["sh", "-c", "echo \"greeting: $GREETING\"; sleep 1; exec httpd -f -v -p ${PORT:-8080} -h /www"]"#;

/// Podman as tests use it.
pub struct Podman {
    folder: PathBuf,
}

impl Podman {
    /// With its images; `None` where the machine has not what it needs.
    pub fn get(test: &str) -> Option<&'static Podman> {
        static PODMAN: OnceLock<Result<Podman, String>> = OnceLock::new();
        match PODMAN.get_or_init(Podman::make) {
            Ok(podman) => Some(podman),
            Err(missing) => {
                let help = "on Debian: apt-get install podman buildah runc busybox-static";
                skip(test, missing, help);
                None
            }
        }
    }

    fn make() -> Result<Podman, String> {
        output(Command::new("podman").arg("--version")).map_err(|_| "there is no podman")?;
        let busybox = static_busybox().ok_or("there is no BusyBox that is linked statically")?;
        let folder = tools().join("containers");
        fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
        let podman = Podman { folder };
        podman.configure().map_err(|error| error.to_string())?;
        if output(&mut podman.command(&["image", "exists", &in_full(SERVER)])).is_err() {
            podman.make_images(&busybox)?;
        }
        Ok(podman)
    }

    fn configure(&self) -> std::io::Result<()> {
        let runtime = match has("runc") {
            true => "runtime = \"runc\"\n",
            false => "",
        };
        let configuration = format!(
            "[containers]\ndefault_ulimits = [\"nofile=1024:1024\", \"nproc=1024:1024\"]\n\
             [engine]\n{runtime}cgroup_manager = \"cgroupfs\"\nevents_logger = \"file\"\n"
        );
        fs::write(self.folder.join("containers.conf"), configuration)?;
        let [root, run] = ["storage", "run"].map(|name| self.folder.join(name));
        let storage = format!(
            "[storage]\ndriver = \"overlay\"\ngraphroot = {root:?}\nrootless_storage_path = {root:?}\nrunroot = {run:?}\n"
        );
        fs::write(self.folder.join("storage.conf"), storage)
    }

    /// The variables that make podman, started by whomever, be this one.
    pub fn variables(&self) -> [(&'static str, PathBuf); 3] {
        [
            ("CONTAINERS_CONF", self.folder.join("containers.conf")),
            ("CONTAINERS_STORAGE_CONF", self.folder.join("storage.conf")),
            ("APHEX_CONTAINER_ENGINE", "podman".into()),
        ]
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("podman");
        command.args(arguments).envs(self.variables());
        command
    }

    /// The names of containers that there are, of runs of this project.
    pub fn containers(&self, project: &Path) -> Vec<String> {
        let project = fs::canonicalize(project).unwrap();
        let format = "{{.Names}}\t{{.Labels}}";
        let listed = output(&mut self.command(&["ps", "--all", "--format", format])).unwrap();
        let ours = listed
            .lines()
            .filter(|line| line.contains(&*project.to_string_lossy()));
        ours.map(str::to_owned).collect()
    }

    fn make_images(&self, busybox: &Path) -> Result<(), String> {
        let room = tempfile::tempdir().map_err(|error| error.to_string())?;
        let root = room.path();
        let made = || -> std::io::Result<()> {
            for folder in ["bin", "etc", "www", "tmp"] {
                fs::create_dir(root.join(folder))?;
            }
            fs::copy(busybox, root.join("bin/busybox"))?;
            fs::write(root.join("etc/in-the-image"), "yes\n")?;
            fs::write(root.join("etc/passwd"), "root:x:0:0::/:/bin/sh\n")?;
            fs::write(root.join("www/index.html"), "served\n")?;
            Ok(())
        };
        made().map_err(|error| error.to_string())?;
        let list = output(Command::new(busybox).arg("--list"))?;
        for applet in list.lines().filter(|applet| *applet != "busybox") {
            let link = root.join("bin").join(applet);
            std::os::unix::fs::symlink("busybox", link).map_err(|error| error.to_string())?;
        }
        let archive = room.path().join("image.tar");
        let mut tar = Command::new("tar");
        tar.arg("-cf").arg(&archive).arg("-C").arg(root);
        output(tar.args(["bin", "etc", "www", "tmp"]))?;
        let archive = archive.to_string_lossy().into_owned();
        let arguments = [
            "import",
            "--quiet",
            "--change",
            "CMD [\"sh\"]",
            &archive,
            &in_full(BOX),
        ];
        output(&mut self.command(&arguments))?;
        let arguments = [
            "import",
            "--quiet",
            "--change",
            SERVE,
            &archive,
            &in_full(SERVER),
        ];
        output(&mut self.command(&arguments))?;
        Ok(())
    }
}

/// As podman keeps a name of Docker Hub.
fn in_full(image: &str) -> String {
    format!("docker.io/{image}")
}

pub fn has(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

/// BusyBox of Debian's `busybox-static`, or another one that needs no library.
pub fn static_busybox() -> Option<PathBuf> {
    let folders = ["/bin", "/usr/bin", "/usr/local/bin"];
    let mut programs = folders
        .iter()
        .map(|folder| Path::new(folder).join("busybox"));
    programs.find(|program| {
        let ldd = Command::new("ldd").arg(program).output();
        program.is_file()
            && ldd.is_ok_and(|ldd| {
                let said = [ldd.stdout, ldd.stderr].concat();
                String::from_utf8_lossy(&said).contains("not a dynamic executable")
            })
    })
}
