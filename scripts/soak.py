#!/usr/bin/env python3
"""What soak.sh does to a cluster and to Plumb: see there."""
import argparse, http.client, json, os, random, re, signal, ssl, subprocess, sys, time
from collections import Counter
from urllib.parse import urlparse

APPLICATIONS = 100


def git(*arguments):
    subprocess.run(["git", *arguments], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


class Soak:
    def __init__(self, o):
        self.o, self.random, self.done = o, random.Random(o.seed), Counter()
        self.clone, self.bare = f"{o.work}/gen/work-{APPLICATIONS}", f"{o.work}/gen/repo-{APPLICATIONS}.git"
        self.revision, self.extra = {}, set()  # what git says: the value of each ConfigMap, and the files that were added
        self.n = 0
        for i in range(10): self.call("POST", "/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": f"bench-{i}"}}, "application/json")
        with open(f"{o.work}/applications.yaml", "w") as out:
            for i in range(1, APPLICATIONS + 1):
                self.revision[f"app-{i:04d}"] = "0"
                out.write(f"---\napiVersion: plumb.dev/v1alpha1\nkind: Application\nmetadata: {{name: app-{i:04d}}}\nspec:\n"
                          f"  sources: [{{git: {{url: {self.bare}, revision: main}}, path: apps/app-{i:04d}}}]\n  budget: {{deletes: 1000}}\n")
        self.events = open(f"{o.work}/events", "w")
        self.process = subprocess.Popen([o.plumb, "run", "--config", f"{o.work}/applications.yaml", "--kubeconfig", f"{o.work}/kubeconfig", "--listen", "127.0.0.1:0",
                                         "--write-address", f"{o.work}/address", "--cache", f"{o.work}/cache", "--output", "json"], stdout=self.events, stderr=open(f"{o.work}/log", "w"))
        while not (os.path.exists(f"{o.work}/address") and os.path.getsize(f"{o.work}/address")): time.sleep(0.01)
        self.host, self.port = open(f"{o.work}/address").read().strip().split(":")

    def call(self, method, path, body=None, kind="application/merge-patch+json"):
        at = urlparse(self.o.url)
        if at.scheme == "https": c = http.client.HTTPSConnection(at.hostname, at.port, context=ssl.create_default_context(cafile=self.o.ca), timeout=30)
        else: c = http.client.HTTPConnection(at.hostname, at.port, timeout=30)
        headers = {"Content-Type": kind} | ({"Authorization": "Bearer " + self.o.token} if self.o.token else {})
        c.request(method, path, json.dumps(body) if body is not None else None, headers)
        answer = c.getresponse()
        text = answer.read()
        c.close()
        return answer.status, json.loads(text or b"{}")

    def ns(self, name): return f"bench-{int(name[4:8]) % 10}"

    def push(self):
        git("-C", self.clone, "add", "-A")
        git("-C", self.clone, "commit", "--allow-empty", "-m", "soak")
        git("-C", self.clone, "push", "origin", "main")
        c = http.client.HTTPConnection(self.host, int(self.port))
        c.request("POST", "/webhook?url=" + self.bare)
        c.getresponse().read()
        c.close()

    def change(self, names):
        self.n += 1
        for name in names:
            file = f"{self.clone}/apps/{name}/configmap.yaml"
            open(file + ".new", "w").write(re.sub(r'rev: ".*"', f'rev: "{self.n}"', open(file).read()))
            os.rename(file + ".new", file)
            self.revision[name] = str(self.n)
        self.push()

    def toggle(self, name):
        """An object more, or one less, which is pruned."""
        folder = f"{self.clone}/apps/{name}"
        kustomization = [line for line in open(f"{folder}/kustomization.yaml") if line != "- more.yaml\n"]
        if name in self.extra:
            self.extra.discard(name)
            os.remove(f"{folder}/more.yaml")
        else:
            self.extra.add(name)
            open(f"{folder}/more.yaml", "w").write(f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}-more, namespace: {self.ns(name)}}}\ndata: {{x: y}}\n")
            kustomization.append("- more.yaml\n")
        open(f"{folder}/kustomization.yaml", "w").writelines(kustomization)
        self.push()

    def step(self):
        name = f"app-{self.random.randint(1, APPLICATIONS):04d}"
        path = f"/api/v1/namespaces/{self.ns(name)}/configmaps/{name}"
        what = self.random.choices(["push", "push to all", "add or prune", "edit", "delete"], [30, 2, 15, 40, 13])[0]
        if what == "push": self.change([name])
        elif what == "push to all": self.change(list(self.revision))
        elif what == "add or prune": self.toggle(name)
        elif what == "edit": self.call("PATCH", path + "?fieldManager=somebody", {"data": {"rev": "by hand"}})
        else: self.call("DELETE", path)
        self.done[what] += 1

    def differences(self):
        maps = {i["metadata"]["name"]: i.get("data", {}).get("rev") for i in self.call("GET", "/api/v1/configmaps?labelSelector=applyset.kubernetes.io%2Fpart-of")[1].get("items", [])}
        wanted = dict(self.revision) | {f"{name}-more": None for name in self.extra}
        return {n for n in maps.keys() | wanted.keys() if n not in maps or n not in wanted or maps[n] != wanted[n]}

    def settle(self, most=120):
        end = time.monotonic() + most
        while self.differences():
            if time.monotonic() > end: sys.exit(f"not as git says: {sorted(self.differences())[:10]}; seed {self.o.seed}\n" + open(f"{self.o.work}/log").read()[-2000:])
            time.sleep(0.2)

    def memory(self): return int(re.search(r"VmRSS:\s+(\d+)", open(f"/proc/{self.process.pid}/status").read()).group(1)) / 1024

    def run(self):
        self.settle(300)
        start = told = time.monotonic()
        seconds, samples = self.o.minutes * 60, []
        print(f"seed {self.o.seed}\nminute  memory MB  done")
        while (now := time.monotonic() - start) < seconds:
            self.step()
            if time.monotonic() - told >= 30:
                told = time.monotonic()
                self.settle()
                time.sleep(3)  # free memory goes back when the work pauses
                samples.append((now, self.memory()))
                print(f"{now / 60:6.1f}  {samples[-1][1]:9.1f}  {dict(self.done)}", flush=True)
            time.sleep(self.random.uniform(0, 0.4))
        self.settle()
        early = max([m for at, m in samples if at <= seconds / 4] or [samples[0][1]])
        late = max([m for at, m in samples if at >= seconds * 3 / 4] or [samples[-1][1]])
        print(f"memory {early:.1f} MB in the first quarter, {late:.1f} in the last; {sum(self.done.values())} changes; the cluster is as git says")
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)
        if late > early * 1.1: sys.exit("the memory grew by more than a tenth")


parser = argparse.ArgumentParser()
for name in ("work", "url", "token", "ca", "plumb"): parser.add_argument("--" + name)
parser.add_argument("--minutes", type=float)
parser.add_argument("--seed", type=int)
soak = Soak(parser.parse_args())
try:
    soak.run()
finally:
    soak.process.kill()
