#!/usr/bin/env python3
"""What bench-scale.sh measures, on the cluster that it started: first the bare client's rates (raw), then Plumb (plumb)."""
import argparse, json, os, signal, ssl, statistics, subprocess, sys, threading, time
import http.client, re, shutil
from collections import Counter
from urllib.parse import urlparse

QUIET = 0.6  # seconds without a request and without a tick of processor time


def git(*arguments):
    subprocess.run(["git", *arguments], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


class Workload:
    """The repository of the workload, with `sets` times its five objects in each application."""

    def __init__(self, options):
        self.n, self.root = options.applications, options.work + "/gen"
        self.bare, self.clone = f"{self.root}/repo-{self.n}.git", f"{self.root}/work-{self.n}"
        self.objects, self.config_maps = f"{self.root}/objs-{self.n}.jsonl", f"{self.root}/maps-{self.n}.jsonl"
        if not os.path.isdir(self.bare):
            subprocess.run(["python3", options.workload, str(self.n), self.root], check=True, stdout=subprocess.DEVNULL)
            if options.sets > 1: self.multiply(options.sets)
        objects = [json.loads(line) for line in open(self.objects)]
        self.count = len(objects)
        maps = [o for o in objects if o["kind"] == "ConfigMap" and not re.search(r"-s\d+$", o["metadata"]["name"])]
        with open(self.config_maps, "w") as out:
            for o in maps: out.write(json.dumps(o) + "\n")
        self.maps = {o["metadata"]["name"]: o["metadata"]["namespace"] for o in maps}

    def multiply(self, sets):
        lines = open(self.objects).read().splitlines()
        for n in range(1, self.n + 1):
            name = f"app-{n:04d}"
            folder = f"{self.clone}/apps/{name}"
            kinds = [f for f in os.listdir(folder) if f != "kustomization.yaml"]
            for i in range(2, sets + 1):
                for file in kinds:
                    text = open(f"{folder}/{file}").read().replace(name, f"{name}-s{i}")
                    open(f"{folder}/s{i}-{file}", "w").write(text)
                    open(f"{folder}/kustomization.yaml", "a").write(f"- s{i}-{file}\n")
        for i in range(2, sets + 1):
            lines += [re.sub(r"app-\d{4}", lambda m: f"{m.group(0)}-s{i}", line) for line in lines[:self.n * 5]]
        open(self.objects, "w").write("\n".join(lines) + "\n")
        self.push("more objects")

    def set_revision(self, names, revision):
        for name in names:
            file = f"{self.clone}/apps/{name}/configmap.yaml"
            text = open(file).read()
            open(file, "w").write(re.sub(r'rev: ".*"', f'rev: "{revision}"', text))
        self.push(f"revision {revision}")

    def push(self, message):
        git("-C", self.clone, "add", ".")
        git("-C", self.clone, "commit", "-m", message)
        git("-C", self.clone, "push", "origin", "main")


class Api:
    """The API server, as somebody else than Plumb."""

    def __init__(self, folder):
        env = dict(line.rstrip("\n").split("=", 1) for line in open(folder + "/env"))
        env = {k: v.strip("'\"") for k, v in env.items()}
        self.url, self.ca, self.token = env["PLUMB_CLUSTER_SERVER"], env["PLUMB_CLUSTER_CA"], env["PLUMB_CLUSTER_TOKEN"]
        self.kubeconfig = folder + "/kubeconfig-plumb"
        self.plumb_token = re.search(r"token: *\"?([^\s\"]+)", open(self.kubeconfig).read()).group(1)
        self.connection = self.connect()

    def connect(self):
        at = urlparse(self.url)
        return http.client.HTTPSConnection(at.hostname, at.port, context=ssl.create_default_context(cafile=self.ca))

    def call(self, method, path, body=None, kind="application/merge-patch+json"):
        self.connection.request(method, path, json.dumps(body) if body else None, {"Authorization": "Bearer " + self.token, "Content-Type": kind})
        answer = self.connection.getresponse()
        text = answer.read()
        if answer.status >= 300: sys.exit(f"{method} {path}: {answer.status} {text[:300]}")
        return json.loads(text)

    def edit(self, name, ns, value):
        self.call("PATCH", f"/api/v1/namespaces/{ns}/configmaps/{name}?fieldManager=somebody", {"data": {"rev": value}})


class Maps:
    """Follows the workload's ConfigMaps: when was which value of `rev` seen. One for a whole run: what it costs the server counts for all alike."""

    def __init__(self, api):
        self.changed, self.now, self.awaited, self.revision, self.last = threading.Condition(), {}, set(), "", 0
        items = api.call("GET", "/api/v1/configmaps?labelSelector=bench%3D1&limit=1")
        connection = api.connect()
        connection.request("GET", "/api/v1/configmaps?labelSelector=bench%3D1&watch=1&resourceVersion=" + items["metadata"]["resourceVersion"],
                           headers={"Authorization": "Bearer " + api.token})
        self.stream = connection.getresponse()
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        for line in self.stream:
            event, at = json.loads(line), time.monotonic()
            name, revision = event["object"]["metadata"]["name"], event["object"].get("data", {}).get("rev")
            with self.changed:
                self.now[name] = revision, at
                if revision == self.revision and name in self.awaited:
                    self.awaited.discard(name)
                    self.last = at
                    if not self.awaited: self.changed.notify_all()

    def wait(self, names, revision, most=600):
        """When the last of them had it."""
        end = time.monotonic() + most
        with self.changed:
            self.awaited, self.revision = {n for n in names if self.now.get(n, ("", 0))[0] != revision}, revision
            self.last = max((self.now[n][1] for n in names if n not in self.awaited), default=0)
            while self.awaited:
                if not self.changed.wait(end - time.monotonic()): sys.exit(f"{len(self.awaited)} objects never came to '{revision}', {sorted(self.awaited)[:3]} among them")
            return self.last


class Plumb:
    def __init__(self, options, api, workload):
        self.work, self.audit = options.work, options.work + "/audit.log"
        config = options.work + "/applications.yaml"
        with open(config, "w") as out:
            for i in range(1, workload.n + 1):
                out.write(f"---\napiVersion: plumb.dev/v1alpha1\nkind: Application\nmetadata: {{name: app-{i:04d}}}\nspec:\n"
                          f"  sources: [{{git: {{url: {workload.bare}, revision: main}}, path: apps/app-{i:04d}}}]\n")
        self.events = options.work + "/events"
        address = options.work + "/address"
        if os.path.exists(address): os.remove(address)
        cache = options.work + "/cache"
        shutil.rmtree(cache, ignore_errors=True)
        self.log = open(options.work + "/plumb.log", "w")
        self.started = time.monotonic()
        self.process = subprocess.Popen([options.plumb, "run", "--config", config, "--kubeconfig", api.kubeconfig, "--listen", "127.0.0.1:0", "--write-address",
                                         address, "--cache", cache, "--output", "json"], stdout=open(self.events, "w"), stderr=self.log)
        while not (os.path.exists(address) and os.path.getsize(address)):
            if self.process.poll() is not None: sys.exit(open(self.log.name).read())
            time.sleep(0.001)
        self.host, self.port = open(address).read().strip().split(":")
        self.url = workload.bare

    def push(self):
        connection = http.client.HTTPConnection(self.host, int(self.port))
        connection.request("POST", "/webhook?url=" + self.url)
        if connection.getresponse().status != 202: sys.exit("the webhook was refused")

    def told(self, event):
        """How many such events the timeline has."""
        return open(self.events).read().count(f'"type":"{event}"')

    def ready(self):
        """How many applications it calls synced and healthy."""
        connection = http.client.HTTPConnection(self.host, int(self.port))
        connection.request("GET", "/metrics")
        text = connection.getresponse().read().decode()
        rows = lambda name: sum(float(v) for v in re.findall(rf"^{name}\{{[^}}]*\}} (\S+)", text, re.M))
        return min(rows("plumb_application_synced"), rows("plumb_application_healthy"))

    def cpu(self):
        """Seconds of processor time: its own, and that of the git programs that it ran."""
        pid = self.process.pid
        own = time.clock_gettime((~pid << 3) | 2)  # clock_getcpuclockid(3) of Linux: to the nanosecond, where /proc has hundredths of a second
        fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
        return own, (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")

    def memory(self, what):
        return int(re.search(what + r":\s+(\d+)", open(f"/proc/{self.process.pid}/status").read()).group(1)) / 1024

    def requests(self):
        """(verb, resource) -> how many, of everything since the cluster started."""
        counts = Counter()
        if not os.path.exists(self.audit): return counts
        with open(self.audit) as lines:
            for line in lines:
                if not line.endswith("\n"): break
                entry = json.loads(line)
                if entry["verb"] == "watch" and entry["stage"] != "ResponseStarted": continue
                ref = entry.get("objectRef", {})
                counts[entry["verb"], ref.get("resource", entry["requestURI"].split("?")[0])] += 1
        return counts

    def wait_quiet(self, most=60):
        since, before, end = time.monotonic(), None, time.monotonic() + most
        while time.monotonic() < min(since + QUIET, end):
            now = (os.path.getsize(self.audit), round(self.cpu()[0], 2))
            if now != before: since, before = time.monotonic(), now
            time.sleep(0.05)


class Cost:
    """What Plumb used from here to `end`: processor time and requests, watches apart."""

    def __init__(self, plumb):
        self.plumb, self.cpu0, self.requests0 = plumb, plumb.cpu(), plumb.requests()

    def end(self):
        self.cpu, self.git = (now - before for now, before in zip(self.plumb.cpu(), self.cpu0))
        self.counts = self.plumb.requests() - self.requests0
        self.watches = sum(n for (verb, _), n in self.counts.items() if verb == "watch")
        self.requests = sum(self.counts.values()) - self.watches
        return self

    def text(self):
        return ", ".join(f"{verb} {what} {n}" for (verb, what), n in sorted(self.counts.items(), key=lambda c: -c[1]))


def percentile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * share))]


