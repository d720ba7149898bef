//go:build tools

// Names the main packages that build.sh builds, so that go.mod and go.sum hold all that they need.
package tools

import (
	_ "helm.sh/helm/v3/cmd/helm"
	_ "sigs.k8s.io/kustomize/kustomize/v5"
)
