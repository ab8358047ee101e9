{{/* Names and labels. */}}
{{- define "settlement-gateway.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{/* Leaves room for the longest suffix that a name gets here. */}}
{{- define "settlement-gateway.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- else if contains (include "settlement-gateway.name" .) .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "settlement-gateway.name" .) | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "settlement-gateway.selectorLabels" -}}
app.kubernetes.io/name: {{ include "settlement-gateway.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/* Labels of every object; `component` tells the gateway's pods from those that only visit. */}}
{{- define "settlement-gateway.labels" -}}
{{- $own := dict
  "helm.sh/chart" (printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_")
  "app.kubernetes.io/name" (include "settlement-gateway.name" .)
  "app.kubernetes.io/instance" .Release.Name
  "app.kubernetes.io/version" .Chart.AppVersion
  "app.kubernetes.io/managed-by" .Release.Service
  "app.kubernetes.io/part-of" "settlement-gateway" -}}
{{- toYaml (merge $own .Values.commonLabels) -}}
{{- end -}}

{{- define "settlement-gateway.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "settlement-gateway.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "settlement-gateway.image" -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) -}}
{{- end -}}
{{- end -}}

{{/* What the configuration says, as text that is empty for no. */}}
{{- define "settlement-gateway.isSqlite" -}}
{{- if hasPrefix "sqlite:" (default "" (.Values.config.store).url) -}}yes{{- end -}}
{{- end -}}

{{- define "settlement-gateway.hasCallbacks" -}}
{{- if .Values.config.callbacks -}}yes{{- end -}}
{{- end -}}

{{/* Whether a listener is there at all; without the callbacks' one nothing makes its certificate, so nothing may wait for it. */}}
{{- define "settlement-gateway.listens" -}}
{{- if or (eq .listener "grpc") (include "settlement-gateway.hasCallbacks" .root) -}}yes{{- end -}}
{{- end -}}

{{/* The Secret of a listener's certificate: one that exists, or the one that cert-manager fills. */}}
{{- define "settlement-gateway.tlsSecret" -}}
{{- $tls := index .root.Values.tls .listener -}}
{{- if not (include "settlement-gateway.listens" .) -}}
{{- else if $tls.existingSecret -}}
{{- $tls.existingSecret -}}
{{- else if $tls.certManager.enabled -}}
{{- printf "%s-%s-tls" (include "settlement-gateway.fullname" .root) .listener -}}
{{- end -}}
{{- end -}}

{{/* The Secret behind a folder of files: one that exists, or the one that the ExternalSecret fills. */}}
{{- define "settlement-gateway.filesSecret" -}}
{{- $files := index .root.Values.secretFiles .folder -}}
{{- if $files.existingSecret -}}
{{- $files.existingSecret -}}
{{- else -}}
{{- printf "%s-%s" (include "settlement-gateway.fullname" .root) .folder -}}
{{- end -}}
{{- end -}}

{{/* preStop, the drain's grace, the two seconds after which the process exits whatever hangs, and a margin: the kubelet kills later. */}}
{{- define "settlement-gateway.terminationGracePeriodSeconds" -}}
{{- $graceMs := default 20000 (.Values.config.drain).grace_ms | float64 -}}
{{- add .Values.shutdown.preStopSeconds (ceil (divf $graceMs 1000.0) | int64) 2 .Values.shutdown.marginSeconds -}}
{{- end -}}

{{- define "settlement-gateway.mostReplicas" -}}
{{- if .Values.autoscaling.enabled -}}{{- .Values.autoscaling.maxReplicas | int64 -}}{{- else -}}{{- .Values.replicaCount | int64 -}}{{- end -}}
{{- end -}}

{{/* Secrets that this release itself has made: helm creates what makes them only after the hooks that run before an install or an upgrade. */}}
{{- define "settlement-gateway.makesSecrets" -}}
{{- $root := . -}}
{{- $made := false -}}
{{- range $listener, $tls := .Values.tls -}}
{{- $listens := include "settlement-gateway.listens" (dict "root" $root "listener" $listener) -}}
{{- if and $listens (not $tls.existingSecret) $tls.certManager.enabled -}}{{- $made = true -}}{{- end -}}
{{- end -}}
{{- range $folder, $files := .Values.secretFiles -}}
{{- if ($files.externalSecret).enabled -}}{{- $made = true -}}{{- end -}}
{{- end -}}
{{- if $made -}}yes{{- end -}}
{{- end -}}

{{/* Who migrates, where nobody was named: a Job, unless it would wait for what is made after it. */}}
{{- define "settlement-gateway.migrationsMode" -}}
{{- if ne .Values.migrations.mode "auto" -}}
{{- .Values.migrations.mode -}}
{{- else if or (include "settlement-gateway.isSqlite" .) (include "settlement-gateway.makesSecrets" .) -}}
initContainer
{{- else -}}
job
{{- end -}}
{{- end -}}

{{/* Whether one pod holds a volume that no pod on another node can have meanwhile. */}}
{{- define "settlement-gateway.holdsVolume" -}}
{{- $held := false -}}
{{- range $name := list "anchor" "archive" -}}
{{- $volume := index $.Values.persistence $name -}}
{{- if and $volume.enabled (not (has "ReadWriteMany" $volume.accessModes)) -}}{{- $held = true -}}{{- end -}}
{{- end -}}
{{- if $held -}}yes{{- end -}}
{{- end -}}
