// Two stacks: a network, and an API that needs it.
const { App, CfnOutput, Stack } = require("aws-cdk-lib");
const { Topic } = require("aws-cdk-lib/aws-sns");
const { StringParameter } = require("aws-cdk-lib/aws-ssm");

const stage = process.env.STAGE ?? "dev";
const app = new App();
const env = { account: process.env.CDK_DEFAULT_ACCOUNT, region: process.env.CDK_DEFAULT_REGION };

const network = new Stack(app, "Network", { env });
const vpc = new StringParameter(network, "Vpc", { stringValue: `vpc-of-${stage}` });
new CfnOutput(network, "VpcId", { value: vpc.stringValue });

const api = new Stack(app, "Api", { env });
api.addDependency(network);
new Topic(api, "Orders", { displayName: `Orders of ${stage}` });
new CfnOutput(api, "Url", { value: `https://api.${stage}.shop.example` });
