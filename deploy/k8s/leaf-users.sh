#!/usr/bin/env bash
# Makes the secret muster-leaf-hub of a site that has others below it, and prints it as a manifest: where the bus listens for them, and a user
# for each with rights of its own. Every site below sends to this one, and hears what is for itself: nothing of its sisters. What each
# of them must be told, its leaf-remotes.conf, goes into FOLDER as CODE.conf: put it into the secret muster-leaf of that site.
#
#   ./leaf-users.sh NAMESPACE CODE-OF-THIS-SITE ADDRESS FOLDER [CODE...] > leaf.yaml
#
# ADDRESS  where the sites below reach this bus: host:port
# Without a CODE nobody is below yet: the bus listens, and lets none in.
# A CODE whose file is in FOLDER already keeps its password; a site that is left out has no user any more.
set -euo pipefail

if [[ $# -lt 4 || $1 == -* ]]; then
  sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0" >&2
  exit 2
fi
namespace=$1 site=$2 address=$3 folder=$4
shift 4
for code in "$site" "$@"; do
  if [[ ! $code =~ ^[A-Z0-9]{3}$ ]]; then
    printf 'The code of a site is three capital letters or digits, not "%s"\n' "$code" >&2
    exit 2
  fi
done
if [[ ! $address =~ ^[A-Za-z0-9.-]+:[0-9]+$ ]]; then
  printf 'ADDRESS is host:port, not "%s"\n' "$address" >&2
  exit 2
fi
umask 077
mkdir -p "$folder"
here=$(dirname "$0")
# The users of the services, without the end of the list.
users=$(sed '$d' "$here/components/nats/link-users.conf")
for code in "$@"; do
  file=$folder/$code.conf
  password=$(sed -n 's|.*tls://leaf-[A-Z0-9]*:\([a-z0-9]*\)@.*|\1|p' "$file" 2>/dev/null || true)
  # A letter first: NATS takes what looks like a number for one.
  [[ -n $password ]] || password=p$(openssl rand -hex 24)
  cat > "$file" <<CONF
remotes: [{
  url: "tls://leaf-$code:$password@$address"
  account: "LINKS"
  tls { ca_file: "/etc/nats-leaf-ca/ca.crt" }
}]
CONF
  users+="
  {
    user: \"leaf-$code\", password: \"$password\"
    permissions: {
      publish: { allow: [\"muster.hier.$site.>\", \"muster.hier.$code.*.changed\", \"_INBOX.>\"] }
      subscribe: { allow: [\"muster.hier.$code.>\", \"muster.hier.$site.*.changed\", \"_INBOX.$code.>\"] }
    }
  }"
done
listen='port: 7422
tls { cert_file: "/etc/nats-leaf-tls/tls.crt", key_file: "/etc/nats-leaf-tls/tls.key" }
no_advertise: true'
entry() { printf '  %s: %s\n' "$1" "$(printf '%s\n' "$2" | base64 | tr -d '\n')"; }
printf -- '---\napiVersion: v1\nkind: Secret\nmetadata: { name: muster-leaf-hub, namespace: %s, labels: { app.kubernetes.io/part-of: muster } }\n' "$namespace"
printf 'type: Opaque\ndata:\n'
entry leaf-listen.conf "$listen"
entry link-users.conf "$users
]"
