#!/usr/bin/env bash
# Makes the secrets of a new site and prints them as manifests: seal them, or pipe them to `kubectl apply -f -`. Nothing is kept, and
# every call makes new ones: the key of a site that has devices must not change.
#
#   LIBRARY_ACCESS_KEY=… LIBRARY_SECRET_KEY=… ./secrets.sh NAMESPACE > secrets.yaml
#
# DATABASE_HOST  default muster-postgres-rw, the one of the component postgres
# DATABASE_TLS   what follows the "?" of the connection strings, default: verified against the component's authority
# POINT_CREDENTIALS  JSON with the keys of distribution points by name, default {} (docs/stores.md)
# SEALING_KEY  of the hierarchy that the site shall belong to (docs/hierarchy.md), default: a new one
# MAIL_PASSWORD  of the site's user at the mail server (component mail), default: no such entry
# BACKUP_ACCESS_KEY, BACKUP_SECRET_KEY  of the bucket for backups of the database (component postgres-backup), default: no such secret
# The token of the first administrator goes to standard error, once.
set -euo pipefail

if [[ $# -ne 1 || $1 == -* ]]; then
  sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0" >&2
  exit 2
fi
namespace=$1
: "${LIBRARY_ACCESS_KEY:?the access key of the bucket MUSTER_LIBRARY_BUCKET}" "${LIBRARY_SECRET_KEY:?the secret key of that bucket}"
host=${DATABASE_HOST:-muster-postgres-rw}
tls=${DATABASE_TLS:-sslmode=verify-full&sslrootcert=/run/database-authority/ca.crt}

# A letter first: NATS takes what looks like a number for one.
random() { printf 'p%s' "$(openssl rand -hex 24)"; }
# Values go in as base64, so that none of them can change the document.
entry() { printf '  %s: %s\n' "$1" "$(printf '%s' "$2" | base64 | tr -d '\n')"; }
secret() {
  printf -- '---\napiVersion: v1\nkind: Secret\nmetadata: { name: %s, namespace: %s, labels: { app.kubernetes.io/part-of: muster } }\n' "$1" "$namespace"
  printf 'type: %s\n' "${2:-Opaque}"
  printf 'data:\n'
}

site_key=$(openssl genpkey -algorithm ed25519)
link_key=$(openssl genpkey -algorithm ed25519)
sealing_key=${SEALING_KEY:-$(openssl rand -base64 32 | tr '+/' '-_' | tr -d '=\n')}
admin_token=muster_$(openssl rand -base64 32 | tr '+/' '-_' | tr -d '=\n')
declare -A bus
for service in catalog deployment content policy; do
  bus[$service]=$(random)
  password=$(random)
  secret "muster-postgres-$service" kubernetes.io/basic-auth
  entry username "$service"
  entry password "$password"
  secret "muster-$service"
  entry database-url "postgres://$service:$password@$host:5432/muster?$tls"
  entry nats-password "${bus[$service]}"
  entry link-key "$link_key"
  case $service in
    policy)
      entry site-key "$site_key"
      entry sealing-key "$sealing_key"
      entry admin-token-sha256 "$(printf '%s' "$admin_token" | sha256sum | cut -d' ' -f1)"
      ;;
    deployment)
      entry webhook-key "$(openssl rand -base64 32 | tr '+/' '-_' | tr -d '=\n')"
      if [[ -n ${MAIL_PASSWORD:-} ]]; then entry mail-password "$MAIL_PASSWORD"; fi
      ;;
    content)
      entry library-access-key "$LIBRARY_ACCESS_KEY"
      entry library-secret-key "$LIBRARY_SECRET_KEY"
      entry point-credentials.json "${POINT_CREDENTIALS:-{\}}"
      ;;
  esac
done
secret muster-nats
entry route-password "$(random)"
for service in catalog deployment content policy; do entry "$service-password" "${bus[$service]}"; done
if [[ -n ${BACKUP_ACCESS_KEY:-} ]]; then
  secret muster-backup
  entry access-key "$BACKUP_ACCESS_KEY"
  entry secret-key "${BACKUP_SECRET_KEY:?the secret key of the bucket for backups}"
fi
printf 'The token of the first administrator, which is kept nowhere: %s\n' "$admin_token" >&2
