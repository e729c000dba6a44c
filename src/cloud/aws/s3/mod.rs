//! S3: the objects of one bucket.

mod body;
mod find;
mod put_new;
mod remove;
mod upload;

pub use find::buckets;
pub use upload::Upload;

use std::io::Read;

use aws_sdk_s3::Client;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::ChecksumAlgorithm;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::cloud::aws::{Aws, Failure, runtime};

/// A bucket.
#[derive(Clone, Debug)]
pub struct Bucket {
    client: Client,
    name: String,
}

/// What is kept with an object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// The type of the content: `application/zstd`.
    pub content_type: Option<&'static str>,
    /// Tags: at most ten.
    pub tags: Vec<(&'static str, String)>,
}

impl About {
    /// As the header `x-amz-tagging` has them: the parameters of a URL.
    fn tagging(&self) -> Option<String> {
        let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let pairs = self.tags.iter();
        let pairs: Vec<String> = pairs
            .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
            .collect();
        (!pairs.is_empty()).then(|| pairs.join("&"))
    }
}

/// An object of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// Its key.
    pub key: String,
    /// Its size.
    pub bytes: u64,
    /// When it was written, in seconds since 1970.
    pub modified: i64,
}

impl Bucket {
    /// The bucket of that name, as an identity sees it. Nothing is asked yet.
    pub fn new(aws: &Aws, name: impl Into<String>) -> Bucket {
        Bucket {
            client: Client::new(aws.config()),
            name: name.into(),
        }
    }

    /// Writes an object, in place of what is there. S3 compares it with its SHA-256.
    pub fn put(&self, key: &str, content: &[u8], about: &About) -> Result<(), Failure> {
        runtime::wait(self.put_later(key, content.to_vec(), about))
    }

    async fn put_later(&self, key: &str, content: Vec<u8>, about: &About) -> Result<(), Failure> {
        let put = self
            .client
            .put_object()
            .bucket(&self.name)
            .key(key)
            .checksum_algorithm(ChecksumAlgorithm::Sha256)
            .set_content_type(about.content_type.map(str::to_owned))
            .set_tagging(about.tagging())
            .body(ByteStream::from(content));
        let put = put.send().await;
        put.map_err(|error| Failure::of("s3:PutObject", error))?;
        Ok(())
    }

    /// An object, to be read as it comes; `None` where there is none.
    pub fn get(&self, key: &str) -> Result<Option<Box<dyn Read + Send>>, Failure> {
        let body = runtime::wait(body::Body::open(self.clone(), key.to_owned()))?;
        Ok(body.map(|body| Box::new(body) as Box<dyn Read + Send>))
    }

    /// Every object whose key begins with `prefix`, by key.
    pub fn list(&self, prefix: &str) -> Result<Vec<Object>, Failure> {
        let mut found = Vec::new();
        self.pages(prefix, None, |page| {
            found.extend(page.contents().iter().filter_map(|object| {
                Some(Object {
                    key: object.key()?.to_owned(),
                    bytes: object.size().and_then(|size| size.try_into().ok())?,
                    modified: object.last_modified().map_or(0, |time| time.secs()),
                })
            }));
        })?;
        Ok(found)
    }

    /// What stands between `prefix` and the next `/` or the end, of all keys that begin with `prefix`, each once.
    pub fn names(&self, prefix: &str) -> Result<Vec<String>, Failure> {
        let mut found = Vec::new();
        self.pages(prefix, Some("/"), |page| {
            let objects = page.contents().iter().filter_map(|object| object.key());
            let folders = page.common_prefixes().iter();
            let folders = folders.filter_map(|folder| folder.prefix());
            let names = objects.chain(folders.map(|folder| folder.trim_end_matches('/')));
            found.extend(
                names
                    .filter_map(|name| name.strip_prefix(prefix))
                    .filter(|name| !name.is_empty())
                    .map(str::to_owned),
            );
        })?;
        found.sort();
        found.dedup();
        Ok(found)
    }

    fn pages(
        &self,
        prefix: &str,
        delimiter: Option<&str>,
        mut take: impl FnMut(&aws_sdk_s3::operation::list_objects_v2::ListObjectsV2Output),
    ) -> Result<(), Failure> {
        runtime::wait(async {
            let mut pages = self
                .client
                .list_objects_v2()
                .bucket(&self.name)
                .prefix(prefix)
                .set_delimiter(delimiter.map(str::to_owned))
                .into_paginator()
                .send();
            while let Some(page) = pages.next().await {
                take(&page.map_err(|error| Failure::of("s3:ListBucket", error))?);
            }
            Ok(())
        })
    }

    /// Begins an object of any size, which is there once the upload is finished.
    pub fn upload(&self, key: &str, about: &About) -> Upload {
        Upload::new(self.clone(), key.to_owned(), about.clone())
    }
}

fn code<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> Option<&str> {
    error.as_service_error().and_then(|error| error.code())
}
