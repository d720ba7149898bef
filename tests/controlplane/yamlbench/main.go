// Yamlbench measures how fast sigs.k8s.io/yaml, the parser of kubectl, turns YAML documents into values: the yardstick of
// Plumb's own YAML benchmark. Files are read and split before the clock starts; one goroutine parses.
package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"runtime/debug"
	"slices"
	"time"

	"sigs.k8s.io/yaml"
)

// split cuts a stream at its "---" lines, as kubectl does, and leaves out documents that hold nothing.
func split(stream []byte) [][]byte {
	var docs [][]byte
	start := 0
	add := func(end int) {
		if doc := stream[start:end]; len(bytes.TrimSpace(doc)) > 0 {
			docs = append(docs, doc)
		}
	}
	for at := 0; at < len(stream); {
		end := len(stream)
		if i := bytes.IndexByte(stream[at:], '\n'); i >= 0 {
			end = at + i + 1
		}
		if line := bytes.TrimRight(stream[at:end], " \t\r\n"); bytes.Equal(line, []byte("---")) {
			add(at)
			start = end
		}
		at = end
	}
	add(len(stream))
	return docs
}

// parseAll parses every document once and returns how many failed and how long it took.
func parseAll(docs [][]byte) (failed int, took time.Duration) {
	begin := time.Now()
	for _, doc := range docs {
		var value any
		if err := yaml.Unmarshal(doc, &value); err != nil {
			failed++
		}
	}
	return failed, time.Since(begin)
}

type report struct {
	Library    string  `json:"library"`
	Bytes      int     `json:"bytes"`
	Documents  int     `json:"documents"`
	Failed     int     `json:"failed"`
	Runs       int     `json:"runs"`
	BestMBs    float64 `json:"bestMBPerSecond"`
	MedianMBs  float64 `json:"medianMBPerSecond"`
	BestDocSec float64 `json:"bestDocumentsPerSecond"`
}

func libraryVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, m := range info.Deps {
			if m.Path == "sigs.k8s.io/yaml" {
				return m.Path + " " + m.Version
			}
		}
	}
	return "sigs.k8s.io/yaml"
}

func main() {
	runs := flag.Int("n", 5, "how often to parse everything; the best and the median run are reported")
	asJSON := flag.Bool("json", false, "print the report as JSON")
	flag.Usage = func() {
		fmt.Fprintln(os.Stderr, "usage: yamlbench [-n RUNS] [-json] FILE...")
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() == 0 || *runs < 1 {
		flag.Usage()
		os.Exit(2)
	}

	r := report{Library: libraryVersion(), Runs: *runs}
	var docs [][]byte
	for _, name := range flag.Args() {
		stream, err := os.ReadFile(name)
		if err != nil {
			fmt.Fprintln(os.Stderr, "yamlbench:", err)
			os.Exit(1)
		}
		docs = append(docs, split(stream)...)
	}
	for _, doc := range docs {
		r.Bytes += len(doc)
	}
	r.Documents = len(docs)
	if r.Bytes == 0 {
		fmt.Fprintln(os.Stderr, "yamlbench: no YAML documents in the files")
		os.Exit(1)
	}

	var times []time.Duration
	for range *runs {
		failed, took := parseAll(docs)
		r.Failed = failed
		times = append(times, took)
	}
	slices.Sort(times)
	rate := func(d time.Duration) float64 { return float64(r.Bytes) / 1e6 / d.Seconds() }
	r.BestMBs, r.MedianMBs = rate(times[0]), rate(times[len(times)/2])
	r.BestDocSec = float64(r.Documents) / times[0].Seconds()

	if *asJSON {
		line, _ := json.Marshal(r)
		fmt.Println(string(line))
		return
	}
	fmt.Printf("%s: %.1f MB/s best, %.1f MB/s median of %d runs (%.2f MB, %d documents, %d failed)\n",
		r.Library, r.BestMBs, r.MedianMBs, r.Runs, float64(r.Bytes)/1e6, r.Documents, r.Failed)
}
