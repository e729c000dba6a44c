//! With whose credentials, and where.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use aws_config::profile::{ProfileFileCredentialsProvider, ProfileFileRegionProvider};
use aws_config::provider_config::ProviderConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, ConfigLoader, Region, SdkConfig};
use aws_runtime::env_config::file::{EnvConfigFileKind, EnvConfigFiles};
use aws_sdk_sts::config::SharedHttpClient;
use aws_smithy_http_client::{Builder, tls};

use crate::cloud::aws::{Failure, runtime};
use crate::cloud::roots;

/// How often a call is tried where AWS is busy or a connection breaks. With the SDK's waits, which double, that is half a minute.
const TRIES: u32 = 6;
/// So long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(10);

/// With whose credentials AWS is asked, and in which region. What is not said here is taken from the environment, as
/// every AWS tool does it: variables, `~/.aws`, the pod's web identity.
#[derive(Clone, Debug, Default)]
pub struct Access {
    /// The region, such as `eu-central-1`.
    pub region: Option<String>,
    /// A profile, whose credentials come before those of the environment.
    pub profile: Option<Profile>,
    /// So long a call may take, with all of its tries; `None`: as long as they take.
    pub limit: Option<Duration>,
}

/// A profile of an AWS configuration file.
#[derive(Clone, Debug)]
pub struct Profile {
    /// The configuration file.
    pub file: PathBuf,
    /// The profile's name.
    pub name: String,
}

/// So long an answer may take to begin, a part of an upload on a slow line included; then the call is tried again.
const ANSWER: Duration = Duration::from_secs(300);

/// AWS, as one identity sees it in one region.
#[derive(Clone, Debug)]
pub struct Aws {
    config: SdkConfig,
}

impl Aws {
    /// Prepares it; nothing is asked yet.
    pub fn new(access: &Access) -> Result<Aws, Failure> {
        let trusted = tls::TrustStore::empty().with_pem_certificate(roots::pem());
        let context = tls::TlsContext::builder()
            .with_trust_store(trusted)
            .build()
            .map_err(|error| Failure::of_system(&io::Error::other(error)))?;
        let http = Builder::new()
            .tls_provider(tls::Provider::Rustls(
                tls::rustls_provider::CryptoMode::Ring,
            ))
            .tls_context(context)
            .build_https();
        let mut timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT)
            .read_timeout(ANSWER);
        timeouts.set_operation_timeout(access.limit);
        let timeouts = timeouts.build();
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .http_client(http.clone())
            .retry_config(RetryConfig::standard().with_max_attempts(TRIES))
            .timeout_config(timeouts);
        if let Some(profile) = &access.profile {
            loader = with_profile(loader, profile, access.region.clone(), http);
        }
        if let Some(region) = &access.region {
            loader = loader.region(Region::new(region.clone()));
        }
        let config = runtime::wait(async { Ok(loader.load().await) })?;
        Ok(Aws { config })
    }

    /// The region; `None` where nothing says one.
    pub fn region(&self) -> Option<&str> {
        self.config.region().map(AsRef::as_ref)
    }

    pub(super) fn config(&self) -> &SdkConfig {
        &self.config
    }
}

/// The chain of the SDK asks the variables of the environment before any profile, so the profile is asked by itself.
fn with_profile(
    loader: ConfigLoader,
    profile: &Profile,
    region: Option<String>,
    http: SharedHttpClient,
) -> ConfigLoader {
    // The calls that assume the profile's role are made in this region.
    let asked = ProviderConfig::default()
        .with_http_client(http)
        .with_region(region.map(Region::new));
    let files = EnvConfigFiles::builder()
        .with_file(EnvConfigFileKind::Config, &profile.file)
        .build();
    let credentials = ProfileFileCredentialsProvider::builder()
        .configure(&asked)
        .profile_files(files.clone())
        .profile_name(&profile.name)
        .build();
    let region = ProfileFileRegionProvider::builder()
        .configure(&asked)
        .profile_files(files.clone())
        .profile_name(&profile.name)
        .build();
    loader
        .profile_files(files)
        .profile_name(&profile.name)
        .credentials_provider(credentials)
        .region(region)
}
