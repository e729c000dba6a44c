// One stack: a bucket that holds the built site. The account and the region are those of the environment.
const { App, CfnOutput, RemovalPolicy, Stack } = require("aws-cdk-lib");
const { BlockPublicAccess, Bucket } = require("aws-cdk-lib/aws-s3");

const app = new App();
const site = new Stack(app, "Site", {
  env: { account: process.env.CDK_DEFAULT_ACCOUNT, region: process.env.CDK_DEFAULT_REGION },
});
const bucket = new Bucket(site, "Bucket", {
  blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
  enforceSSL: true,
  removalPolicy: RemovalPolicy.RETAIN,
});
new CfnOutput(site, "BucketName", { value: bucket.bucketName });
