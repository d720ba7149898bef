// Yamloracle answers what sigs.k8s.io/yaml (kubectl) and go-yaml v3 (kustomize) make of a text: the truth that Plumb's
// YAML is compared with.
//
// usage: yamloracle v2|v3|write < FRAMES > FRAMES. A frame is a length, four bytes little-endian, and so many bytes.
// v2, v3: YAML in, JSON out. write: JSON in, YAML out, as kubectl prints it. An answer that begins with "!" is an error.
package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	v2 "go.yaml.in/yaml/v2"
	v3 "go.yaml.in/yaml/v3"
	"sigs.k8s.io/yaml"
)

// rest reports what follows the first document: Go's Unmarshal ignores it, even where it is no YAML at all.
func rest(decode func(any) error) error {
	for first := true; ; first = false {
		var value any
		switch err := decode(&value); {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		case !first && value != nil:
			return errors.New("more than one document")
		}
	}
}

func readV2(doc []byte) ([]byte, error) {
	if err := rest(v2.NewDecoder(bytes.NewReader(doc)).Decode); err != nil {
		return nil, err
	}
	return yaml.YAMLToJSON(doc)
}

// readV3 reads as kustomize does: the outermost map has strings for keys, whatever they look like.
func readV3(doc []byte) ([]byte, error) {
	if err := rest(v3.NewDecoder(bytes.NewReader(doc)).Decode); err != nil {
		return nil, err
	}
	var object map[string]any
	if err := v3.Unmarshal(doc, &object); err == nil {
		return json.Marshal(object)
	}
	var value any
	if err := v3.Unmarshal(doc, &value); err != nil {
		return nil, err
	}
	return json.Marshal(value)
}

// write prints a JSON document as kubectl prints an object: its numbers are int64 or float64.
func write(doc []byte) ([]byte, error) {
	var value any
	decoder := json.NewDecoder(bytes.NewReader(doc))
	decoder.UseNumber()
	if err := decoder.Decode(&value); err != nil {
		return nil, err
	}
	return yaml.Marshal(numbers(value))
}

func numbers(value any) any {
	switch v := value.(type) {
	case json.Number:
		if i, err := v.Int64(); err == nil {
			return i
		}
		f, _ := v.Float64()
		return f
	case map[string]any:
		for key := range v {
			v[key] = numbers(v[key])
		}
	case []any:
		for i := range v {
			v[i] = numbers(v[i])
		}
	}
	return value
}

// answer turns the parser's panics, which some texts cause, into errors.
func answer(convert func([]byte) ([]byte, error), doc []byte) (out []byte) {
	defer func() {
		if problem := recover(); problem != nil {
			out = fmt.Appendf(nil, "!panic: %v", problem)
		}
	}()
	out, err := convert(doc)
	if err != nil {
		return fmt.Appendf(nil, "!%v", err)
	}
	return out
}

func main() {
	modes := map[string]func([]byte) ([]byte, error){"v2": readV2, "v3": readV3, "write": write}
	if len(os.Args) != 2 || modes[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: yamloracle v2|v3|write < FRAMES > FRAMES")
		os.Exit(2)
	}
	in, out := bufio.NewReaderSize(os.Stdin, 1<<20), bufio.NewWriterSize(os.Stdout, 1<<20)
	defer out.Flush()
	for {
		var size uint32
		if binary.Read(in, binary.LittleEndian, &size) != nil {
			return
		}
		doc := make([]byte, size)
		if _, err := io.ReadFull(in, doc); err != nil {
			return
		}
		result := answer(modes[os.Args[1]], doc)
		binary.Write(out, binary.LittleEndian, uint32(len(result)))
		out.Write(result)
	}
}
