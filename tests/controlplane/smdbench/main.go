// Smdbench measures structured-merge-diff, the library of the API server's server-side apply, over pairs of objects that Plumb's own
// benchmarks wrote (PLUMB_BENCH_INPUTS): the yardstick of its comparison and prediction.
//
// usage: smdbench SCHEMA.yaml FOLDER KIND...    FOLDER has KIND.live.json and KIND.config.json
// A line of JSON for each measurement. "apply" is one server-side apply: the live object and the configuration become typed values,
// managedFields are read, the configuration is merged in and managedFields are written again. "merge" is the same with the values
// typed and managedFields read beforehand. "compare" is the comparison of the two, which knows nothing of owners and defaults.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	kjson "sigs.k8s.io/json"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
	"sigs.k8s.io/structured-merge-diff/v6/merge"
	"sigs.k8s.io/structured-merge-diff/v6/typed"
)

var types = map[string]string{
	"Deployment":  "io.k8s.api.apps.v1.Deployment",
	"Pod":         "io.k8s.api.core.v1.Pod",
	"StatefulSet": "io.k8s.api.apps.v1.StatefulSet",
}

// oneVersion converts nothing: all managers wrote the same version.
type oneVersion struct{}

func (oneVersion) Convert(v *typed.TypedValue, _ fieldpath.APIVersion) (*typed.TypedValue, error) {
	return v, nil
}
func (oneVersion) IsMissingVersionError(error) bool { return false }

func must[T any](value T, err error) T {
	if err != nil {
		fmt.Fprintln(os.Stderr, "smdbench:", err)
		os.Exit(1)
	}
	return value
}

func read(file string) map[string]any {
	object := map[string]any{}
	must(0, kjson.UnmarshalCaseSensitivePreserveInts(must(os.ReadFile(file)), &object))
	return object
}

type entry struct {
	manager, version string
	applied          bool
	fields           []byte
}

// entries takes managedFields out of the object.
func entries(object map[string]any) []entry {
	metadata := object["metadata"].(map[string]any)
	var all []entry
	for _, item := range metadata["managedFields"].([]any) {
		e := item.(map[string]any)
		all = append(all, entry{e["manager"].(string), e["apiVersion"].(string), e["operation"] == "Apply", must(json.Marshal(e["fieldsV1"]))})
	}
	delete(metadata, "managedFields")
	return all
}

func managersOf(all []entry) fieldpath.ManagedFields {
	managers := fieldpath.ManagedFields{}
	for _, e := range all {
		set := fieldpath.NewSet()
		must(0, set.FromJSON(bytes.NewReader(e.fields)))
		managers[e.manager] = fieldpath.NewVersionedSet(set, fieldpath.APIVersion(e.version), e.applied)
	}
	return managers
}

// processorTime is what this process has used so far, its garbage collector included: on a busy machine the clock on the wall counts
// others' work too.
func processorTime() time.Duration {
	var usage syscall.Rusage
	must(0, syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// measure runs for a second of processor time and returns what one run takes.
func measure(run func()) (ns, allocs, size uint64) {
	for range 100 {
		run()
	}
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	begin, took, runs := processorTime(), time.Duration(0), uint64(0)
	for took < time.Second {
		for range 100 {
			run()
		}
		runs += 100
		took = processorTime() - begin
	}
	runtime.ReadMemStats(&after)
	return uint64(took) / runs, (after.Mallocs - before.Mallocs) / runs, (after.TotalAlloc - before.TotalAlloc) / runs
}

func main() {
	parser := must(typed.NewParser(typed.YAMLObject(must(os.ReadFile(os.Args[1])))))
	for _, kind := range os.Args[3:] {
		live, config := read(filepath.Join(os.Args[2], kind+".live.json")), read(filepath.Join(os.Args[2], kind+".config.json"))
		written := entries(live)
		t := parser.Type(types[kind])
		version := fieldpath.APIVersion(config["apiVersion"].(string))
		updater := (&merge.UpdaterBuilder{Converter: oneVersion{}}).BuildUpdater()
		report := func(what string, run func()) {
			ns, allocs, size := measure(run)
			fmt.Println(string(must(json.Marshal(map[string]any{"kind": kind, "what": what, "ns": ns, "allocs": allocs, "bytes": size}))))
		}
		report("apply", func() {
			l, c := must(t.FromUnstructured(live)), must(t.FromUnstructured(config))
			_, managers, err := updater.Apply(l, c, version, managersOf(written), "plumb", true)
			must(0, err)
			for _, m := range managers {
				must(m.Set().ToJSON())
			}
		})
		l, c := must(t.FromUnstructured(live)), must(t.FromUnstructured(config))
		read := managersOf(written)
		report("merge", func() {
			_, _, err := updater.Apply(l, c, version, read.Copy(), "plumb", true)
			must(0, err)
		})
		report("compare", func() { must(l.Compare(c)) })
	}
}
