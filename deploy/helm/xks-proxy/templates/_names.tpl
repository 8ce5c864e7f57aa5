{{/* At most 52 characters, because a Service's name may have 63, and the Service for metrics appends -monitoring. */}}
{{- define "xks-proxy.name" -}}
{{- $made := printf "%s-%s" .Release.Name .Chart.Name -}}
{{- if contains .Chart.Name .Release.Name }}{{ $made = .Release.Name }}{{ end -}}
{{- .Values.fullnameOverride | default $made | replace "." "-" | trunc 52 | trimSuffix "-" -}}
{{- end -}}

{{- define "xks-proxy.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end -}}

{{- define "xks-proxy.labels" -}}
{{ include "xks-proxy.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | quote }}
{{- end -}}

{{/* Metadata of most objects. */}}
{{- define "xks-proxy.metadata" -}}
name: {{ include "xks-proxy.name" . | quote }}
namespace: {{ .Release.Namespace | quote }}
labels:
  {{- include "xks-proxy.labels" . | nindent 2 }}
{{- end -}}

{{- define "xks-proxy.serviceAccount" -}}
{{- $default := ternary (include "xks-proxy.name" .) "default" .Values.serviceAccount.create -}}
{{- .Values.serviceAccount.name | default $default -}}
{{- end -}}

{{/* A StorageClass belongs to no namespace, so its name contains the namespace to be unique. */}}
{{- define "xks-proxy.storageClass" -}}
{{- $made := printf "%s-%s-audit" .Release.Namespace (include "xks-proxy.name" .) -}}
{{- .Values.audit.storageClassName | default $made -}}
{{- end -}}

{{- define "xks-proxy.minReplicas" -}}
{{- ternary .Values.autoscaling.minReplicas .Values.replicas .Values.autoscaling.enabled -}}
{{- end -}}

{{- define "xks-proxy.drainSeconds" -}}
{{- dig "server" "drainSeconds" 20 (include "xks-proxy.config" . | fromYaml) -}}
{{- end -}}
