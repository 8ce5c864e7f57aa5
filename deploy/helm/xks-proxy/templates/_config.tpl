{{/* The text of the configuration. Fails if the values have a problem. */}}
{{- define "xks-proxy.config" -}}
{{- $text := .Values.config | default "" -}}
{{- if kindIs "map" $text }}{{ $text = toYaml $text }}{{ end -}}
{{- $config := fromYaml $text -}}
{{- $problems := include "xks-proxy.formProblems" $config -}}
{{- if not (trim $problems) -}}
  {{- $problems = include "xks-proxy.problems" (dict "config" $config "root" .) -}}
{{- end -}}
{{- if trim $problems }}{{ fail (printf "these values cannot work:\n%s" (trim $problems)) }}{{ end -}}
{{- $text -}}
{{- end -}}

{{/* Problems because of which the chart cannot read the configuration. The proxy itself reports all other problems. */}}
{{- define "xks-proxy.formProblems" -}}
{{- if not . }}
- config is empty. Pass the proxy's configuration with --set-file config=config.yaml. To start, copy examples/config.yaml.
{{- else if hasKey . "Error" }}
- config is not a map in YAML: {{ .Error }}
{{- else -}}
{{- $config := . -}}
{{- range list "server" "monitoring" "audit" "blockList" "log" }}
  {{- if and (hasKey $config .) (not (kindIs "map" (get $config .))) }}
- config.{{ . }} is not a map. Correct or remove it.
  {{- end }}
{{- end }}
{{- with $config.server }}{{ if kindIs "map" . }}
  {{- if and (hasKey . "proxyProtocol") (not (kindIs "map" .proxyProtocol)) }}
- config.server.proxyProtocol is not a map. Correct it.
  {{- end }}
{{- end }}{{ end }}
{{- if not .keyManagers }}
- config.keyManagers is empty. Describe your HSM there.
{{- end }}
{{- include "xks-proxy.listProblem" (dict "list" .keyManagers "path" "keyManagers") }}
{{- include "xks-proxy.listProblem" (dict "list" .keyStores "path" "keyStores") }}
{{- if kindIs "slice" .keyManagers }}{{ range $index, $manager := .keyManagers }}
  {{- if and (kindIs "map" $manager) (not (kindIs "map" (get $manager "pkcs11"))) }}
- config.keyManagers[{{ $index }}].pkcs11 is not a map. Describe your HSM there.
  {{- end }}
{{- end }}{{ end }}
{{- if kindIs "slice" .keyStores }}{{ range $index, $store := .keyStores }}{{ if kindIs "map" $store }}
  {{- include "xks-proxy.listProblem" (dict "list" $store.credentials "path" (printf "keyStores[%d].credentials" $index)) }}
{{- end }}{{ end }}{{ end }}
{{- end }}
{{- end -}}

{{/* The problem of `list`, at `path` of the configuration, if it is set and is not a list of maps. */}}
{{- define "xks-proxy.listProblem" -}}
{{- $wrong := and .list (not (kindIs "slice" .list)) -}}
{{- if not $wrong }}{{ range .list }}{{ if not (kindIs "map" .) }}{{ $wrong = true }}{{ end }}{{ end }}{{ end -}}
{{- if $wrong }}
- config.{{ .path }} is not a list of maps. Correct it.
{{- end }}
{{- end -}}

{{/* The problem of `secret`, at `path` of the configuration, if it is not a reference to a file. */}}
{{- define "xks-proxy.secretProblem" -}}
{{- if not (and (kindIs "map" .secret) (hasKey (ternary .secret dict (kindIs "map" .secret)) "file")) }}
- config.{{ .path }} is not {file: NAME}. Put the secret into a Secret that secrets.files lists, and name the Secret's key here. The configuration becomes a ConfigMap, which must not contain secrets, and the pod has no environment variables for them.
{{- end }}
{{- end -}}
