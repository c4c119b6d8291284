{{- define "bessemer.name" -}}
{{- if contains "bessemer" .Release.Name }}{{ .Release.Name | trunc 52 | trimSuffix "-" }}{{ else }}{{ printf "%s-bessemer" (.Release.Name | trunc 43 | trimSuffix "-") }}{{ end -}}
{{- end }}

{{- define "bessemer.selector" -}}
app.kubernetes.io/name: bessemer
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "bessemer.labels" -}}
{{ include "bessemer.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- define "bessemer.secret" -}}
{{ .Values.password.existingSecret | default (include "bessemer.name" .) }}
{{- end }}

{{- define "bessemer.confined" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop:
    - ALL
{{- end }}
