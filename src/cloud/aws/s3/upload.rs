//! An object on its way: parts are sent while the next ones are being made.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::time::Duration;

use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{ChecksumAlgorithm, ChecksumMode, CompletedMultipartUpload, CompletedPart};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};
use tokio::task::JoinHandle;

use crate::cloud::aws::s3::{About, Bucket, code};
use crate::cloud::aws::{Cause, Failure, runtime};

/// The size of the first parts in bytes; S3 takes none below 5 MiB but the last.
const PART: usize = 8 << 20;
/// After so many parts they double, and once more after as many again: to 32 MiB. So the 10,000 parts that S3 takes carry 273 GiB.
const DOUBLES_AFTER: i32 = 1_000;
/// How often they double.
const DOUBLINGS: i32 = 2;
/// S3 takes so many parts.
const MOST: i32 = 10_000;
/// So many parts are on their way at once: with the one that is being made, memory is five parts, of 8 MiB each up to 8 GiB, and of
/// 32 MiB each at most.
const AT_ONCE: usize = 4;
/// So long the parts of an upload that is given up may take to be removed.
const REMOVAL: Duration = Duration::from_secs(10);

type Sent = JoinHandle<Result<CompletedPart, Failure>>;

/// An object of any size that is being written. It is there once it is finished; dropped before, nothing of it stays.
#[derive(Debug)]
pub struct Upload {
    bucket: Bucket,
    key: String,
    about: About,
    part: Vec<u8>,
    bytes: u64,
    /// Of the multipart upload, once the first part is full.
    id: Option<String>,
    on_their_way: VecDeque<Sent>,
    done: Vec<CompletedPart>,
    /// The number of the last part that was sent.
    number: i32,
    /// Why nothing more can be written.
    failure: Option<Failure>,
}

impl Upload {
    pub(super) fn new(bucket: Bucket, key: String, about: About) -> Upload {
        Upload {
            bucket,
            key,
            about,
            part: Vec::new(),
            bytes: 0,
            id: None,
            on_their_way: VecDeque::new(),
            done: Vec::new(),
            number: 0,
            failure: None,
        }
    }

    /// How many bytes were written so far.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Makes the object visible, in place of what was there.
    pub fn finish(mut self) -> Result<(), Failure> {
        if let Some(failure) = self.failure.take() {
            return Err(failure);
        }
        if self.id.is_none() {
            let content = std::mem::take(&mut self.part);
            return runtime::wait(self.bucket.put_later(&self.key, content, &self.about));
        }
        if !self.part.is_empty() {
            self.send()?;
        }
        while !self.on_their_way.is_empty() {
            self.settle()?;
        }
        self.complete()
    }

    /// Forgets it.
    pub fn abort(self) {
        drop(self);
    }

    /// How large the part is that is being made.
    fn size(&self) -> usize {
        let doublings = (self.number / DOUBLES_AFTER).clamp(0, DOUBLINGS);
        PART << doublings
    }

    /// Sends the part that is full.
    fn send(&mut self) -> Result<(), Failure> {
        let id = match &self.id {
            Some(id) => id.clone(),
            None => self.create()?,
        };
        while self.on_their_way.len() >= AT_ONCE {
            self.settle()?;
        }
        if self.number >= MOST {
            return Err(lost("an object of more than 273 GiB is too large"));
        }
        self.number += 1;
        let number = self.number;
        let content = std::mem::take(&mut self.part);
        let send = self
            .bucket
            .client
            .upload_part()
            .bucket(&self.bucket.name)
            .key(&self.key)
            .upload_id(id)
            .part_number(number)
            .checksum_algorithm(ChecksumAlgorithm::Sha256)
            .body(ByteStream::from(content));
        self.on_their_way
            .push_back(runtime::runtime()?.spawn(async move {
                let sent = send.send().await;
                let sent = sent.map_err(|error| Failure::of("s3:UploadPart", error))?;
                Ok(CompletedPart::builder()
                    .part_number(number)
                    .set_e_tag(sent.e_tag)
                    .set_checksum_sha256(sent.checksum_sha256)
                    .build())
            }));
        Ok(())
    }

