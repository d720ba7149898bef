// Prints how the Go types of the Kubernetes API look on the wire, one line a type: what its JSON and protobuf tags say and
// OpenAPI does not. scripts/gen-schema.py puts the lines into diff/tables/kubernetes.txt.
//
//	go io.k8s.api.core.v1.Container name:1="" image:2o command:3o resources:8={} livenessProbe:10op +4:TYPE
//
// FIELD:NUMBER is the protobuf number, then either what is written where the field is absent (=JSON, so it always is there), or
// `o`: left out where it is zero; `p`: a pointer, whose zero is nil alone. +NUMBER:TYPE is an inlined struct, in protobuf a message.
package main

import (
	"encoding/json"
	"fmt"
	"reflect"
	"sort"
	"strings"

	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/scheme"
	apiregistration "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
)

// The name that OpenAPI gives a type: io.k8s.api.core.v1.Pod of k8s.io/api/core/v1.Pod.
func definition(t reflect.Type) string {
	path := strings.Split(t.PkgPath(), "/")
	host := strings.Split(path[0], ".")
	for i, j := 0, len(host)-1; i < j; i, j = i+1, j-1 {
		host[i], host[j] = host[j], host[i]
	}
	return strings.Join(append(append(host, path[1:]...), t.Name()), ".")
}

var lines = map[string]string{}

// A type that writes its own JSON is a scalar here.
func opaque(t reflect.Type) bool {
	marshaler := reflect.TypeOf((*json.Marshaler)(nil)).Elem()
	return t.Implements(marshaler) || reflect.PointerTo(t).Implements(marshaler)
}

func visit(t reflect.Type) {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Map {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || opaque(t) || !strings.HasPrefix(t.PkgPath(), "k8s.io/") {
		return
	}
	name := definition(t)
	if _, known := lines[name]; known {
		return
	}
	lines[name] = ""
	zero := map[string]json.RawMessage{}
	if data, err := json.Marshal(reflect.Zero(t).Interface()); err == nil {
		_ = json.Unmarshal(data, &zero)
	}
	var out []string
	for i := 0; i < t.NumField(); i++ {
		f := t.Field(i)
		tag := strings.Split(f.Tag.Get("json"), ",")
		number := "0"
		if parts := strings.Split(f.Tag.Get("protobuf"), ","); len(parts) > 1 {
			number = parts[1]
		}
		visit(f.Type)
		if tag[0] == "-" {
			continue
		}
		if tag[0] == "" {
			if f.Type.Kind() == reflect.Struct && f.Type.Name() != "TypeMeta" {
				out = append(out, "+"+number+":"+definition(f.Type))
			}
			continue
		}
		entry := tag[0] + ":" + number
		if value, always := zero[tag[0]]; always {
			entry += "="
			if f.Type.Kind() == reflect.Struct && !opaque(f.Type) {
				entry += "{}"
			} else {
				entry += string(value)
			}
		} else {
			entry += "o"
		}
		if f.Type.Kind() == reflect.Pointer {
			entry += "p"
		}
		out = append(out, entry)
	}
	lines[name] = strings.Join(out, " ")
}

func main() {
	s := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{scheme.AddToScheme, apiextensions.AddToScheme, apiregistration.AddToScheme} {
		if err := add(s); err != nil {
			panic(err)
		}
	}
	for _, t := range s.AllKnownTypes() {
		visit(t)
	}
	names := make([]string, 0, len(lines))
	for name := range lines {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		fmt.Println("go", name, lines[name])
	}
}
