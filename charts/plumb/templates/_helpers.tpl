{{- define "plumb.name" -}}
{{- if contains "plumb" .Release.Name }}{{ .Release.Name | trunc 50 | trimSuffix "-" }}{{ else }}{{ printf "%s-plumb" .Release.Name | trunc 50 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "plumb.selector" -}}
app.kubernetes.io/name: plumb
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "plumb.labels" -}}
{{ include "plumb.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "plumb.account" -}}
{{- .Values.serviceAccount.name | default (include "plumb.name" .) }}
{{- end }}

{{- define "plumb.image" -}}
{{- with .Values.image }}
{{- if .digest }}{{ .repository }}@{{ .digest }}{{ else }}{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}{{ end }}
{{- end }}
{{- end }}

{{/* The namespaces that Applications are looked for in, as JSON; ["*"] is everywhere. */}}
{{- define "plumb.applicationNamespaces" -}}
{{- if has "*" .Values.applications.namespaces }}["*"]
{{- else }}{{ append .Values.applications.namespaces .Release.Namespace | uniq | sortAlpha | toJson }}
{{- end }}
{{- end }}

{{/* What applications hold, as rules without verbs: what is read everywhere and written in rbac.namespaces. */}}
{{- define "plumb.kinds" -}}
- apiGroups: [""]
  resources: [configmaps, endpoints, limitranges, persistentvolumeclaims, pods, podtemplates, replicationcontrollers, resourcequotas, serviceaccounts, services]
- apiGroups: [apps]
  resources: [controllerrevisions, daemonsets, deployments, replicasets, statefulsets]
- apiGroups: [batch]
  resources: [cronjobs, jobs]
- apiGroups: [autoscaling]
  resources: [horizontalpodautoscalers]
- apiGroups: [networking.k8s.io]
  resources: [ingresses, networkpolicies]
- apiGroups: [policy]
  resources: [poddisruptionbudgets]
- apiGroups: [rbac.authorization.k8s.io]
  resources: [rolebindings, roles]
- apiGroups: [discovery.k8s.io]
  resources: [endpointslices]
{{- if .Values.rbac.secrets }}
- apiGroups: [""]
  resources: [secrets]
{{- end }}
{{- range .Values.rbac.kinds }}
- apiGroups: {{ toJson .apiGroups }}
  resources: {{ toJson .resources }}
{{- end }}
{{- end }}
