#!/usr/bin/env python3
"""Writes diff/tables/kubernetes.txt, the schema and the resources of the built-in kinds that the program carries.

usage: (cd tests/controlplane && go run ./gotypes) > go.txt
       scripts/gen-schema.py [--kubectl PROGRAM] --go go.txt > diff/tables/kubernetes.txt

Reads /openapi/v3 and discovery of the server that kubectl's kubeconfig names: a kube-apiserver without CRDs, started
with --runtime-config=api/all=true (tests/controlplane). Descriptions are left out; the rest of the schema stays. One line an
entry, so that a new release is a readable change and the program parses only the lines it is asked for:

  version 1.36.3
  resource {"group":...,"version":...,"kind":...,...}     in the order of the server's discovery
  definition NAME {schema}                                 sorted by name
  go NAME FIELD:NUMBER...                                  sorted by name; see tests/controlplane/gotypes
"""
import argparse
import json
import subprocess
import sys

DROP = {"description", "example", "externalDocs", "title", "x-kubernetes-unions"}


def reduced(schema):
    if isinstance(schema, list):
        return [reduced(s) for s in schema]
    if not isinstance(schema, dict):
        return schema
    out = {}
    for key, value in schema.items():
        if key in DROP:
            continue
        if key == "properties":
            out[key] = {name: reduced(s) for name, s in value.items()}
        elif key in ("default", "enum", "required"):
            out[key] = value
        elif key == "allOf" and len(value) == 1 and list(value[0]) == ["$ref"]:
            out["$ref"] = value[0]["$ref"].rsplit("/", 1)[1]
        elif key == "$ref":
            out[key] = value.rsplit("/", 1)[1]
        else:
            out[key] = reduced(value)
    return out


def compact(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def resources(group, version, listing):
    found, order = {}, []
    for r in listing["resources"]:
        name, _, sub = r["name"].partition("/")
        if sub:
            found[name].setdefault("subresources", []).append(
                {"name": sub, "group": r.get("group", group), "version": r.get("version", version), "kind": r["kind"],
                 "verbs": r["verbs"]})
            continue
        found[name] = {"group": group, "version": version, "kind": r["kind"], "plural": name, "singular": r["singularName"],
                       "namespaced": r["namespaced"], "verbs": r["verbs"]}
        for key in ("shortNames", "categories"):
            if r.get(key):
                found[name][key] = r[key]
        order.append(name)
    return [found[name] for name in order]


def go_lines(path, definitions):
    """The lines of the types that are served, and of what those inline."""
    types = dict(line.rstrip("\n").split(" ", 2)[1:] for line in open(path))
    wanted, queue = set(), [name for name in definitions if name in types]
    while queue:
        name = queue.pop()
        if name in wanted or name.endswith("List") and name[:-4] in types:
            continue
        wanted.add(name)
        queue += [word.split(":", 1)[1] for word in types[name].split() if word[0] == "+"]
    return ["go %s %s" % (name, types[name]) for name in sorted(wanted)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kubectl", default="kubectl")
    parser.add_argument("--go", help="the output of tests/controlplane/gotypes")
    args = parser.parse_args()

    def get(path):
        return json.loads(subprocess.run([args.kubectl, "get", "--raw", path], check=True, capture_output=True).stdout)

    lines = ["version " + get("/version")["gitVersion"].lstrip("v")]
    lists = [("", "v1", "/api/v1")]
    for group in get("/apis")["groups"]:
        for version in group["versions"]:
            lists.append((group["name"], version["version"], "/apis/" + version["groupVersion"]))
    for group, version, path in lists:
        lines += ["resource " + compact(r) for r in resources(group, version, get(path))]
    served = get("/openapi/v3")["paths"]
    definitions = {}
    for _, _, path in lists:
        if path.lstrip("/") in served:
            for name, schema in get(served[path.lstrip("/")]["serverRelativeURL"])["components"]["schemas"].items():
                definitions.setdefault(name, reduced(schema))
    lines += ["definition %s %s" % (name, compact(definitions[name])) for name in sorted(definitions)]
    if args.go:
        lines += go_lines(args.go, definitions)
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
