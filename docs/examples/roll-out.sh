#!/bin/sh
# Installs, upgrades or uninstalls nginx-upstream on many hosts, one after the other.
#
#   roll-out.sh install RELEASE.tar.gz HOST...      also upgrades; changes nothing where it is up to date
#   roll-out.sh uninstall RELEASE.tar.gz HOST...
#
#   RUN='ssh -o BatchMode=yes'   what runs a command on a host: $RUN HOST COMMAND, with the release on its stdin. The
#                                user there is root, or AS_ROOT='sudo -n' makes it root
#   CONF=nginx-upstream.conf     a settings file that is put into /etc/netdata on each host
#   LOGS=roll-out.log            a folder for what each host printed
#
# The first host is the canary: if it fails, no other is touched. One line a host: changed, unchanged, or failed with
# the exit status and the last line. Exit status: 0 all done, 1 some failed, 2 wrong use.
set -eu
RUN=${RUN:-ssh -o BatchMode=yes -o ConnectTimeout=10}
AS_ROOT=${AS_ROOT:-}
LOGS=${LOGS:-roll-out.log}

usage() {
  sed -n '2,15s/^# \{0,1\}//p' "$0" >&2
  exit 2
}
[ $# -ge 3 ] || usage
case $1 in
  install) arguments='' ;;
  uninstall) arguments='--uninstall --yes' ;;
  *) usage ;;
esac
release=$2
shift 2
[ -r "$release" ] || { echo "roll-out.sh: cannot read $release" >&2 && exit 2; }
[ -z "${CONF:-}" ] || [ -r "$CONF" ] || { echo "roll-out.sh: cannot read $CONF" >&2 && exit 2; }
mkdir -p "$LOGS"

# What runs on the host: unpack what comes on stdin into a new folder, run install.sh, leave nothing behind.
there="d=\$(mktemp -d) && trap 'rm -rf \"\$d\"' EXIT && tar xzf - -C \"\$d\" --strip-components=1 && $AS_ROOT sh \"\$d/install.sh\" $arguments </dev/null"
settings="$AS_ROOT sh -c 'umask 022; f=/etc/netdata/nginx-upstream.conf; cat >\"\$f.new\" && { cmp -s \"\$f.new\" \"\$f\" && rm \"\$f.new\" && exit; mv \"\$f.new\" \"\$f\" && echo settings changed; }'"

one() {
  # shellcheck disable=SC2086 # RUN is a command with its options
  $RUN "$1" "$there" <"$release" || return
  [ -z "${CONF:-}" ] || [ -n "$arguments" ] || $RUN "$1" "$settings" <"$CONF"
}

failed=0 count=0
for host in "$@"; do
  count=$((count + 1))
  log=$LOGS/$host.log
  status=0
  one "$host" >"$log" 2>&1 || status=$?
  if [ $status != 0 ]; then
    failed=$((failed + 1))
    echo "$host failed ($status): $(tail -n 1 "$log")"
    if [ $count = 1 ] && [ $# -gt 1 ]; then
      echo "roll-out.sh: the first host failed; the other $(($# - 1)) were not touched" >&2
      exit 1
    fi
  elif grep -q 'settings changed' "$log" || ! grep -Eq '^(Already up to date: nothing was changed|Nothing to uninstall)' "$log"; then
    echo "$host changed"
  else
    echo "$host unchanged"
  fi
done
[ $failed = 0 ] || { echo "roll-out.sh: $failed of $count hosts failed; their output is in $LOGS" >&2 && exit 1; }
