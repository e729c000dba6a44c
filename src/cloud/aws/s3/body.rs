//! The content of an object, as it comes. A connection that breaks is made again from where it broke.

use std::io::{self, Read};

use aws_sdk_s3::operation::get_object::GetObjectOutput;
use aws_sdk_s3::primitives::ByteStream;

use crate::cloud::aws::s3::{Bucket, code};
use crate::cloud::aws::{Cause, Failure, runtime};

/// How often a connection may break without a byte in between.
const BREAKS: u32 = 5;

pub struct Body {
    bucket: Bucket,
    key: String,
    /// Of the version that is being read: nobody gets half of one and half of another.
    version: Option<String>,
    /// In bytes; `None` where S3 does not say it, and the end of the connection is the end.
    length: Option<u64>,
    position: u64,
    breaks: u32,
    stream: ByteStream,
    /// What has come and was not read yet.
    piece: Vec<u8>,
    taken: usize,
}

impl Body {
    /// Asks for an object; `None` where there is none.
    pub async fn open(bucket: Bucket, key: String) -> Result<Option<Body>, Failure> {
        let Some(got) = ask(&bucket, &key, None, 0).await? else {
            return Ok(None);
        };
        Ok(Some(Body {
            version: got.e_tag().map(str::to_owned),
            length: length(&got),
            position: 0,
            breaks: 0,
            stream: got.body,
            piece: Vec::new(),
            taken: 0,
            bucket,
            key,
        }))
    }

    /// The next piece, which is empty at the end.
    async fn next(&mut self) -> Result<Vec<u8>, Failure> {
        loop {
            let why = match self.stream.next().await {
                Some(Ok(piece)) => {
                    self.position = self.position.saturating_add(piece.len() as u64);
                    self.breaks = 0;
                    if !piece.is_empty() {
                        return Ok(piece.to_vec());
                    }
                    continue;
                }
                None if self.length.is_none_or(|length| self.position >= length) => {
                    return Ok(Vec::new());
                }
                None => "the connection has ended too early".to_owned(),
                Some(Err(error)) => error.to_string(),
            };
            self.breaks += 1;
            if self.breaks > BREAKS {
                return Err(self.broken(why));
            }
            let version = self.version.as_deref();
            let again = ask(&self.bucket, &self.key, version, self.position).await?;
            self.stream = again
                .ok_or_else(|| self.broken("it is not there any more".to_owned()))?
                .body;
        }
    }

    fn broken(&self, message: String) -> Failure {
        Failure {
            cause: Cause::Unreachable,
            operation: "s3:GetObject",
            code: None,
            message,
        }
    }
}

impl Read for Body {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        if self.taken >= self.piece.len() {
            self.piece = runtime::wait(self.next())?;
            self.taken = 0;
        }
        let rest = self.piece.get(self.taken..).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        let (into, from) = (buffer.get_mut(..count), rest.get(..count));
        if let (Some(into), Some(from)) = (into, from) {
            into.copy_from_slice(from);
        }
        self.taken += count;
        Ok(count)
    }
}

async fn ask(
    bucket: &Bucket,
    key: &str,
    version: Option<&str>,
    from: u64,
) -> Result<Option<GetObjectOutput>, Failure> {
    let get = bucket
        .client
        .get_object()
        .bucket(&bucket.name)
        .key(key)
        .set_if_match(version.map(str::to_owned))
        .set_range((from > 0).then(|| format!("bytes={from}-")));
    match get.send().await {
        Ok(got) => Ok(Some(got)),
        Err(error) if code(&error) == Some("NoSuchKey") => Ok(None),
        Err(error) => Err(Failure::of("s3:GetObject", error)),
    }
}

fn length(got: &GetObjectOutput) -> Option<u64> {
    got.content_length()
        .and_then(|length| length.try_into().ok())
}
