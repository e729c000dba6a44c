// The checkout service's stack.
const { App, CfnOutput, Stack } = require("aws-cdk-lib");
const { Topic } = require("aws-cdk-lib/aws-sns");

const stack = new Stack(new App(), "Checkout", {
  env: { account: process.env.CDK_DEFAULT_ACCOUNT, region: process.env.CDK_DEFAULT_REGION },
});
new Topic(stack, "Paid");
new CfnOutput(stack, "Url", { value: `https://checkout.${process.env.STAGE ?? "dev"}.example` });