def raw(options, workload, api):
    """The server's own limit: creating all objects, then changing one in each application."""
    def run(file, *more):
        out = subprocess.run([options.bin + "/rawbench", "-url", api.url, "-token", api.plumb_token, "-file", file, "-workers", "16", "-op", "ssa", *more],
                             check=True, capture_output=True, text=True).stdout
        result = json.loads(out)
        if result["errors"]: sys.exit(out)
        return result["per_s"]
    rates = {"create": run(workload.objects)}
    Maps(api)
    rates["change"] = run(workload.config_maps, "-rev", "raw")
    json.dump(rates, open(options.work + "/rates", "w"))
    print(f"{workload.n} applications, {workload.count} objects")
    print(f"  bare client        creates {rates['create']:.0f} objects/s, changes {rates['change']:.0f}/s", flush=True)


def cold(plumb, workload, rates):
    while plumb.told("synced") < workload.n: time.sleep(0.02)
    took = time.monotonic() - plumb.started
    while plumb.told("healthy") < workload.n: time.sleep(0.02)
    healthy = time.monotonic() - plumb.started
    if plumb.ready() < workload.n: sys.exit(f"only {plumb.ready():.0f} are synced and healthy")
    cost = Cost(plumb)
    cost.cpu0, cost.requests0 = (0, 0), Counter()
    cost.end()
    rate = workload.count / took
    print(f"  cold               all in sync after {took:.2f} s (healthy, which needs the controller manager, after {healthy:.2f}), {rate:.0f} objects/s, {100 * rate / rates['create']:.0f} % of the bare client's rate; {cost.requests} requests "
          f"({cost.requests / workload.n:.1f} an application) + {cost.watches} watches, {cost.cpu:.2f} s CPU")
    print(f"                     {cost.text()}", flush=True)


