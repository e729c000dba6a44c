package main

// What the GitHub event source does with a request: its own handler, behind Argo's own router.

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"sort"
	"strings"
	"time"
	"unsafe"

	"github.com/argoproj/argo-events/pkg/apis/events/v1alpha1"
	eventsources "github.com/argoproj/argo-events/pkg/eventsources/common"
	"github.com/argoproj/argo-events/pkg/eventsources/common/webhook"
	"github.com/argoproj/argo-events/pkg/eventsources/sources/github"
	"github.com/argoproj/argo-events/pkg/metrics"
	cloudevents "github.com/cloudevents/sdk-go/v2"
	"github.com/google/uuid"
	"github.com/gorilla/mux"
	"go.uber.org/zap"
	core "k8s.io/api/core/v1"
)

// A request as GitHub sends it.
type delivery struct {
	// Where to. Without it, the request goes to the endpoint of each hook that is there for such an event.
	Path    string            `json:"path"`
	Method  string            `json:"method"`
	Headers map[string]string `json:"headers"`
	Body    string            `json:"body"`
}

type secrets map[string]map[string]string

func (s secrets) value(selector *core.SecretKeySelector) (string, error) {
	if value, ok := s[selector.Name][selector.Key]; ok {
		return value, nil
	}
	return "", fmt.Errorf("no Secret %q with the key %q", selector.Name, selector.Key)
}

// What a hook made of a request.
type receipt struct {
	EventSource string `json:"eventSource"`
	EventName   string `json:"eventName"`
	// Whether GitHub sends it such an event at all: it is in `events`, or a ping.
	Sent bool `json:"sent"`
	// The HTTP status, and what was answered.
	Status int    `json:"status"`
	Answer string `json:"answer"`
	// What was published: the data of the event. None where it was refused or filtered.
	Published json.RawMessage `json:"published,omitempty"`
	// What went wrong while it was handled.
	Error string `json:"error,omitempty"`
}

// An event on the bus.
type event = cloudevents.Event

// Its routes are Argo's, and it never starts a server: a router is there for each port beforehand.
var controller = func() *webhook.Controller {
	made := webhook.NewController()
	go webhook.ProcessRouteStatus(made)
	return made
}()

func (s *set) deliver(request delivery, known secrets) ([]receipt, []event) {
	var receipts []receipt
	var published []event
	for _, source := range s.sources {
		names := make([]string, 0, len(source.Spec.Github))
		for name := range source.Spec.Github {
			names = append(names, name)
		}
		sort.Strings(names)
		for _, name := range names {
			hook := source.Spec.Github[name]
			got := receipt{EventSource: source.Name, EventName: name}
			kind := http.Header{}
			for header, value := range request.Headers {
				kind.Set(header, value)
			}
			got.Sent = request.Path != "" || subscribed(&hook, kind.Get("X-GitHub-Event"))
			if got.Sent {
				events, err := handle(source, name, &hook, request, known, &got)
				if err != nil {
					got.Error = err.Error()
				}
				published = append(published, events...)
			}
			receipts = append(receipts, got)
		}
	}
	return receipts, published
}

func subscribed(hook *v1alpha1.GithubEventSource, kind string) bool {
	return kind == "ping" || slices.Contains(hook.Events, kind) || slices.Contains(hook.Events, "*")
}

// router is Argo's router; it says when it can be used, and has no hooks to remove at GitHub.
type router struct {
	*github.Router
	ready chan struct{}
}

func (r router) PostActivate() error   { close(r.ready); return nil }
func (r router) PostInactivate() error { return nil }

// handle gives the request to a hook. pkg/eventsources/sources/github/start.go makes the router in
// StartListening, which reads secrets from mounted volumes and registers hooks at GitHub first; that
// alone is left out.
func handle(source *v1alpha1.EventSource, name string, hook *v1alpha1.GithubEventSource, request delivery, known secrets, got *receipt) ([]event, error) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	logger := zap.NewNop().Sugar()
	listener := github.EventListener{EventSourceName: source.Name, EventName: name, GithubEventSource: *hook, Metrics: metrics.NewMetrics("")}
	if err := listener.ValidateEventSource(ctx); err != nil {
		return nil, err
	}
	way := *hook.Webhook
	route := webhook.NewRoute(&way, logger, source.Name, name, listener.Metrics)
	own := router{&github.Router{}, make(chan struct{})}
	set := func(field string, value any) {
		place := reflect.ValueOf(own.Router).Elem().FieldByName(field)
		reflect.NewAt(place.Type(), unsafe.Pointer(place.UnsafeAddr())).Elem().Set(reflect.ValueOf(value))
	}
	set("route", route)
	set("githubEventSource", &listener.GithubEventSource)
	if hook.WebhookSecret != nil {
		secret, err := known.value(hook.WebhookSecret)
		if err != nil {
			return nil, fmt.Errorf("failed to retrieve webhook secret. err: %w", err)
		}
		set("hookSecret", secret)
	}
	handler := mux.NewRouter()
	webhook.Lock.Lock()
	controller.ActiveServerHandlers[way.Port] = handler
	webhook.Lock.Unlock()

	var events []event
	failed := make(chan error, 1)
	go func() {
		failed <- webhook.ManageRoute(ctx, own, controller, func(data []byte, options ...eventsources.Option) error {
			one, err := publish(source.Name, name, hook.Filter, data, options, got)
			if err == nil && one != nil {
				events = append(events, *one)
			}
			return err
		})
	}()
	select {
	case <-own.ready:
	case err := <-failed:
		return nil, err
	}
	path := request.Path
	if path == "" {
		path = way.Endpoint
	}
	method := request.Method
	if method == "" {
		method = http.MethodPost
	}
	sent := httptest.NewRequest(method, "http://hooks.example"+path, strings.NewReader(request.Body))
	for header, value := range request.Headers {
		sent.Header.Set(header, value)
	}
	answered := httptest.NewRecorder()
	handler.ServeHTTP(answered, sent)
	got.Status = answered.Code
	got.Answer = strings.TrimSpace(answered.Body.String())
	cancel()
	return events, <-failed
}

// publish is what EventSourceAdaptor.run in pkg/eventsources/eventing.go does with the data of an event, up to the bus.
func publish(source, name string, filter *v1alpha1.EventSourceFilter, data []byte, options []eventsources.Option, got *receipt) (*event, error) {
	if filter != nil {
		proceed, err := filterEvent(data, filter)
		if err != nil {
			// Argo logs that, and tells GitHub that all is well.
			got.Error = err.Error()
			return nil, nil
		}
		if !proceed {
			return nil, nil
		}
	}
	made := cloudevents.NewEvent()
	id := uuid.New()
	made.SetID(fmt.Sprintf("%x", id[:]))
	made.SetType(string(v1alpha1.GithubEvent))
	made.SetSource(source)
	made.SetSubject(name)
	made.SetTime(time.Now())
	for _, option := range options {
		if err := option(&made); err != nil {
			return nil, err
		}
	}
	if err := made.SetData(cloudevents.ApplicationJSON, data); err != nil {
		return nil, err
	}
	// It crosses the bus as JSON.
	body, err := json.Marshal(made)
	if err != nil {
		return nil, err
	}
	var arrived event
	if err := json.Unmarshal(body, &arrived); err != nil {
		return nil, err
	}
	got.Published = data
	return &arrived, nil
}
