# Plumb's commands for people. `make help` lists them; CMake and Ninja do the work.

SHELL := /bin/bash
.DEFAULT_GOAL := build
PREFIX ?= /usr/local
JOBS ?= $(shell nproc)
export PLUMB_SHARED ?= $(abspath ../shared)
export PLUMB_CONFORMANCE ?= $(PLUMB_SHARED)/conformance

.PHONY: help build demo test conformance bench lint format manifests install packages packages-dev asan tsan fuzz clean

help:  ## list the targets
	@awk -F':.*## ' '/^[a-z -]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

packages:
	@scripts/install-packages.sh build

packages-dev:
	@scripts/install-packages.sh build test

build/build.ninja: CMakeLists.txt CMakePresets.json cmake/plumb.cmake
	@cmake --preset release >build-configure.log 2>&1 || { cat build-configure.log; exit 1; }
	@rm -f build-configure.log

# The tests are a part of the same build folder, once their packages are there.
build/tests.stamp: build/build.ninja
	@cmake --preset release -DPLUMB_TESTS=ON >build-configure.log 2>&1 || { cat build-configure.log; exit 1; }
	@rm -f build-configure.log
	@touch $@

build: packages  ## build the program: build/plumb
	@$(MAKE) --no-print-directory build/build.ninja
	@ninja -C build -j$(JOBS) plumb

demo: build  ## a git push becomes a deployment, drift is found and healed; a few seconds, leaves nothing running
	@scripts/demo.sh

test: packages-dev  ## build and run every test, against a real Kubernetes control plane where Go is there
	@$(MAKE) --no-print-directory build/tests.stamp
	@scripts/test.sh

conformance: packages-dev  ## run the recorded cases of the folder in PLUMB_CONFORMANCE
	@$(MAKE) --no-print-directory build/tests.stamp
	@ninja -C build -j$(JOBS) plumb_conformance >build/conformance-build.log || { cat build/conformance-build.log; exit 1; }
	@build/plumb_conformance

bench: packages-dev  ## measure Plumb beside kubectl, yaml-cpp and the API server's own limit, as ratios
	@scripts/bench.sh

lint: packages-dev  ## formatting, include directions, clang-tidy on what changed
	@scripts/lint.sh

format:  ## clang-format every source in place
	@git ls-files '*.cc' '*.h' | xargs clang-format-16 -i

manifests: build  ## rewrite the chart's CRDs and deploy/plumb.yaml from the program and charts/plumb
	@scripts/manifests.sh

install: build  ## install the program, its completions and examples under PREFIX (/usr/local)
	@cmake --install build --prefix $(PREFIX)

asan tsan: packages-dev  ## run the unit tests under the address+undefined or the thread sanitizer
	@cmake --preset $@ >/dev/null
	@ninja -C build-$@ -j$(JOBS)
	@ctest --test-dir build-$@ --output-on-failure -j$(JOBS)

fuzz: packages-dev  ## run every fuzz target for FUZZ_SECONDS in all (default 60)
	@scripts/fuzz.sh $${FUZZ_SECONDS:-60}

clean:  ## remove what was built here (caches outside the checkout stay)
	@rm -rf build build-*
