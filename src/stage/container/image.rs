//! Names of images.

/// The name as Kubernetes reads it, in full: `postgres:16` is at Docker Hub. Podman would ask, or refuse.
pub fn in_full(image: &str) -> String {
    let Some((first, _)) = image.split_once('/') else {
        return format!("docker.io/library/{image}");
    };
    let is_host = first.contains(['.', ':']) || first == "localhost";
    match is_host {
        true => image.to_owned(),
        false => format!("docker.io/{image}"),
    }
}

#[cfg(test)]
mod tests {
    use super::in_full;

    #[test]
    fn short_names_are_at_docker_hub() {
        assert_eq!(in_full("postgres:16"), "docker.io/library/postgres:16");
        assert_eq!(in_full("bitnami/redis"), "docker.io/bitnami/redis");
        for name in [
            "localhost/box:1",
            "registry:5000/box",
            "public.ecr.aws/aphex/builder:latest",
        ] {
            assert_eq!(in_full(name), name);
        }
    }
}
