# Each layout of Netdata: where things go, with which owner and mode, and what is said.

load trees.bash

# installs_in CONFIG: everything is there, as it must be
installs_in() {
  installer
  ok
  [ "$(head -n 1 "$ROOT$PLUGIN")" = "#!$TOOLS/node" ]
  [ "$(tail -n +2 "$ROOT$PLUGIN")" = "$(tail -n +2 "$RELEASE/nginx-upstream.plugin")" ]
  cmp "$ROOT$SETTINGS" "$RELEASE/docs/nginx-upstream.conf"
  grep -q '^ template: t_plain' "$ROOT$ALERTS"
  local owner
  owner=$([ "$(id -u)" = 0 ] && echo 0:1999 || echo "$(id -u):$(id -g)")
  [ "$(stat -c '%a %u:%g' "$ROOT$PLUGIN")" = "755 $owner" ]
  [ "$(readlink "$ROOT/usr/local/bin/nginx-upstream")" = "$PLUGIN" ]
  [ "$(stat -c '%a %u:%g' "$ROOT$SETTINGS")" = "644 $owner" ]
  [ "$(stat -c '%a %u:%g' "$ROOT$ALERTS")" = "644 $owner" ]
  [ "$(stat -c '%a' "$ROOT$CONFIG/custom-plugins.d")" = 755 ]
  says "install $PLUGIN (0755 root:netdata)"
  says "http://localhost:19999"
  says 'it appears within 60 seconds'
}

@test "Debian's package" {
  make_tree debian 1.37.1
  installs_in
  says 'into Netdata 1.37.1 (Debian package, /etc/netdata)'
}

@test "Netdata's own package" {
  make_tree native 2.10.4
  installs_in
  says 'into Netdata 2.10.4 (native package, /etc/netdata)'
}

@test "the static build" {
  make_tree static 2.10.4
  installs_in
  says '(static build, /opt/netdata/etc/netdata)'
}

@test "inside Netdata's container: the host's logs" {
  make_tree docker 2.10.4
  installs_in
  says '/host/var/log/nginx/'
}

@test "a package over its predecessor's folder is one Netdata, not two" {
  make_tree debian 2.10.4
  make_tree native 2.10.4
  installs_in
  says '(native package'
}

@test "two Netdata, none running: which one is not guessed" {
  make_tree debian 1.37.1
  make_tree static 2.10.4
  before=$(tree)
  installer
  refused 'two Netdata are installed'
  same "$before" "$(tree)"
}

@test "netdata.conf: another user, port and scan interval" {
  make_tree debian 2.10.4
  printf 'monitor:x:1234:1999::/:/bin/sh\n' >>"$ROOT/etc/passwd"
  printf '# [global]\n[global]\n  run as user = monitor\n[web]\n default port = 19998\n[plugins]\n\tcheck for new plugins every = 30\n' \
    >"$ROOT/etc/netdata/netdata.conf"
  installer
  ok
  says 'add monitor to the group adm'
  says 'http://localhost:19998'
  says 'it appears within 30 seconds'
}

@test "netdata.conf that keeps the plugin off is pointed out" {
  make_tree native 2.10.4
  printf '[directories]\n plugins = "/usr/libexec/netdata/plugins.d"\n[plugins]\n enable running new plugins = no\n' \
    >>"$ROOT/etc/netdata/netdata.conf"
  touch "$ROOT/usr/libexec/netdata/plugins.d/nginx-upstream.plugin"
  installer
  ok
  says 'add "/etc/netdata/custom-plugins.d" to [directories] plugins in /etc/netdata/netdata.conf'
  says 'set nginx-upstream = yes under [plugins] in /etc/netdata/netdata.conf'
  says '/usr/libexec/netdata/plugins.d/nginx-upstream.plugin is another copy'
}

@test "a Netdata that shows no version counts as a current one" {
  make_tree native 2.10.4
  printf '#!/bin/sh\nexit 1\n' >"$ROOT/usr/sbin/netdata"
  installer
  ok
  says 'shows no version'
  grep -q '^  summary:' "$ROOT$ALERTS"
}

@test "where the log of Netdata is; no word of a restart right after installing" {
  make_tree native 2.10.4
  installer
  says "see Netdata's log: grep nginx-upstream /var/log/netdata/*.log"
  mkdir -p "$ROOT/run/systemd/system"
  installer
  says "see Netdata's log: journalctl --namespace=netdata --grep nginx-upstream"
  says_not restart
}
