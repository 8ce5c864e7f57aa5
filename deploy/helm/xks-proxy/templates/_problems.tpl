{{/* Everything that cannot work, a line for each, with what to do. Takes the `config` and the `root`. */}}
{{- define "xks-proxy.problems" -}}
{{- $config := .config -}}
{{- $values := .root.Values -}}
{{- $server := $config.server | default dict -}}
{{- $monitoring := $config.monitoring | default dict -}}
{{- $replicas := include "xks-proxy.minReplicas" .root | int -}}

{{- if not $values.image.repository }}
- image.repository is empty. Build the image (deploy/README.md), push it to your registry, and give its name.
{{- end }}
{{- with $values.library }}
  {{- if not .source }}
- library.source is empty. Say where the PKCS#11 library of the HSM comes from: inImage, copy, imageVolume or volume.
  {{- else if and (has .source (list "copy" "imageVolume")) (not .image.reference) }}
- library.source is {{ .source }}, and library.image.reference is empty. Name the image that has the library.
  {{- else if and (eq .source "volume") (ne (len .volume) 1) }}
- library.source is volume, and library.volume is not one source of a volume, such as { persistentVolumeClaim: { claimName: hsm, readOnly: true } }.
  {{- end }}
  {{- if and (eq .source "imageVolume") (semverCompare "<1.33-0" $.root.Capabilities.KubeVersion.Version) }}
- library.source is imageVolume, which needs Kubernetes 1.33. Take copy.
  {{- end }}
  {{- if and .source (ne .source "inImage") }}
    {{- $modules := list }}
    {{- range $config.keyManagers }}{{ $modules = append $modules (toString .pkcs11.module) }}{{ end }}
    {{- $folder := printf "%s/" (trimSuffix "/" .mountPath) }}
    {{- $below := false }}
    {{- range $modules }}{{ if hasPrefix $folder . }}{{ $below = true }}{{ end }}{{ end }}
    {{- if not $below }}
- No key manager has its pkcs11.module below library.mountPath, {{ .mountPath }}: there is {{ join ", " $modules }}. Make the two agree.
    {{- end }}
  {{- end }}
{{- end }}

{{- if $server.insecureHttp }}
- config.server.insecureHttp is true, and KMS speaks HTTPS only. Give tls instead.
{{- end }}
{{- if not (or $values.secrets.tls $values.secrets.files) }}
- secrets.tls and secrets.files are empty, so the proxy has no certificate. Name the Secret that has it.
{{- end }}
{{- range list (list "server" ($server.host | default "0.0.0.0") ) (list "monitoring" ($monitoring.host | default "127.0.0.1")) }}
  {{- if not (has (index . 1) (list "0.0.0.0" "::")) }}
- config.{{ index . 0 }}.host is {{ index . 1 }}, and the kubelet, the load balancer and Prometheus come from outside of the pod. Write 0.0.0.0.
  {{- end }}
{{- end }}
{{- range list (list "server" ($server.port | toString)) (list "monitoring" ($monitoring.port | toString)) }}
  {{- if eq (index . 1) "0" }}
- config.{{ index . 0 }}.port is 0. Give it a number, which the Service needs.
  {{- end }}
{{- end }}
{{- if and (eq $values.service.type "LoadBalancer") (not (dig "proxyProtocol" "enabled" false $server)) }}
- config.server.proxyProtocol.enabled is not true, and the load balancer begins each connection with a PROXY header. Write true.
{{- end }}

