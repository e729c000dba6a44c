// 1,000 WorkflowTemplates, one an environment of the table: the objects that `aphex compile` makes of
// `one-each.aphex`, where each environment has a pipeline of its own. `run.py` compares the two, value by value.
//
// Aphex computes `spec` from the evaluated pipeline; here it is a text of the same length.

local spec = 'sha256:0000000000000000000000000000000000000000000000000000000000000000';
local images = {
  runtime: 'public.ecr.aws/aphex/runtime:latest',
  builder: 'public.ecr.aws/aphex/builder:latest',
  deployer: 'public.ecr.aws/aphex/deployer:latest',
};

local parameter(name, value) = { name: name, value: value };
local variables(map) = [parameter(name, map[name]) for name in std.objectFields(map)];
local input(name) = '{{inputs.parameters.%s}}' % name;
local result(name) = {
  outputs: { parameters: [{ name: name, valueFrom: { path: '/aphex/out/' + name, default: '' } }] },
};

local mounts = [{ name: 'aphex', mountPath: '/aphex' }];
local locked = { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } };
local retried = {
  retryStrategy: { limit: '2', retryPolicy: 'OnError', backoff: { duration: '10s', factor: '2' } },
};

// The pod of a stage: Aphex's checkout as init container, then the stage in the image that it wants.
local pod(pipeline, stage, account, image, seconds, arguments=[], inputs=[], requests={ cpu: '100m', memory: '256Mi' }, tries=true) = {
  name: stage,
  [if inputs != [] then 'inputs']: { parameters: [{ name: name } for name in inputs] },
  serviceAccountName: pipeline + '-' + account,
  activeDeadlineSeconds: seconds,
  initContainers: [{
    name: 'checkout',
    image: images.runtime,
    imagePullPolicy: 'Always',
    command: ['/usr/local/bin/aphex'],
    args: ['stage', 'checkout', '--for', stage] + (if stage == 'tools' then [] else arguments),
    env: [
      parameter('APHEX_PIPELINE', pipeline),
      parameter('APHEX_FILE', 'pipeline.aphex'),
      parameter('APHEX_REPOSITORY', 'acme/fleet'),
      parameter('APHEX_CLUSTER', 'company-pipelines'),
      parameter('APHEX_ENTRY', pipeline),
      parameter('APHEX_SPEC', spec),
      parameter('APHEX_RUN', '{{workflow.name}}'),
      parameter('APHEX_RUN_UID', '{{workflow.uid}}'),
      parameter('APHEX_STARTED_AT', '{{workflow.creationTimestamp.RFC3339}}'),
      parameter('APHEX_COMMIT', '{{workflow.parameters.commit}}'),
      parameter('APHEX_EVENT', '{{workflow.parameters.event}}'),
      parameter('APHEX_REF_BASE64', '{{workflow.parameters.ref}}'),
      parameter('APHEX_ACTOR_BASE64', '{{workflow.parameters.actor}}'),
      parameter('APHEX_PULL_REQUEST', '{{workflow.parameters.pull-request}}'),
      parameter('APHEX_INPUTS_BASE64', '{{workflow.parameters.inputs}}'),
    ],
    resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '1Gi' } },
    volumeMounts: mounts,
    securityContext: locked,
  }],
  container: {
    image: image,
    imagePullPolicy: 'Always',
    command: ['/aphex/bin/aphex'],
    args: ['stage', stage] + arguments,
    workingDir: '/aphex/source',
    env: [parameter('HOME', '/aphex/home'), parameter('TMPDIR', '/aphex/tmp')]
         + (if tries then [parameter('APHEX_TRY', '{{retries}}')] else []),
    resources: { requests: requests },
    volumeMounts: mounts,
    securityContext: locked,
  },
};

local large = { cpu: '500m', memory: '1Gi' };

