// The stack of one tenant.
const { App, CfnOutput, Stack } = require("aws-cdk-lib");
const { Bucket } = require("aws-cdk-lib/aws-s3");

const tenant = process.env.TENANT ?? "canary";
const stack = new Stack(new App(), "Tenant", {
  env: { account: process.env.CDK_DEFAULT_ACCOUNT, region: process.env.CDK_DEFAULT_REGION },
});
new Bucket(stack, "Data");
new CfnOutput(stack, "Endpoint", { value: `https://${tenant}.fleet.example` });
