// Package common is what the judges share: how they read manifests, what they say of them, and how they are asked.
package common

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	api "k8s.io/apimachinery/pkg/api/validation"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	yamlstream "k8s.io/apimachinery/pkg/util/yaml"
	kjson "sigs.k8s.io/json"
	"sigs.k8s.io/yaml"
)

// etcd takes 1.5 MiB; an object has to hold its status, too.
const maxObject = 1 << 20

// Document is one document of a stream, decoded.
type Document struct {
	Kind   string
	Object meta.Object
	Errors []string

	size int
}

// Refuse adds a reason to refuse the document.
func (d *Document) Refuse(format string, values ...any) {
	d.Errors = append(d.Errors, fmt.Sprintf(format, values...))
}

// Name is the name of the object, or the prefix of the names that are made for it.
func (d *Document) Name() string {
	if d.Object == nil {
		return ""
	}
	if name := d.Object.GetName(); name != "" {
		return name
	}
	return d.Object.GetGenerateName()
}

// Argo records what a validation of Argo's says; one that panics refuses the document too.
func (d *Document) Argo(validation func() error) {
	defer func() {
		if reason := recover(); reason != nil {
			d.Refuse("argo: panic: %v", reason)
		}
	}()
	if err := validation(); err != nil {
		d.Refuse("argo: %v", err)
	}
}

// CheckObject tests what every object has: its metadata and its size.
func (d *Document) CheckObject(namespaced bool) {
	object := d.Object
	if d.Name() == "" {
		d.Refuse("metadata.name: required")
	}
	copied := &meta.ObjectMeta{
		Name:         object.GetName(),
		GenerateName: object.GetGenerateName(),
		Namespace:    object.GetNamespace(),
		Labels:       object.GetLabels(),
		Annotations:  object.GetAnnotations(),
		Finalizers:   object.GetFinalizers(),
	}
	if copied.Namespace == "" && namespaced {
		copied.Namespace = "default"
	}
	// The API server makes the name before it looks at it.
	if copied.GetName() == "" && copied.GetGenerateName() != "" {
		copied.SetName(copied.GetGenerateName() + "abcde")
	}
	for _, problem := range api.ValidateObjectMeta(copied, namespaced, api.NameIsDNSSubdomain, field.NewPath("metadata")) {
		d.Refuse("%v", problem)
	}
	if d.size > maxObject {
		d.Refuse("%d bytes, %d are allowed", d.size, maxObject)
	}
}

// Documents splits a stream and decodes each document strictly: unknown fields, duplicate keys and
// keys in another case are refused, as `kubectl apply --validate=strict` does. An object of the same
// kind and name as one before it is refused, too. newObject gives nil for a kind that it does not know.
func Documents(text string, newObject func(meta.TypeMeta) meta.Object) []*Document {
	all := split(text, newObject)
	seen := map[string]int{}
	for number, document := range all {
		if document.Object == nil || document.Object.GetName() == "" {
			continue
		}
		key := document.Kind + " " + document.Object.GetNamespace() + "/" + document.Name()
		if before, twice := seen[key]; twice {
			document.Refuse("document %d is a %s of the same name", before, document.Kind)
		}
		seen[key] = number + 1
	}
	return all
}

func split(text string, newObject func(meta.TypeMeta) meta.Object) []*Document {
	var all []*Document
	stream := yamlstream.NewYAMLReader(bufio.NewReader(bytes.NewReader([]byte(text))))
	for {
		raw, err := stream.Read()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			broken := &Document{}
			broken.Refuse("not a YAML stream: %v", err)
			return append(all, broken)
		}
		if len(bytes.TrimSpace(withoutComments(raw))) > 0 {
			all = append(all, decode(raw, newObject))
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

func decode(raw []byte, newObject func(meta.TypeMeta) meta.Object) *Document {
	decoded := &Document{}
	json, err := yaml.YAMLToJSONStrict(raw)
	if err != nil {
		decoded.Refuse("not strict YAML: %v", err)
		return decoded
	}
	decoded.size = len(json)
	var kind meta.TypeMeta
	if err := kjson.UnmarshalCaseSensitivePreserveInts(json, &kind); err != nil {
		decoded.Refuse("no Kubernetes object: %v", err)
		return decoded
	}
	decoded.Kind = kind.Kind
	object := newObject(kind)
	if object == nil {
		decoded.Refuse("apiVersion %q with kind %q is nothing that the judge knows", kind.APIVersion, kind.Kind)
		return decoded
	}
	strict, err := kjson.UnmarshalStrict(json, object)
	if err != nil {
		decoded.Refuse("cannot be decoded: %v", err)
		return decoded
	}
	for _, err := range strict {
		decoded.Refuse("%v", err)
	}
	decoded.Object = object
	return decoded
}
