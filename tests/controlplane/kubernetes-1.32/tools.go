//go:build tools

// Names the main package that build.sh builds, so that go.mod and go.sum hold all that it needs.
package tools

import _ "k8s.io/kubernetes/cmd/kube-apiserver"
