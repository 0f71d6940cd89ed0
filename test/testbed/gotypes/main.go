// Command gotypes prints what only the Go types know of the built-in kinds: which fields are dropped when empty,
// which are written even when empty, and their protobuf field numbers. One JSON object, by OpenAPI definition name.
//
// Usage: gotypes GROUP_VERSION...
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"strconv"
	"strings"

	apiextensions "k8s.io/apiextensions-apiserver/pkg/client/clientset/clientset/scheme"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/scheme"
	aggregator "k8s.io/kube-aggregator/pkg/client/clientset_generated/clientset/scheme"
)

// message is what is printed for one struct.
type message struct {
	// OmitEmpty names the fields that a round trip drops when they are "", 0, false, [] or {}.
	OmitEmpty []string `json:"omitEmpty,omitempty"`
	// Always gives the fields that are written even when never set, with what is written.
	Always map[string]any `json:"always,omitempty"`
	// Protobuf gives [JSON name, type, message name] by field number; the JSON name of an inlined struct is empty.
	Protobuf map[string][]string `json:"protobuf,omitempty"`
}

type modelNamed interface{ OpenAPIModelName() string }

var messages = map[string]*message{}

// handWritten are the messages whose Go types marshal themselves and so have no protobuf tags of their own.
var handWritten = map[string]map[string][]string{
	"io.k8s.apimachinery.pkg.api.resource.Quantity":  {"1": {"string", "string"}},
	"io.k8s.apimachinery.pkg.apis.meta.v1.Time":      {"1": {"seconds", "int64"}, "2": {"nanos", "int32"}},
	"io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime": {"1": {"seconds", "int64"}, "2": {"nanos", "int32"}},
	"io.k8s.apimachinery.pkg.apis.meta.v1.Duration":  {"1": {"duration", "int64"}},
}

// definition is the OpenAPI name of a type: its own word, else its package path turned around as kube-openapi does.
func definition(t reflect.Type) string {
	if named, ok := reflect.New(t).Interface().(modelNamed); ok {
		return named.OpenAPIModelName()
	}
	path := strings.Split(t.PkgPath(), "/")
	host := strings.Split(path[0], ".")
	for i, j := 0, len(host)-1; i < j; i, j = i+1, j-1 {
		host[i], host[j] = host[j], host[i]
	}
	return strings.Join(append(append(host, path[1:]...), t.Name()), ".")
}

func visit(t reflect.Type) {
	name := definition(t)
	if messages[name] != nil || t.Kind() != reflect.Struct {
		return
	}
	m := &message{Always: map[string]any{}, Protobuf: map[string][]string{}}
	messages[name] = m
	if fields := handWritten[name]; fields != nil {
		m.Protobuf = fields
		return
	}
	m.addFields(t)
}

func (m *message) addFields(t reflect.Type) {
	for i := range t.NumField() {
		field := t.Field(i)
		jsonName, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		if !field.IsExported() {
			continue
		}
		inline := field.Anonymous && jsonName == ""
		m.addProtobuf(field, jsonName)
		below := element(field.Type)
		if inline {
			m.addJSONOf(field.Type)
		} else if jsonName != "" && jsonName != "-" {
			m.addJSON(field.Type, jsonName, options)
		}
		if below.Kind() == reflect.Struct {
			visit(below)
		}
	}
}

// addJSONOf takes over the JSON fields of an inlined struct; its protobuf fields stay its own.
func (m *message) addJSONOf(t reflect.Type) {
	if t.Kind() != reflect.Struct || t == reflect.TypeFor[metav1.TypeMeta]() {
		return
	}
	for i := range t.NumField() {
		field := t.Field(i)
		jsonName, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		if field.Anonymous && jsonName == "" {
			m.addJSONOf(field.Type)
		} else if jsonName != "-" && jsonName != "" {
			m.addJSON(field.Type, jsonName, options)
		}
	}
}

func (m *message) addJSON(t reflect.Type, name, options string) {
	if strings.Contains(options, "omitzero") {
		return
	}
	if strings.Contains(options, "omitempty") {
		switch t.Kind() {
		case reflect.Pointer, reflect.Interface:
			return
		case reflect.Struct: // encoding/json never takes a struct for empty
		default:
			m.OmitEmpty = append(m.OmitEmpty, name)
			return
		}
	}
	zero, err := json.Marshal(reflect.Zero(t).Interface())
	if err != nil {
		panic(fmt.Sprintf("%s: %v", name, err))
	}
	if t.Kind() == reflect.Struct && zero[0] == '{' {
		zero = []byte("{}") // its own "always" says the rest
	}
	m.Always[name] = json.RawMessage(zero)
}

func (m *message) addProtobuf(field reflect.StructField, jsonName string) {
	parts := strings.Split(field.Tag.Get("protobuf"), ",")
	if len(parts) < 2 {
		return
	}
	if _, err := strconv.Atoi(parts[1]); err != nil {
		panic(fmt.Sprintf("%s: protobuf tag %v", field.Name, parts))
	}
	kind, of := wireType(field.Type)
	if (jsonName == "" && !field.Anonymous) || jsonName == "-" {
		for _, part := range parts {
			if name, found := strings.CutPrefix(part, "name="); found {
				jsonName = name
			}
		}
	}
	entry := []string{jsonName, kind}
	if of != "" {
		entry = append(entry, of)
	}
	m.Protobuf[parts[1]] = entry
}

// element is what a pointer, list or map holds in the end.
func element(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Map {
		t = t.Elem()
	}
	return t
}

// wireType is the protobuf type of a Go type ("string", "int64[]", "map<message>") and the name of the message it holds.
func wireType(t reflect.Type) (kind, of string) {
	switch t.Kind() {
	case reflect.Pointer:
		return wireType(t.Elem())
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return "bytes", ""
		}
		if t.Name() != "" { // a named list (authentication's ExtraValue, Verbs) is a message with the list as field 1
			kind, of := wireType(t.Elem())
			messages[definition(t)] = &message{Protobuf: map[string][]string{"1": append([]string{"items", kind + "[]"}, of)[:2]}}
			return "list", definition(t)
		}
		kind, of := wireType(t.Elem())
		return kind + "[]", of
	case reflect.Map:
		kind, of := wireType(t.Elem())
		return "map<" + kind + ">", of
	case reflect.Struct:
		return "message", definition(t)
	case reflect.Int:
		return "int64", ""
	default:
		return t.Kind().String(), ""
	}
}

func main() {
	for _, s := range []*runtime.Scheme{scheme.Scheme, apiextensions.Scheme, aggregator.Scheme} {
		for _, arg := range os.Args[1:] {
			gv, err := schema.ParseGroupVersion(arg)
			if err != nil {
				panic(err)
			}
			for _, t := range s.KnownTypes(gv) {
				visit(t)
			}
		}
	}
	for _, t := range []reflect.Type{reflect.TypeFor[runtime.Unknown](), reflect.TypeFor[metav1.Status](), reflect.TypeFor[metav1.PartialObjectMetadataList]()} {
		visit(t)
	}
	if err := json.NewEncoder(os.Stdout).Encode(messages); err != nil {
		panic(err)
	}
}