local leaves(pipeline) = [
  pod(pipeline, 'preflight', 'deploy', images.runtime, 1800) + retried + result('result'),
  pod(pipeline, 'tools', 'build', input('image'), 1200, ['--image', input('image')], ['image']) + retried,
  pod(pipeline, 'build', 'build', images.builder, 4500, requests=large, tries=false) + result('result'),
  pod(pipeline, 'self-update', 'self-update', images.runtime, 4500) + retried,
  pod(pipeline, 'finish', 'finish', images.runtime, 1800, ['--status', '{{workflow.status}}']) + retried,
  pod(
    pipeline, 'deploy', 'deploy', images.deployer, 44100,
    ['--environment', input('environment'), '--group', input('group')], ['environment', 'group'], large
  ) + retried + result('outputs'),
  pod(
    pipeline, 'test', 'deploy', images.builder, 4500,
    ['--environment', input('environment'), '--name', input('name')], ['environment', 'name'], large, false
  ),
];

local dag(name, tasks) = { name: name, dag: { failFast: false, tasks: tasks } };
local task(name, template, arguments={}, depends=null) = {
  name: name,
  template: template,
  [if arguments != {} then 'arguments']: { parameters: variables(arguments) },
  [if depends != null then 'depends']: depends,
};

local template(row) =
  local labels = { 'app.kubernetes.io/managed-by': 'aphex', 'aphex.dev/pipeline': row.name };
  local annotations = {
    'aphex.dev/source': 'pipeline.aphex',
    'aphex.dev/spec': spec,
    'aphex.dev/compiler': '0.1.0',
  };
  {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'WorkflowTemplate',
    metadata: { name: row.name, namespace: 'aphex', labels: labels, annotations: annotations },
    spec: {
      entrypoint: 'main',
      onExit: 'finish',
      serviceAccountName: row.name + '-validate',
      arguments: {
        parameters: [
          { name: 'commit', description: 'the commit: 40 hexadecimal digits', value: '' },
          {
            name: 'event',
            description: 'what started the run: push, pull_request, tag, release, schedule, manual',
            value: 'manual',
          },
          { name: 'ref', description: 'the Git reference, such as refs/heads/main (base64)', value: '' },
          { name: 'actor', description: 'who caused the event (base64)', value: '' },
          { name: 'pull-request', description: 'the number of the pull request', value: '' },
          { name: 'inputs', description: 'a JSON object of the inputs (base64)', value: '' },
        ],
      },
      synchronization: { mutexes: [{ name: 'aphex-' + row.name }] },
      podGC: { strategy: 'OnPodSuccess', deleteDelayDuration: '24h' },
      ttlStrategy: { secondsAfterSuccess: 604800, secondsAfterFailure: 2592000 },
      workflowMetadata: { labels: labels, annotations: annotations },
      podMetadata: { labels: labels },
      securityContext: {
        runAsNonRoot: true,
        runAsUser: 1000,
        runAsGroup: 1000,
        fsGroup: 1000,
        seccompProfile: { type: 'RuntimeDefault' },
      },
      volumes: [{ name: 'aphex', emptyDir: {} }],
      templates: [
        dag('main', [
          task('preflight', 'preflight'),
          task('tools', 'tools', { image: images.builder }),
          task('tools-2', 'tools', { image: images.deployer }),
          task('build', 'build', depends='preflight.Succeeded && tools.Succeeded && tools-2.Succeeded'),
          task('self-update', 'self-update', depends='build.Succeeded'),
          task(row.name, 'environment', { environment: row.name }, 'self-update.Succeeded'),
        ]),
        dag('environment', [
          task('deploy', 'deploy', { environment: input('environment'), group: '1' }),
          task('smoke', 'test', { environment: input('environment'), name: 'smoke' }, 'deploy.Succeeded'),
        ]) + { inputs: { parameters: [{ name: 'environment' }] } },
      ] + leaves(row.name),
    },
  };

[template(row) for row in import 'table.json']
