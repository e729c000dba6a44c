package main

// What Argo's validation of EventSources leaves out.

import (
	"regexp"
	"strconv"
	"strings"

	"aphex/tests/judge-common"

	"github.com/antonmedv/expr"
	"github.com/argoproj/argo-events/pkg/apis/events/v1alpha1"
	gh "github.com/google/go-github/v50/github"
	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"
)

// The names of EventSources and events make the subjects of the bus: default.SOURCE.EVENT.
var subject = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]*$`)

func checkSource(document *common.Document, source *v1alpha1.EventSource) {
	label(document, "metadata.name", source.Name)
	if !subject.MatchString(source.Name) {
		document.Refuse("metadata.name: %q is no part of a subject of the bus", source.Name)
	}
	routes := map[string]string{}
	for name, hook := range source.Spec.Github {
		path := "spec.github." + name
		if !subject.MatchString(name) {
			document.Refuse("%s: %q is no part of a subject of the bus", path, name)
		}
		checkHook(document, path, &hook)
		if hook.Webhook == nil {
			continue
		}
		// A second hook on the same route is never asked (startServer in pkg/eventsources/common/webhook/webhook.go).
		route := hook.Webhook.Port + hook.Webhook.Endpoint
		if other, taken := routes[route]; taken {
			document.Refuse("%s.webhook: %s has the same endpoint and port", path, other)
		}
		routes[route] = name
	}
}

func checkHook(document *common.Document, path string, hook *v1alpha1.GithubEventSource) {
	if hook.WebhookSecret == nil {
		document.Refuse("%s.webhookSecret: missing, so that anybody may send events", path)
	}
	app := &core.SecretKeySelector{}
	if hook.GithubApp != nil {
		app = hook.GithubApp.PrivateKey
	}
	for field, selector := range map[string]*core.SecretKeySelector{"webhookSecret": hook.WebhookSecret, "apiToken": hook.APIToken, "githubApp.privateKey": app} {
		if selector == nil || selector == app && hook.GithubApp == nil {
			continue
		}
		for _, problem := range validation.IsDNS1123Subdomain(selector.Name) {
			document.Refuse("%s.%s.name: %q: %s", path, field, selector.Name, problem)
		}
		for _, problem := range validation.IsConfigMapKey(selector.Key) {
			document.Refuse("%s.%s.key: %q: %s", path, field, selector.Key, problem)
		}
	}
	if len(hook.Events) == 0 {
		document.Refuse("%s.events: empty, so that the hook hears of nothing", path)
	}
	for _, event := range hook.Events {
		if _, err := gh.ParseWebHook(event, []byte("{}")); event != "*" && err != nil {
			document.Refuse("%s.events: GitHub has no event %q", path, event)
		}
	}
	if hook.NeedToCreateHooks() && !hook.Active {
		document.Refuse("%s.active: false, so that the hook is registered and never called", path)
	}
	if hook.Filter != nil {
		if _, err := expr.Compile(hook.Filter.Expression); err != nil {
			document.Refuse("%s.filter.expression: %v", path, err)
		}
	}
	if webhook := hook.Webhook; webhook != nil {
		if !strings.HasPrefix(webhook.Endpoint, "/") {
			document.Refuse("%s.webhook.endpoint: %q does not begin with a slash", path, webhook.Endpoint)
		}
		if port, err := strconv.Atoi(webhook.Port); err == nil && (port < 1 || port > 65535) {
			document.Refuse("%s.webhook.port: %q is none", path, webhook.Port)
		}
	}
}
