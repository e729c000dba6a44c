// One stack a stage: orders-dev and orders-prod.
const { App, CfnOutput, Stack } = require("aws-cdk-lib");
const { Queue } = require("aws-cdk-lib/aws-sqs");

const env = { account: process.env.CDK_DEFAULT_ACCOUNT, region: process.env.CDK_DEFAULT_REGION };
const app = new App();
for (const stage of ["dev", "prod"]) {
  const stack = new Stack(app, `orders-${stage}`, { env });
  new Queue(stack, "Work");
  new CfnOutput(stack, "Url", { value: `https://orders.${stage}.example` });
}
