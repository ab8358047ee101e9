{{/*
The configuration as TOML. Values that were read from YAML are floating point where they are numbers, which TOML would show as 16.0 and the
gateway refuses; every number of the configuration is a whole one. Text in TOML's basic strings is escaped as in JSON.
*/}}
{{- define "settlement-gateway.toml.scalar" -}}
{{- if kindIs "string" . -}}{{- . | toRawJson -}}
{{- else if kindIs "bool" . -}}{{- . -}}
{{- else -}}{{- . | int64 -}}
{{- end -}}
{{- end -}}

{{- define "settlement-gateway.toml.list" -}}
[{{- range $index, $entry := . -}}{{- if $index }}, {{ end -}}{{- include "settlement-gateway.toml.scalar" $entry -}}{{- end -}}]
{{- end -}}

{{/* A table's keys, then the tables below it. Takes `path` and `table`. */}}
{{- define "settlement-gateway.toml.table" -}}
{{- $path := .path -}}
{{- $table := .table -}}
{{- range $key := keys $table | sortAlpha -}}
{{- $value := index $table $key -}}
{{- if kindIs "slice" $value -}}
{{- if not (and $value (kindIs "map" (first $value))) }}
{{ $key }} = {{ include "settlement-gateway.toml.list" $value }}
{{- end -}}
{{- else if not (or (kindIs "map" $value) (kindIs "invalid" $value)) }}
{{ $key }} = {{ include "settlement-gateway.toml.scalar" $value }}
{{- end -}}
{{- end -}}
{{- range $key := keys $table | sortAlpha -}}
{{- $value := index $table $key -}}
{{- $below := ternary $key (printf "%s.%s" $path $key) (eq $path "") -}}
{{- if and (kindIs "map" $value) $value }}

[{{ $below }}]
{{- include "settlement-gateway.toml.table" (dict "path" $below "table" $value) -}}
{{- else if and (kindIs "slice" $value) $value -}}
{{- if kindIs "map" (first $value) -}}
{{- range $entry := $value }}

[[{{ $below }}]]
{{- include "settlement-gateway.toml.table" (dict "path" $below "table" $entry) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* What was configured, and what the chart itself decides: where the pod listens, and where its certificates lie. */}}
{{- define "settlement-gateway.toml" -}}
{{- $config := deepCopy .Values.config -}}
{{- $address := .Values.listenAddress -}}
{{- $grpc := merge (dict "listen" (printf "%s:%d" $address (int64 .Values.ports.grpc))) (default dict $config.grpc) -}}
{{- if include "settlement-gateway.tlsSecret" (dict "root" . "listener" "grpc") -}}
{{- $tls := dict "certificate_file" "tls/grpc/tls.crt" "private_key_file" "tls/grpc/tls.key" -}}
{{- with .Values.tls.grpc.clientCaKey -}}{{- $_ := set $tls "client_ca_file" (printf "tls/grpc/%s" .) -}}{{- end -}}
{{- $_ := set $grpc "tls" $tls -}}
{{- end -}}
{{- $_ := set $config "grpc" $grpc -}}
{{- $ops := dict "listen" (printf "%s:%d" $address (int64 .Values.ports.ops)) "allow_non_loopback" true -}}
{{- $_ := set $config "ops" (merge $ops (default dict $config.ops)) -}}
{{- if include "settlement-gateway.hasCallbacks" . -}}
{{- $callbacks := merge (dict "listen" (printf "%s:%d" $address (int64 .Values.ports.callbacks))) $config.callbacks -}}
{{- if include "settlement-gateway.tlsSecret" (dict "root" . "listener" "callbacks") -}}
{{- $_ := set $callbacks "tls" (dict "certificate_file" "tls/callbacks/tls.crt" "private_key_file" "tls/callbacks/tls.key") -}}
{{- end -}}
{{- $_ := set $config "callbacks" $callbacks -}}
{{- end -}}
{{- include "settlement-gateway.toml.table" (dict "path" "" "table" $config) | trim }}
{{- end -}}
