//! The bucket of the pipeline's store.

use serde_json::{Value, json};

use crate::model::Pipeline;

/// Its name in the template.
pub(super) const NAME: &str = "ArtifactBucket";
/// Parts of an upload that nobody finished go after so many days.
const UNFINISHED: u64 = 7;
/// An artifact is written once: what is removed of it, by hand or by its age, goes for good after so many days.
const REMOVED: u64 = 1;

/// The bucket. It outlives its stack; one that was made in vain does not.
///
/// Artifacts go after their time, and with them the older versions of everything else. The records of runs and deployments
/// are not artifacts, and stay.
pub(super) fn bucket(pipeline: &Pipeline, tags: &Value) -> Value {
    let days = pipeline.store.retention.value.div_ceil(86_400).max(1);
    let encryption = match &pipeline.store.kms_key {
        None => json!({ "ServerSideEncryptionByDefault": { "SSEAlgorithm": "AES256" } }),
        Some(key) => json!({
            "ServerSideEncryptionByDefault": { "SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key.value },
            "BucketKeyEnabled": true,
        }),
    };
    json!({
        "Type": "AWS::S3::Bucket",
        "DeletionPolicy": "RetainExceptOnCreate",
        "UpdateReplacePolicy": "Retain",
        "Properties": {
            "BucketEncryption": { "ServerSideEncryptionConfiguration": [encryption] },
            "VersioningConfiguration": { "Status": "Enabled" },
            "PublicAccessBlockConfiguration": {
                "BlockPublicAcls": true,
                "BlockPublicPolicy": true,
                "IgnorePublicAcls": true,
                "RestrictPublicBuckets": true,
            },
            "OwnershipControls": { "Rules": [{ "ObjectOwnership": "BucketOwnerEnforced" }] },
            "LifecycleConfiguration": { "Rules": [
                {
                    "Id": "artifacts",
                    "Status": "Enabled",
                    "Prefix": "artifacts/",
                    "ExpirationInDays": days,
                    "NoncurrentVersionExpiration": { "NoncurrentDays": REMOVED },
                },
                {
                    "Id": "versions",
                    "Status": "Enabled",
                    "ExpiredObjectDeleteMarker": true,
                    "NoncurrentVersionExpiration": { "NoncurrentDays": days },
                    "AbortIncompleteMultipartUpload": { "DaysAfterInitiation": UNFINISHED },
                },
            ] },
            "Tags": tags,
        },
    })
}

/// What nobody may do with the bucket: speak to it without TLS.
pub(super) fn policy() -> Value {
    json!({
        "Type": "AWS::S3::BucketPolicy",
        "DeletionPolicy": "RetainExceptOnCreate",
        "UpdateReplacePolicy": "Retain",
        "Properties": {
            "Bucket": { "Ref": NAME },
            "PolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [{
                    "Sid": "OnlyTls",
                    "Effect": "Deny",
                    "Principal": { "AWS": "*" },
                    "Action": "s3:*",
                    "Resource": [
                        { "Fn::GetAtt": [NAME, "Arn"] },
                        { "Fn::Sub": format!("${{{NAME}.Arn}}/*") },
                    ],
                    "Condition": { "Bool": { "aws:SecureTransport": "false" } },
                }],
            },
        },
    })
}