{{- range $index, $manager := $config.keyManagers }}
  {{- include "xks-proxy.secretProblem" (dict "secret" $manager.pkcs11.pin "path" (printf "keyManagers[%d].pkcs11.pin" $index)) }}
{{- end }}
{{- range $index, $store := $config.keyStores }}
  {{- range $number, $credential := $store.credentials }}
    {{- $path := printf "keyStores[%d].credentials[%d].secretAccessKey" $index $number }}
    {{- include "xks-proxy.secretProblem" (dict "secret" $credential.secretAccessKey "path" $path) }}
  {{- end }}
{{- end }}
{{- with $config.audit }}
  {{- include "xks-proxy.secretProblem" (dict "secret" .key "path" "audit.key") }}
{{- end }}
{{- if hasKey $values.files "config.yaml" }}
- files has config.yaml, the name of the configuration itself. Give that file another name.
{{- end }}

{{- if not (hasPrefix "/var/lib/xks-proxy/" (dig "blockList" "file" "" $config | toString)) }}
- config.blockList.file is not below /var/lib/xks-proxy, and the folder of the configuration is read-only. Write /var/lib/xks-proxy/blocked.json.
{{- end }}
{{- with $config.audit }}
  {{- if not (hasPrefix "/var/lib/xks-proxy/" (toString .directory)) }}
- config.audit.directory is not below /var/lib/xks-proxy, where the disk is. Write /var/lib/xks-proxy/audit.
  {{- end }}
  {{- if $values.audit.existingClaim }}
    {{- if or (gt $replicas 1) $values.autoscaling.enabled }}
- audit.existingClaim is for one pod: two must not write one log. Set replicas to 1 and autoscaling.enabled to false, or leave the claim out, so that each pod has a disk of its own.
    {{- end }}
    {{- if contains "${HOSTNAME}" (toString .origin) }}
- config.audit.origin contains ${HOSTNAME}, and the pods of audit.existingClaim continue one log. Give it a name that stays.
    {{- end }}
  {{- else if not (contains "${HOSTNAME}" (toString .origin)) }}
- config.audit.origin does not contain ${HOSTNAME}, and no two pods may have logs of one name. Append it, as in xks.example.com/${HOSTNAME}.
  {{- end }}
{{- else }}{{ if $values.audit.existingClaim }}
- audit.existingClaim is given, and config has no audit section. Give one, or leave the claim out.
{{- end }}{{ end }}

{{- with $values.autoscaling }}{{ if .enabled }}
  {{- if gt (int .minReplicas) (int .maxReplicas) }}
- autoscaling.minReplicas is {{ .minReplicas }}, and maxReplicas {{ .maxReplicas }}. Raise maxReplicas.
  {{- end }}
  {{- if not (dig "requests" "cpu" "" $values.resources) }}
- autoscaling needs resources.requests.cpu, of which cpuUtilization is a percentage.
  {{- end }}
{{- end }}{{ end }}
{{- with $values.podDisruptionBudget.minAvailable }}
  {{- $stay := int . }}
  {{- if hasSuffix "%" (toString .) }}{{ $stay = trimSuffix "%" . | mulf $replicas 0.01 | ceil | int }}{{ end }}
  {{- if ge $stay $replicas }}
- podDisruptionBudget.minAvailable {{ . }} is all of the {{ $replicas }} replicas, so no node can be drained. Lower it, or raise {{ ternary "autoscaling.minReplicas" "replicas" $values.autoscaling.enabled }}.
  {{- end }}
{{- end }}

{{- with $values.networkPolicy }}{{ if .enabled }}
  {{- if not .clients }}
- networkPolicy.clients is empty, so nothing reaches the proxies. List the addresses of the load balancer's subnets, such as [192.0.2.0/25].
  {{- end }}
  {{- if not (or .hsm .extraEgress) }}
- networkPolicy.hsm is empty, so the proxies reach no HSM. List its addresses and ports, such as [{ cidr: 198.51.100.0/24, port: 2223 }].
  {{- end }}
  {{- range .hsm }}{{ if lt (int (.endPort | default .port)) (int .port) }}
- networkPolicy.hsm: endPort {{ .endPort }} is less than port {{ .port }}. Exchange them.
  {{- end }}{{ end }}
{{- end }}{{ end }}
{{- end -}}
