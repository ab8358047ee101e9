{{/* What the gateway's pods and those that migrate have in common. */}}
{{- define "settlement-gateway.podSettings" -}}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  {{- toYaml .Values.podSecurityContext | nindent 2 }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .Values.runtimeClassName }}
runtimeClassName: {{ . }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "settlement-gateway.containerSettings" -}}
image: {{ include "settlement-gateway.image" . }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  {{- toYaml .Values.securityContext | nindent 2 }}
{{- with .Values.extraEnv }}
env:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.extraEnvFrom }}
envFrom:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* The configuration, and all files that it names. */}}
{{- define "settlement-gateway.mounts" -}}
- name: config
  mountPath: /etc/settlement-gateway/gateway.toml
  subPath: gateway.toml
  readOnly: true
{{- range $folder, $files := .Values.secretFiles }}
- name: files-{{ $folder }}
  mountPath: /etc/settlement-gateway/{{ $folder }}
  readOnly: true
{{- end }}
{{- range $listener := list "grpc" "callbacks" }}
{{- if include "settlement-gateway.tlsSecret" (dict "root" $ "listener" $listener) }}
- name: tls-{{ $listener }}
  mountPath: /etc/settlement-gateway/tls/{{ $listener }}
  readOnly: true
{{- end }}
{{- end }}
- name: tmp
  mountPath: /tmp
{{- if include "settlement-gateway.isSqlite" . }}
- name: journal
  mountPath: /var/lib/settlement-gateway/journal
{{- end }}
{{- range $name := list "anchor" "archive" }}
{{- if (index $.Values.persistence $name).enabled }}
- name: {{ $name }}
  mountPath: /var/lib/settlement-gateway/{{ $name }}
{{- end }}
{{- end }}
{{- with .Values.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/*
The volumes behind them. Takes `root` and `configMap`, and `alone` for a pod that goes before the release: the claims are made after it or held by
others, and what it does needs none of them, so folders stand for them. Secrets belong to root and may be read by the pod's own group (0440),
which nobody else has: the kubelet would add that right anyway.
*/}}
{{- define "settlement-gateway.volumes" -}}
{{- $root := .root -}}
- name: config
  configMap:
    name: {{ .configMap }}
{{- range $folder, $files := $root.Values.secretFiles }}
- name: files-{{ $folder }}
  secret:
    secretName: {{ include "settlement-gateway.filesSecret" (dict "root" $root "folder" $folder) }}
    defaultMode: 0440
{{- end }}
{{- range $listener := list "grpc" "callbacks" }}
{{- with include "settlement-gateway.tlsSecret" (dict "root" $root "listener" $listener) }}
- name: tls-{{ $listener }}
  secret:
    secretName: {{ . }}
    defaultMode: 0440
{{- end }}
{{- end }}
- name: tmp
  emptyDir:
    sizeLimit: {{ $root.Values.tmpSizeLimit }}
{{- if include "settlement-gateway.isSqlite" $root }}
{{ include "settlement-gateway.volume" (dict "root" $root "name" "journal") }}
{{- end }}
{{- range $name := list "anchor" "archive" }}
{{- if (index $root.Values.persistence $name).enabled }}
{{ include "settlement-gateway.volume" (dict "root" $root "name" $name "alone" $.alone) }}
{{- end }}
{{- end }}
{{- with $root.Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "settlement-gateway.volume" -}}
{{- $volume := index .root.Values.persistence .name -}}
- name: {{ .name }}
{{- if and $volume.enabled (not .alone) }}
  persistentVolumeClaim:
    claimName: {{ default (printf "%s-%s" (include "settlement-gateway.fullname" .root) .name) $volume.existingClaim }}
{{- else }}
  emptyDir: {}
{{- end }}
{{- end -}}
