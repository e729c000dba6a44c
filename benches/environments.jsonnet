// One WorkflowTemplate for each row of table.json: the DAG of that environment and its leaf templates, of the size that
// `aphex compile` gives each environment's part. Run with `jrsonnet -y`: one YAML document each.
local rows = import 'table.json';
[]
