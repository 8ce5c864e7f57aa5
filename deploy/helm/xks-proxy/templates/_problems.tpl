{{/* All problems of the values, each on a line that also says what to do. Takes the `config` and the `root`. */}}
{{- define "xks-proxy.problems" -}}
{{- $config := .config -}}
{{- $values := .root.Values -}}
{{- $server := $config.server | default dict -}}
{{- $monitoring := $config.monitoring | default dict -}}
{{- $replicas := include "xks-proxy.minReplicas" .root | int -}}

{{- /* toYaml does not escape them, so that what follows one would be another member of the object. */ -}}
{{- range $name, $value := $values }}{{ if regexMatch "[\\x{85}\\x{2028}\\x{2029}]" (printf "%v" $value) }}
- {{ $name }} contains a character U+0085, U+2028 or U+2029, which ends a line in YAML. Remove it, or write a line feed instead.
{{- end }}{{ end }}
{{- if not $values.image.repository }}
- image.repository is empty. Build the image (deploy/README.md), push it to your registry, and set its name.
{{- end }}
{{- with $values.library }}
  {{- if not .source }}
- library.source is empty. Set it to the place of the HSM's PKCS#11 library: inImage, copy, imageVolume or volume.
  {{- else if and (has .source (list "copy" "imageVolume")) (not .image.reference) }}
- library.source is {{ .source }}, but library.image.reference is empty. Set it to the image that contains the library.
  {{- else if and (eq .source "volume") (ne (len .volume) 1) }}
- library.source is volume, but library.volume is not exactly one source of a volume. Set it, for example to { persistentVolumeClaim: { claimName: hsm, readOnly: true } }.
  {{- end }}
  {{- if and (eq .source "imageVolume") (semverCompare "<1.33-0" $.root.Capabilities.KubeVersion.Version) }}
- library.source is imageVolume, which needs Kubernetes 1.33 or newer. Use copy.
  {{- end }}
  {{- if and .source (ne .source "inImage") }}
    {{- $modules := list }}
    {{- range $config.keyManagers }}{{ $modules = append $modules (toString .pkcs11.module) }}{{ end }}
    {{- $folder := printf "%s/" (trimSuffix "/" .mountPath) }}
    {{- $below := false }}
    {{- range $modules }}{{ if hasPrefix $folder . }}{{ $below = true }}{{ end }}{{ end }}
    {{- if not $below }}
- library.mountPath is {{ .mountPath }}, but no key manager has its pkcs11.module below it; the modules are {{ join ", " $modules }}. Correct the path or the modules.
    {{- end }}
  {{- end }}
{{- end }}

{{- if $server.insecureHttp }}
- config.server.insecureHttp is true, but KMS uses only HTTPS. Set config.server.tls instead.
{{- end }}
{{- if not (or $values.secrets.tls $values.secrets.files) }}
- secrets.tls and secrets.files are empty, so the proxy has no certificate. Set secrets.tls to the Secret that contains it.
{{- end }}
{{- range list (list "server" ($server.host | default "0.0.0.0") ) (list "monitoring" ($monitoring.host | default "127.0.0.1")) }}
  {{- if not (has (index . 1) (list "0.0.0.0" "::")) }}
- config.{{ index . 0 }}.host is {{ index . 1 }}, but the kubelet, the load balancer and Prometheus connect from outside the pod. Set it to 0.0.0.0.
  {{- end }}
{{- end }}
{{- range $section, $listener := dict "server" $server "monitoring" $monitoring }}
  {{- if hasKey $listener "port" }}
    {{- $port := toString $listener.port }}
    {{- if or (not (regexMatch "^[1-9][0-9]{0,4}$" $port)) (gt (int $port) 65535) }}
- config.{{ $section }}.port is {{ toJson $listener.port }}, but the Service needs a fixed port. Set a number from 1 to 65535.
    {{- end }}
  {{- end }}
{{- end }}
{{- if and (eq $values.service.type "LoadBalancer") (not (dig "proxyProtocol" "enabled" false $server)) }}
- config.server.proxyProtocol.enabled is not true, but the load balancer begins each connection with a PROXY header. Set it to true.
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
- files has config.yaml, which is the name of the configuration itself. Rename this file.
{{- end }}

{{- if not (hasPrefix "/var/lib/xks-proxy/" (dig "blockList" "file" "" $config | toString)) }}
- config.blockList.file is not below /var/lib/xks-proxy, but other folders of the pod are read-only. Set it to /var/lib/xks-proxy/blocked.json.
{{- end }}
{{- with $config.audit }}
  {{- if not (hasPrefix "/var/lib/xks-proxy/" (toString .directory)) }}
- config.audit.directory is not below /var/lib/xks-proxy, where the disk is mounted. Set it to /var/lib/xks-proxy/audit.
  {{- end }}
  {{- if $values.audit.existingClaim }}
    {{- if or (gt $replicas 1) $values.autoscaling.enabled }}
- audit.existingClaim is for one pod, because two pods must not write the same log. Set replicas to 1 and autoscaling.enabled to false, or remove the claim, so that each pod gets its own disk.
    {{- end }}
    {{- if contains "${HOSTNAME}" (toString .origin) }}
- config.audit.origin contains ${HOSTNAME}, but with audit.existingClaim each new pod continues the same log. Set a name that does not change.
    {{- end }}
  {{- else if not (contains "${HOSTNAME}" (toString .origin)) }}
- config.audit.origin does not contain ${HOSTNAME}, so the logs of all pods would have the same name. Append it, as in xks.example.com/${HOSTNAME}.
  {{- end }}
{{- else }}{{ if $values.audit.existingClaim }}
- audit.existingClaim is set, but config has no audit section. Add the section, or remove the claim.
{{- end }}{{ end }}

{{- with $values.autoscaling }}{{ if .enabled }}
  {{- if gt (int .minReplicas) (int .maxReplicas) }}
- autoscaling.minReplicas is {{ .minReplicas }}, but maxReplicas is only {{ .maxReplicas }}. Raise maxReplicas.
  {{- end }}
  {{- if not (dig "requests" "cpu" "" $values.resources) }}
- autoscaling needs resources.requests.cpu, because cpuUtilization is a percentage of it. Set it.
  {{- end }}
{{- end }}{{ end }}
{{- with $values.podDisruptionBudget.minAvailable }}
  {{- $stay := int . }}
  {{- if hasSuffix "%" (toString .) }}{{ $stay = trimSuffix "%" . | mulf $replicas 0.01 | ceil | int }}{{ end }}
  {{- if ge $stay $replicas }}
- podDisruptionBudget.minAvailable is {{ . }}, which requires all {{ $replicas }} replicas, so no node can be drained. Lower it, or raise {{ ternary "autoscaling.minReplicas" "replicas" $values.autoscaling.enabled }}.
  {{- end }}
{{- end }}

{{- with $values.networkPolicy }}{{ if .enabled }}
  {{- if not .clients }}
- networkPolicy.clients is empty, so no client can reach the proxies. List the addresses of the load balancer's subnets, such as [192.0.2.0/25].
  {{- end }}
  {{- if not (or .hsm .extraEgress) }}
- networkPolicy.hsm is empty, so the proxies cannot reach the HSM. List its addresses and ports, such as [{ cidr: 198.51.100.0/24, port: 2223 }].
  {{- end }}
  {{- range .hsm }}{{ if lt (int (.endPort | default .port)) (int .port) }}
- networkPolicy.hsm: endPort {{ .endPort }} is less than port {{ .port }}. Swap them.
  {{- end }}{{ end }}
{{- end }}{{ end }}
{{- end -}}