def push_one(plumb, workload, maps, rounds=10):
    times, costs = [], []
    for i in range(rounds):
        plumb.wait_quiet()
        name = f"app-{1 + (i * 37) % workload.n:04d}"
        workload.set_revision([name], f"one-{i}")
        cost, start = Cost(plumb), time.monotonic()
        plumb.push()
        times.append((maps.wait([name], f"one-{i}") - start) * 1000)
        plumb.wait_quiet()
        costs.append(cost.end())
    print(f"  push touching one  {statistics.median(times):.0f} ms (max {max(times):.0f}) from webhook to changed object, {statistics.median(c.requests for c in costs):.0f} requests, "
          f"{1000 * sum(c.cpu for c in costs) / rounds:.0f} ms CPU and {1000 * sum(c.git for c in costs) / rounds:.0f} ms of git")
    print(f"                     {costs[0].text()}", flush=True)


def push_all(plumb, workload, maps, rates):
    plumb.wait_quiet()
    workload.set_revision(workload.maps, "all")
    cost, start = Cost(plumb), time.monotonic()
    plumb.push()
    took = maps.wait(workload.maps, "all") - start
    first = min(at for _, at in maps.now.values() if at >= start) - start
    plumb.wait_quiet()
    cost.end()
    rate = len(workload.maps) / took
    print(f"  push touching all  {took:.2f} s, {rate:.0f} changes/s, {100 * rate / rates['change']:.0f} % of the bare client's rate; {cost.requests} requests, {cost.cpu:.2f} s CPU; "
          f"the first after {1000 * first:.0f} ms")
    print(f"                     {cost.text()}", flush=True)


