{{/* What a schema cannot say: values that are well by themselves and unsafe together. Every mistake is told at once. */}}
{{- define "settlement-gateway.validate" -}}
{{- $values := .Values -}}
{{- $config := .Values.config -}}
{{- $data := "/var/lib/settlement-gateway" -}}
{{- $sqlite := include "settlement-gateway.isSqlite" . -}}
{{- $many := gt (include "settlement-gateway.mostReplicas" . | int64) 1 -}}
{{- $anchor := default dict $config.anchor -}}
{{- $archive := default "" ($config.retention).archive_folder -}}
{{- $mistakes := list -}}

{{- if and $sqlite $many -}}
{{- $mistakes = append $mistakes "replicaCount, autoscaling: SQLite is for one process; more than one replica needs PostgreSQL in config.store" -}}
{{- end -}}
{{- if and $sqlite (eq $values.migrations.mode "job") -}}
{{- $mistakes = append $mistakes "migrations.mode: a Job cannot reach the SQLite file that the pod holds; take auto, initContainer or off" -}}
{{- else if and (eq $values.migrations.mode "job") (include "settlement-gateway.makesSecrets" .) -}}
{{- $mistakes = append $mistakes "migrations.mode: a Job goes before the Secrets that this release has cert-manager or an ExternalSecret make, and would wait for them; take auto, initContainer or off" -}}
{{- end -}}
{{- if and $sqlite (not (hasPrefix (printf "sqlite://%s/journal/" $data) $config.store.url)) -}}
{{- $mistakes = append $mistakes (printf "config.store.url: the file must lie below %s/journal, where the volume is; everything else is read-only" $data) -}}
{{- end -}}

{{- $anchorFile := default "" $anchor.file -}}
{{- $anchorElsewhere := or $anchor.url $anchor.url_file $anchor.url_env -}}
{{- $anchorOnVolume := and $values.persistence.anchor.enabled (hasPrefix (printf "%s/anchor/" $data) $anchorFile) -}}
{{- if and $anchorFile (not (hasPrefix (printf "%s/anchor/" $data) $anchorFile)) -}}
{{- $mistakes = append $mistakes (printf "config.anchor.file: must lie below %s/anchor, where its volume is" $data) -}}
{{- end -}}
{{- if and $values.production (not $anchorElsewhere) (not $anchorOnVolume) -}}
{{- $mistakes = append $mistakes "config.anchor: in production the anchor stands outside the pod: name a second database (url, url_file, url_env), or a file below /var/lib/settlement-gateway/anchor with persistence.anchor.enabled" -}}
{{- end -}}
{{- if and $many $anchorOnVolume (not (has "ReadWriteMany" $values.persistence.anchor.accessModes)) -}}
{{- $mistakes = append $mistakes "persistence.anchor.accessModes: all replicas share one anchor, so its volume needs ReadWriteMany" -}}
{{- end -}}
{{- if and $values.production $sqlite (not $values.persistence.journal.enabled) -}}
{{- $mistakes = append $mistakes "persistence.journal.enabled: in production a journal in SQLite outlives its pod" -}}
{{- end -}}
{{- if $archive -}}
{{- if not (and $values.persistence.archive.enabled (or (eq $archive (printf "%s/archive" $data)) (hasPrefix (printf "%s/archive/" $data) $archive))) -}}
{{- $mistakes = append $mistakes (printf "config.retention.archive_folder: needs persistence.archive.enabled and a path at or below %s/archive" $data) -}}
{{- else if and $many (not (has "ReadWriteMany" $values.persistence.archive.accessModes)) -}}
{{- $mistakes = append $mistakes "persistence.archive.accessModes: all replicas share one archive, so its volume needs ReadWriteMany" -}}
{{- end -}}
{{- end -}}

{{- $grpcSecret := include "settlement-gateway.tlsSecret" (dict "root" . "listener" "grpc") -}}
{{- $grpcTls := default dict ($config.grpc).tls -}}
{{- if and (not $grpcSecret) (not $grpcTls) -}}
{{- $mistakes = append $mistakes "tls.grpc: beyond loopback gRPC needs a certificate: existingSecret, or certManager.enabled" -}}
{{- else if and $grpcSecret $grpcTls -}}
{{- $mistakes = append $mistakes "config.grpc.tls: stands beside tls.grpc: keep one of the two" -}}
{{- end -}}
{{- if include "settlement-gateway.hasCallbacks" . -}}
{{- $secret := include "settlement-gateway.tlsSecret" (dict "root" . "listener" "callbacks") -}}
{{- if and (not $secret) (not $config.callbacks.tls) (not $config.callbacks.allow_plaintext) -}}
{{- $mistakes = append $mistakes "tls.callbacks: the callbacks' listener needs a certificate, or config.callbacks.allow_plaintext behind a proxy that ends TLS" -}}
{{- else if and $secret $config.callbacks.tls -}}
{{- $mistakes = append $mistakes "config.callbacks.tls: stands beside tls.callbacks: keep one of the two" -}}
{{- end -}}
{{- end -}}
{{- if and $config.callbacks (not $config.callbacks.bitgo) (not $config.callbacks.bitlipa) -}}
{{- $mistakes = append $mistakes "config.callbacks: serves nothing: it needs bitgo or bitlipa" -}}
{{- end -}}
{{- range $listener, $tls := $values.tls -}}
{{- if and $tls.certManager.enabled (or (not $tls.certManager.issuerRef.name) (not $tls.certManager.dnsNames)) (not $tls.existingSecret) -}}
{{- $mistakes = append $mistakes (printf "tls.%s.certManager: needs issuerRef.name and dnsNames" $listener) -}}
{{- end -}}
{{- end -}}
{{- range $folder, $files := $values.secretFiles -}}
{{- if not (or $files.existingSecret ($files.externalSecret).enabled) -}}
{{- $mistakes = append $mistakes (printf "secretFiles.%s: needs existingSecret, or externalSecret.enabled" $folder) -}}
{{- end -}}
{{- end -}}

{{- if $values.networkPolicy.enabled -}}
{{- $egress := $values.networkPolicy.egress -}}
{{- $proxied := ($config.venues).proxy_url -}}
{{- if and $egress.proxy.enabled (not $proxied) -}}
{{- $mistakes = append $mistakes "networkPolicy.egress.proxy: nothing but the proxy may be reached, so config.venues.proxy_url must name it" -}}
{{- end -}}
{{- if and $proxied (not $egress.proxy.enabled) -}}
{{- $mistakes = append $mistakes "config.venues.proxy_url: the proxy cannot be reached: set networkPolicy.egress.proxy" -}}
{{- end -}}
{{- if and $egress.proxy.enabled (not $egress.proxy.to) -}}
{{- $mistakes = append $mistakes "networkPolicy.egress.proxy.to: says where the proxy is" -}}
{{- end -}}
{{- if and (not $sqlite) (not $egress.database.to) -}}
{{- $mistakes = append $mistakes "networkPolicy.egress.database.to: says where PostgreSQL is" -}}
{{- end -}}
{{- end -}}
{{- if and $values.autoscaling.enabled (gt (int64 $values.autoscaling.minReplicas) (int64 $values.autoscaling.maxReplicas)) -}}
{{- $mistakes = append $mistakes "autoscaling.minReplicas: is more than maxReplicas" -}}
{{- end -}}

{{- if $mistakes -}}
{{- fail (printf "\n- %s\n" (join "\n- " $mistakes)) -}}
{{- end -}}
{{- end -}}
