// Development deploys three stacks by name; production deploys the nested stage `Prod`.
const { App, CfnOutput, CfnParameter, Stack, Stage } = require("aws-cdk-lib");
const { Topic } = require("aws-cdk-lib/aws-sns");
const { StringParameter } = require("aws-cdk-lib/aws-ssm");

const stage = process.env.STAGE ?? "dev";
const env = { account: process.env.CDK_DEFAULT_ACCOUNT, region: process.env.CDK_DEFAULT_REGION };

function network(scope) {
  const stack = new Stack(scope, "Network", { env });
  const vpc = new StringParameter(stack, "Vpc", { stringValue: `vpc-of-${stage}` });
  new CfnOutput(stack, "VpcId", { value: vpc.stringValue });
}

function api(scope) {
  const stack = new Stack(scope, "Api", { env });
  new Topic(stack, "Orders");
  new CfnOutput(stack, "Url", { value: `https://api.${stage}.shop.example` });
}

function web(scope) {
  const stack = new Stack(scope, "Web", { env });
  const name = new CfnParameter(stack, "Stage", { default: stage });
  new StringParameter(stack, "Settings", { stringValue: name.valueAsString });
  new CfnOutput(stack, "Url", { value: `https://${stage}.shop.example` });
}

const app = new App();
for (const make of [network, api, web]) make(app);

const prod = new Stage(app, "Prod", { env });
for (const make of [network, api, web]) make(prod);
