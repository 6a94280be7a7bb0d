{{- define "trilith.selector" -}}
app.kubernetes.io/name: trilith
app.kubernetes.io/component: controller
{{- end }}

{{- define "trilith.labels" -}}
{{ include "trilith.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
{{- end }}

{{- define "trilith.nodeSelector" -}}
app.kubernetes.io/name: trilith
app.kubernetes.io/component: node
{{- end }}

{{- define "trilith.nodeLabels" -}}
{{ include "trilith.nodeSelector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
{{- end }}

{{- /* One binding of a ClusterRole for all namespaces, or one in each that is named. Takes root, role, namespaces. */ -}}
{{- define "trilith.bindings" -}}
{{- $ := .root -}}
{{- $role := .role -}}
{{- if not .namespaces }}
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  name: {{ $role }}
  labels: {{- include "trilith.labels" $ | nindent 4 }}
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: {{ $role }} }
subjects:
  - { kind: ServiceAccount, name: trilith, namespace: {{ $.Release.Namespace }} }
{{- end }}
{{- range .namespaces }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: {{ $role }}
  namespace: {{ . }}
  labels: {{- include "trilith.labels" $ | nindent 4 }}
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: {{ $role }} }
subjects:
  - { kind: ServiceAccount, name: trilith, namespace: {{ $.Release.Namespace }} }
{{- end }}
{{- end }}
