//! A bucket as a store.
//!
//! What is written is encrypted as the bucket says (its default encryption), so nothing is asked for here that could differ
//! from it.

use std::io::{self, Read, Write};

use super::{About, Content, Entry, Key, Store, Upload};
use crate::cloud::aws::{Access, Aws, Failure, s3};
use crate::diagnostics::codes::run_store::STORE_FAILED;
use crate::diagnostics::{Diagnostic, safe};

/// Objects in a bucket, below a prefix.
#[derive(Clone, Debug)]
pub struct BucketStore {
    bucket: s3::Bucket,
    /// Ends with `/` where it is not empty.
    prefix: String,
}

impl BucketStore {
    /// The store in a bucket, with the credentials and in the region of the environment. Nothing is asked yet.
    pub fn open(bucket: &str, prefix: &str) -> Result<BucketStore, Diagnostic> {
        let aws = Aws::new(&Access::default()).map_err(Failure::into_diagnostic)?;
        if aws.region().is_none() {
            let message = format!("the bucket `{}` cannot be asked", safe::line(bucket));
            return Err(Diagnostic::without_place(&STORE_FAILED, message)
                .note("no AWS region is known")
                .help(
                    "name that of the bucket: `AWS_REGION=eu-central-1`, or in your AWS profile",
                ));
        }
        Ok(BucketStore::with(&aws, bucket, prefix))
    }

    /// The store in a bucket, as an identity sees it.
    pub fn with(aws: &Aws, bucket: &str, prefix: &str) -> BucketStore {
        BucketStore {
            bucket: s3::Bucket::new(aws, bucket),
            prefix: match prefix {
                "" => String::new(),
                prefix => format!("{prefix}/"),
            },
        }
    }

    fn name(&self, key: &Key) -> String {
        format!("{}{key}", self.prefix)
    }

    fn folder(&self, key: &Key) -> String {
        format!("{}{key}/", self.prefix)
    }
}

impl Store for BucketStore {
    fn put(&self, key: &Key, content: &[u8]) -> Result<(), Diagnostic> {
        self.bucket
            .put(&self.name(key), content, &s3::About::default())
            .map_err(|failure| failed(key, "was not written", failure))
    }

    fn put_new(&self, key: &Key, content: &[u8]) -> Result<bool, Diagnostic> {
        self.bucket
            .put_new(&self.name(key), content)
            .map_err(|failure| failed(key, "was not written", failure))
    }

    fn get(&self, key: &Key) -> Result<Option<Box<dyn Read + Send>>, Diagnostic> {
        self.bucket
            .get(&self.name(key))
            .map_err(|failure| failed(key, "was not read", failure))
    }

    fn list(&self, folder: &Key) -> Result<Vec<Entry>, Diagnostic> {
        let objects = self
            .bucket
            .list(&self.folder(folder))
            .map_err(|failure| failed(folder, "was not listed", failure))?;
        // What others have put there under names that no key has is not ours to see.
        let own = objects.into_iter().filter_map(|object| {
            Some(Entry {
                key: Key::new(object.key.strip_prefix(&self.prefix)?).ok()?,
                bytes: object.bytes,
                modified: jiff::Timestamp::from_second(object.modified).ok()?,
            })
        });
        let mut entries: Vec<Entry> = own.collect();
        entries.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(entries)
    }

    fn names(&self, folder: &Key) -> Result<Vec<String>, Diagnostic> {
        self.bucket
            .names(&self.folder(folder))
            .map_err(|failure| failed(folder, "was not listed", failure))
    }

    fn upload(&self, key: &Key, about: &About) -> Result<Box<dyn Upload>, Diagnostic> {
        let about = s3::About {
            content_type: about.content_type,
            tags: about.tags.clone(),
        };
        Ok(Box::new(BucketUpload {
            upload: self.bucket.upload(&self.name(key), &about),
            key: key.clone(),
        }))
    }
}

struct BucketUpload {
    upload: s3::Upload,
    key: Key,
}

impl Write for BucketUpload {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        self.upload.write(piece)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.upload.flush()
    }
}

impl Upload for BucketUpload {
    fn finish(self: Box<Self>, content: &Content) -> Result<(), Diagnostic> {
        let arrived = self.upload.bytes();
        if arrived != content.bytes {
            return Err(super::incomplete(&self.key, content, arrived));
        }
        let BucketUpload { upload, key } = *self;
        upload
            .finish()
            .map_err(|failure| failed(&key, "was not written", failure))
    }

    fn abort(self: Box<Self>) {
        self.upload.abort();
    }
}

fn failed(key: &Key, what: &str, failure: Failure) -> Diagnostic {
    failure.explain(Diagnostic::without_place(
        &STORE_FAILED,
        format!("`{key}` {what}"),
    ))
}
