//! Buckets whose names nobody knows any more.

use aws_sdk_s3::Client;

use crate::cloud::aws::s3::{Bucket, code};
use crate::cloud::aws::{Aws, Failure, runtime};

/// The names of the account's buckets in the region that is asked, of those that begin with `prefix`.
pub fn buckets(aws: &Aws, prefix: &str) -> Result<Vec<String>, Failure> {
    let client = Client::new(aws.config());
    runtime::wait(async {
        let list = client
            .list_buckets()
            .prefix(prefix)
            .set_bucket_region(aws.region().map(str::to_owned));
        let mut pages = list.into_paginator().send();
        let mut found = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| Failure::of("s3:ListAllMyBuckets", error))?;
            let here = page.buckets().iter().filter(|bucket| {
                let region = bucket.bucket_region();
                region.is_none() || region == aws.region()
            });
            let names = here.filter_map(|bucket| bucket.name());
            // A server that knows no prefix gives all of them.
            found.extend(
                names
                    .filter(|name| name.starts_with(prefix))
                    .map(str::to_owned),
            );
        }
        Ok(found)
    })
}

impl Bucket {
    /// Its tags; none where there is no such bucket.
    pub fn tags(&self) -> Result<Vec<(String, String)>, Failure> {
        runtime::wait(async {
            let asked = self.client.get_bucket_tagging().bucket(&self.name);
            match asked.send().await {
                Ok(found) => Ok(found
                    .tag_set()
                    .iter()
                    .map(|tag| (tag.key().to_owned(), tag.value().to_owned()))
                    .collect()),
                Err(error) if matches!(code(&error), Some("NoSuchTagSet" | "NoSuchBucket")) => {
                    Ok(Vec::new())
                }
                Err(error) => Err(Failure::of("s3:GetBucketTagging", error)),
            }
        })
    }
}