def drift(plumb, workload, api, edits=100):
    first = next(iter(workload.maps))
    wanted = api.call("GET", f"/api/v1/namespaces/{workload.maps[first]}/configmaps/{first}")["data"]["rev"]
    plumb.wait_quiet()
    names = list(workload.maps)

    def heal(name, value):
        api.edit(name, workload.maps[name], value)
        start = time.monotonic()
        want = api.call("GET", f"/api/v1/namespaces/{workload.maps[name]}/configmaps/{name}")
        while want["data"]["rev"] == value:
            if time.monotonic() - start > 60: return 60_000
            want = api.call("GET", f"/api/v1/namespaces/{workload.maps[name]}/configmaps/{name}")
        return (time.monotonic() - start) * 1000
    cost = Cost(plumb)
    times = []
    for i in range(edits):
        name = names[(i * 37) % len(names)]
        wanted_now = api.call("GET", f"/api/v1/namespaces/{workload.maps[name]}/configmaps/{name}")["data"]["rev"]
        times.append(heal(name, f"edited-{i}"))
        after = api.call("GET", f"/api/v1/namespaces/{workload.maps[name]}/configmaps/{name}")["data"]["rev"]
        if after != wanted_now: sys.exit(f"'{name}' was healed to '{after}', not to '{wanted_now}'")
    plumb.wait_quiet()
    cost.end()
    print(f"  drift healed       p50 {percentile(times, 0.5):.0f} ms, p99 {percentile(times, 0.99):.0f}, max {max(times):.0f} over {edits} edits; "
          f"{cost.requests / edits:.1f} requests, {1000 * cost.cpu / edits:.1f} ms CPU each")
    again = []
    for i in range(10):
        again.append(heal(first, f"again-{i}"))
        time.sleep(3)
    print(f"  the same, ten times in half a minute: {' '.join(f'{t:.0f}' for t in again)} ms", flush=True)


def idle(plumb, workload, seconds=60):
    plumb.wait_quiet()
    time.sleep(5)
    cost, start = Cost(plumb), time.monotonic()
    time.sleep(seconds)
    cost.end()
    took = time.monotonic() - start
    print(f"  idle               {cost.requests} requests + {cost.watches} watches and {100 * cost.cpu / took:.2f} % of a core in {took:.0f} s ({cost.text() or 'nothing'})")
    print(f"  memory             {plumb.memory('VmRSS'):.0f} MB at rest, {plumb.memory('VmHWM'):.0f} MB at its peak", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["raw", "plumb"])
    parser.add_argument("--applications", type=int)
    parser.add_argument("--sets", type=int)
    for name in ("phases", "work", "bin", "workload", "plumb"): parser.add_argument("--" + name)
    options = parser.parse_args()
    workload, api = Workload(options), Api(options.work + "/cluster")
    if options.what == "raw": return raw(options, workload, api)
    rates, phases = json.load(open(options.work + "/rates")), options.phases.split()
    plumb = Plumb(options, api, workload)
    try:
        cold(plumb, workload, rates)
        plumb.wait_quiet()
        maps = Maps(api)
        if "one" in phases: push_one(plumb, workload, maps)
        if "all" in phases: push_all(plumb, workload, maps, rates)
        if "drift" in phases: drift(plumb, workload, api)
        if "idle" in phases: idle(plumb, workload)
    finally:
        plumb.process.send_signal(signal.SIGTERM)
        plumb.process.wait(30)
        if os.environ.get("KEEP_EVENTS"): shutil.copy(plumb.events, os.environ["KEEP_EVENTS"])


if __name__ == "__main__":
    main()
