package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	wfv1 "github.com/argoproj/argo-workflows/v3/pkg/apis/workflow/v1alpha1"
	core "k8s.io/api/core/v1"
	rbac "k8s.io/api/rbac/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	yamlstream "k8s.io/apimachinery/pkg/util/yaml"
	kjson "sigs.k8s.io/json"
	"sigs.k8s.io/yaml"
)

// One document of the stream, decoded.
type document struct {
	kind   string
	object meta.Object
	size   int
	errors []string
}

func (d *document) refuse(format string, values ...any) {
	d.errors = append(d.errors, fmt.Sprintf(format, values...))
}

func (d *document) name() string {
	if d.object == nil {
		return ""
	}
	if name := d.object.GetName(); name != "" {
		return name
	}
	return d.object.GetGenerateName()
}

// documents splits a stream and decodes each document strictly: unknown fields, duplicate keys and
// keys in another case are refused, as `kubectl apply --validate=strict` does.
func documents(text string) []*document {
	var all []*document
	stream := yamlstream.NewYAMLReader(bufio.NewReader(bytes.NewReader([]byte(text))))
	for {
		raw, err := stream.Read()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			broken := &document{}
			broken.refuse("not a YAML stream: %v", err)
			return append(all, broken)
		}
		if len(bytes.TrimSpace(withoutComments(raw))) > 0 {
			all = append(all, decode(raw))
		}
	}
}

// withoutComments drops whole-line comments and the separator, to see whether anything is left.
func withoutComments(raw []byte) []byte {
	var kept []byte
	for _, line := range bytes.Split(raw, []byte("\n")) {
		trimmed := bytes.TrimSpace(line)
		if !bytes.HasPrefix(trimmed, []byte("#")) && !bytes.Equal(trimmed, []byte("---")) {
			kept = append(append(kept, line...), '\n')
		}
	}
	return kept
}

func decode(raw []byte) *document {
	decoded := &document{}
	json, err := yaml.YAMLToJSONStrict(raw)
	if err != nil {
		decoded.refuse("not strict YAML: %v", err)
		return decoded
	}
	decoded.size = len(json)
	var kind meta.TypeMeta
	if err := kjson.UnmarshalCaseSensitivePreserveInts(json, &kind); err != nil {
		decoded.refuse("no Kubernetes object: %v", err)
		return decoded
	}
	decoded.kind = kind.Kind
	object := newObject(kind)
	if object == nil {
		decoded.refuse("apiVersion %q with kind %q is nothing that the judge knows", kind.APIVersion, kind.Kind)
		return decoded
	}
	strict, err := kjson.UnmarshalStrict(json, object)
	if err != nil {
		decoded.refuse("cannot be decoded: %v", err)
		return decoded
	}
	for _, err := range strict {
		decoded.refuse("%v", err)
	}
	decoded.object = object
	return decoded
}

func newObject(kind meta.TypeMeta) meta.Object {
	switch kind.APIVersion + "/" + kind.Kind {
	case "argoproj.io/v1alpha1/Workflow":
		return &wfv1.Workflow{}
	case "argoproj.io/v1alpha1/WorkflowTemplate":
		return &wfv1.WorkflowTemplate{}
	case "argoproj.io/v1alpha1/ClusterWorkflowTemplate":
		return &wfv1.ClusterWorkflowTemplate{}
	case "argoproj.io/v1alpha1/CronWorkflow":
		return &wfv1.CronWorkflow{}
	case "v1/ConfigMap":
		return &core.ConfigMap{}
	case "v1/Secret":
		return &core.Secret{}
	case "v1/ServiceAccount":
		return &core.ServiceAccount{}
	case "rbac.authorization.k8s.io/v1/Role":
		return &rbac.Role{}
	case "rbac.authorization.k8s.io/v1/RoleBinding":
		return &rbac.RoleBinding{}
	}
	return nil
}
