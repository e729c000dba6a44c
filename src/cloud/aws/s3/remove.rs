//! Removing a bucket with everything that was ever in it.

use std::io;

use aws_sdk_s3::types::{Delete, ObjectIdentifier};

use crate::cloud::aws::s3::{Bucket, code};
use crate::cloud::aws::{Failure, runtime};

impl Bucket {
    /// Removes every version of every object, what marks objects as removed, and the bucket. The number of versions; `None` where there is no such bucket.
    ///
    /// A page of versions is removed at once (at most 1,000, as many as `DeleteObjects` takes), and then the first page is asked for again.
    pub fn remove(&self) -> Result<Option<usize>, Failure> {
        let mut count = 0;
        loop {
            match runtime::wait(self.first_versions())? {
                None => return Ok(None),
                Some(versions) if versions.is_empty() => break,
                Some(versions) => {
                    count += versions.len();
                    runtime::wait(self.remove_versions(versions))?;
                }
            }
        }
        runtime::wait(async {
            match self.client.delete_bucket().bucket(&self.name).send().await {
                Ok(_) => Ok(Some(count)),
                Err(error) if code(&error) == Some("NoSuchBucket") => Ok(Some(count)),
                Err(error) => Err(Failure::of("s3:DeleteBucket", error)),
            }
        })
    }

    async fn first_versions(&self) -> Result<Option<Vec<ObjectIdentifier>>, Failure> {
        let page = match self
            .client
            .list_object_versions()
            .bucket(&self.name)
            .send()
            .await
        {
            Ok(page) => page,
            Err(error) if code(&error) == Some("NoSuchBucket") => return Ok(None),
            Err(error) => return Err(Failure::of("s3:ListBucketVersions", error)),
        };
        let versions = page
            .versions()
            .iter()
            .map(|one| (one.key(), one.version_id()));
        let marks = page
            .delete_markers()
            .iter()
            .map(|one| (one.key(), one.version_id()));
        let all = versions.chain(marks).filter_map(|(key, version)| {
            let object = ObjectIdentifier::builder().key(key?);
            object
                .set_version_id(version.map(str::to_owned))
                .build()
                .ok()
        });
        Ok(Some(all.collect()))
    }

    async fn remove_versions(&self, versions: Vec<ObjectIdentifier>) -> Result<(), Failure> {
        let delete = Delete::builder()
            .set_objects(Some(versions))
            .quiet(true)
            .build();
        let delete = delete.map_err(|error| Failure::of_system(&io::Error::other(error)))?;
        let answer = self
            .client
            .delete_objects()
            .bucket(&self.name)
            .delete(delete)
            .send()
            .await;
        let answer = answer.map_err(|error| Failure::of("s3:DeleteObjectVersion", error))?;
        match answer.errors().first() {
            None => Ok(()),
            Some(error) => {
                let said = error.message().or(error.code()).unwrap_or("not removed");
                Err(Failure::of_system(&io::Error::other(format!(
                    "s3:DeleteObjectVersion: {said}"
                ))))
            }
        }
    }
}
