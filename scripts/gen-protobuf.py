#!/usr/bin/env python3
"""Writes engine/sandbox/tables/protobuf.txt: the numbers, types and JSON names of the fields of Kubernetes' protobuf messages.

usage: scripts/gen-protobuf.py MODULES... > engine/sandbox/tables/protobuf.txt

MODULES are folders of k8s.io/api, k8s.io/apimachinery and k8s.io/apiextensions-apiserver as the Go module cache has them; the
schema beside it (diff/tables/kubernetes.txt) must be of the same release. One line a message, sorted:

  io.k8s.api.core.v1.Namespace 1:metadata:io.k8s....ObjectMeta 2:spec:io.k8s.api.core.v1.NamespaceSpec ...

A field is NUMBER:NAME:TYPE. TYPE is s (string), b (bytes), i (integer), B (bool), f (double) or a message; a '*' in front means
repeated, a '%' a map with string keys. A NAME of '^' means that the message's fields stand in its parent, as in JSON; a message
whose line is only '=' is a list of strings.
"""
import json
import pathlib
import re
import sys

SCALARS = {"string": "s", "bytes": "b", "bool": "B", "double": "f", "int32": "i", "int64": "i", "uint32": "i", "uint64": "i"}
# Messages that JSON shows as something else: the decoder knows them by name.
OPAQUE = {"Time", "MicroTime", "Duration", "Quantity", "IntOrString", "RawExtension", "FieldsV1", "JSON"}


def schema_of(root):
    definitions = {}
    for line in (root / "diff/tables/kubernetes.txt").read_text().splitlines():
        if line.startswith("definition "):
            _, name, text = line.split(" ", 2)
            definitions[name] = set(json.loads(text).get("properties", {}))
    return definitions


def flip(name):
    return "io.k8s." + name.removeprefix("k8s.io.")


def main():
    definitions = schema_of(pathlib.Path(__file__).resolve().parent.parent)
    lines = []
    for module in sys.argv[1:]:
        for path in sorted(pathlib.Path(module).rglob("generated.proto")):
            text = path.read_text()
            package = flip(re.search(r"^package ([\w.]+);", text, re.M).group(1))
            for name, body in re.findall(r"^message (\w+) \{\n(.*?)^\}", text, re.M | re.S):
                full = f"{package}.{name}"
                fields = re.findall(r"^  (?:(optional|repeated) ([\w.]+)|map<string, *([\w.]+)>) (\w+) = (\d+);", body, re.M)
                if [(f[0], f[1], f[3]) for f in fields] == [("repeated", "string", "items")]:
                    lines.append(f"{full} =")
                    continue
                row = [full]
                known = definitions.get(full)
                for label, kind, map_kind, field, number in fields:
                    kind = kind or map_kind
                    if kind not in SCALARS:
                        kind = flip(kind.lstrip(".")) if kind.startswith(".") or "." in kind else f"{package}.{kind}"
                    mark = "*" if label == "repeated" else "%" if map_kind else ""
                    inline = known is not None and field not in known and kind not in SCALARS and not mark and name not in OPAQUE
                    row.append(f"{number}:{'^' if inline else field}:{mark}{SCALARS.get(kind, kind)}")
                lines.append(" ".join(row))
    rows = {line.split(" ", 1)[0]: line for line in lines}
    wanted, todo = set(), [name for name in rows if name in definitions]
    while todo:  # what the server's kinds consist of; messages of older versions are left out
        name = todo.pop()
        if name in wanted or name not in rows:
            continue
        wanted.add(name)
        todo += [field.rsplit(":", 1)[1].lstrip("*%") for field in rows[name].split(" ")[1:] if ":" in field]
    print("\n".join(rows[name] for name in sorted(wanted)))


main()
