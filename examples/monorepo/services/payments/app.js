// One stack a stage: payments-dev and payments-prod.
const { App, CfnOutput, Stack } = require("aws-cdk-lib");
const { Queue } = require("aws-cdk-lib/aws-sqs");

const env = { account: process.env.CDK_DEFAULT_ACCOUNT, region: process.env.CDK_DEFAULT_REGION };
const app = new App();
for (const stage of ["dev", "prod"]) {
  const stack = new Stack(app, `payments-${stage}`, { env });
  new Queue(stack, "Work");
  new CfnOutput(stack, "Url", { value: `https://payments.${stage}.example` });
}