    fn create(&mut self) -> Result<String, Failure> {
        let create = self
            .bucket
            .client
            .create_multipart_upload()
            .bucket(&self.bucket.name)
            .key(&self.key)
            .checksum_algorithm(ChecksumAlgorithm::Sha256)
            .set_content_type(self.about.content_type.map(str::to_owned))
            .set_tagging(self.about.tagging());
        let id = runtime::wait(async {
            let created = create.send().await;
            let created =
                created.map_err(|error| Failure::of("s3:CreateMultipartUpload", error))?;
            created.upload_id.ok_or_else(|| lost("no upload was begun"))
        })?;
        self.id = Some(id.clone());
        Ok(id)
    }

    /// Waits for the oldest part that is on its way.
    fn settle(&mut self) -> Result<(), Failure> {
        let Some(sent) = self.on_their_way.pop_front() else {
            return Ok(());
        };
        let part = runtime::wait(async {
            sent.await
                .unwrap_or_else(|error| Err(lost(&error.to_string())))
        })?;
        self.done.push(part);
        Ok(())
    }

    fn complete(mut self) -> Result<(), Failure> {
        let sum = composite(&self.done);
        let parts = CompletedMultipartUpload::builder()
            .set_parts(Some(std::mem::take(&mut self.done)))
            .build();
        let complete = self
            .bucket
            .client
            .complete_multipart_upload()
            .bucket(&self.bucket.name)
            .key(&self.key)
            .set_upload_id(self.id.clone())
            .multipart_upload(parts);
        runtime::wait(async {
            let Err(error) = complete.send().await else {
                return Ok(());
            };
            // Where the answer to a first try was lost, the second one finds no upload any more.
            if code(&error) == Some("NoSuchUpload") && self.is_there(sum.as_deref()).await {
                return Ok(());
            }
            Err(Failure::of("s3:CompleteMultipartUpload", error))
        })?;
        self.id = None;
        Ok(())
    }

    /// Whether the object there is the one that was uploaded: of its parts' checksums S3 makes one of its own.
    async fn is_there(&self, sum: Option<&str>) -> bool {
        let head = self
            .bucket
            .client
            .head_object()
            .bucket(&self.bucket.name)
            .key(&self.key)
            .checksum_mode(ChecksumMode::Enabled);
        let Ok(head) = head.send().await else {
            return false;
        };
        let length = head
            .content_length()
            .and_then(|length| u64::try_from(length).ok());
        length == Some(self.bytes) && sum.is_some() && head.checksum_sha256() == sum
    }
}

/// The checksum that S3 gives an object of these parts: the SHA-256 of their SHA-256s, and how many there are ("Composite checksums" in
/// "Checking object integrity"). `None` where a part has none.
fn composite(parts: &[CompletedPart]) -> Option<String> {
    let mut sum = Sha256::new();
    for part in parts {
        sum.update(STANDARD.decode(part.checksum_sha256()?).ok()?);
    }
    Some(format!(
        "{}-{}",
        STANDARD.encode(sum.finalize()),
        parts.len()
    ))
}

impl Write for Upload {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        if let Some(failure) = &self.failure {
            return Err(failure.clone().into());
        }
        let size = self.size();
        let count = piece.len().min(size.saturating_sub(self.part.len()));
        self.part
            .extend_from_slice(piece.get(..count).unwrap_or_default());
        self.bytes = self.bytes.saturating_add(count as u64);
        if self.part.len() >= size
            && let Err(failure) = self.send()
        {
            self.failure = Some(failure.clone());
            return Err(failure.into());
        }
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        let Some(id) = self.id.take() else {
            return;
        };
        for sent in self.on_their_way.drain(..) {
            sent.abort();
        }
        let abort = self.bucket.client.abort_multipart_upload();
        let abort = abort.bucket(&self.bucket.name).key(&self.key).upload_id(id);
        // What cannot be removed now, the life cycle of the bucket removes.
        let _ = runtime::wait(async {
            let _ = tokio::time::timeout(REMOVAL, abort.send()).await;
            Ok(())
        });
    }
}

fn lost(message: &str) -> Failure {
    Failure {
        cause: Cause::Other,
        operation: "s3:UploadPart",
        code: None,
        message: message.to_owned(),
    }
}
