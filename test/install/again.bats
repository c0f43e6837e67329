# The second run, upgrades, the dry run and the way back.

load trees.bash

@test "the second run changes nothing and says so" {
  make_tree native 2.10.4
  installer
  ok
  says_not 'Already up to date'
  before=$(tree)
  installer
  ok
  says 'Already up to date'
  same "$before" "$(tree)"
}

@test "uninstall gives the tree back byte by byte" {
  for layout in debian native static docker; do
    fresh_tree $layout 1.37.1
    before=$(tree)
    installer
    ok
    [ "$before" != "$(tree)" ]
    installer --uninstall
    ok
    same "$before" "$(tree)"
  done
}

@test "uninstall keeps what was there before the installation" {
  make_tree native 2.10.4
  mkdir -p "$ROOT$CONFIG/custom-plugins.d" "$ROOT$CONFIG/health.d"
  echo mine >"$ROOT$SETTINGS"
  echo mine >"$ROOT$CONFIG/custom-plugins.d/other.plugin"
  chmod 600 "$ROOT$SETTINGS"
  before=$(tree)
  installer
  ok
  installer --uninstall
  ok
  same "$before" "$(tree)"
}

@test "uninstall keeps a folder that got other files meanwhile" {
  make_tree native 2.10.4
  installer
  echo mine >"$ROOT$CONFIG/custom-plugins.d/other.plugin"
  installer --uninstall
  ok
  says "keep $CONFIG/custom-plugins.d, which holds other files"
  [ "$(cat "$ROOT$CONFIG/custom-plugins.d/other.plugin")" = mine ]
  [ ! -e "$ROOT/var/lib/nginx-upstream" ]
}

@test "uninstall keeps a configuration that was changed, and removes it with --yes" {
  make_tree native 2.10.4
  before=$(tree)
  installer
  echo 'max_peers: 20' >>"$ROOT$SETTINGS"
  installer --uninstall --dry-run
  ok
  installer --uninstall
  ok
  says "keep $SETTINGS, which was changed here; to remove it: rm $SETTINGS"
  [ -f "$ROOT$SETTINGS" ]
  [ ! -e "$ROOT$PLUGIN" ]
  rm "$ROOT$SETTINGS"
  same "$before" "$(tree)"
  installer
  echo 'max_peers: 20' >>"$ROOT$SETTINGS"
  installer --uninstall --yes
  ok
  same "$before" "$(tree)"
}

@test "uninstall without an installation, and twice" {
  make_tree native 2.10.4
  before=$(tree)
  installer --uninstall
  ok
  says 'Nothing to uninstall'
  same "$before" "$(tree)"
}

@test "uninstall works when Netdata and Node are gone" {
  make_tree native 2.10.4
  installer
  ok
  rm -r "$ROOT/usr" "$TOOLS/node"
  installer --uninstall
  ok
  [ ! -e "$ROOT$PLUGIN" ]
  [ ! -e "$ROOT/var/lib/nginx-upstream" ]
}

@test "uninstall removes what the plugin kept, in each layout and where netdata.conf says" {
  for layout in native static; do
    fresh_tree $layout 2.10.4
    lib=$([ $layout = static ] && echo /opt/netdata/var/lib/netdata || echo /srv/netdata)
    [ $layout = static ] || printf '[directories]\n lib = /srv/netdata\n' >>"$ROOT$CONFIG/netdata.conf"
    mkdir -p "$ROOT$lib"
    echo '{}' >"$ROOT$lib/registry.json"
    before=$(tree)
    installer
    echo '{}' >"$ROOT$lib/nginx-upstream.checkpoint.json"
    installer --uninstall --dry-run
    says "would remove $lib/nginx-upstream.checkpoint.json"
    installer --uninstall
    ok
    same "$before" "$(tree)"
  done
}

@test "uninstall after an installation that was interrupted" {
  make_tree native 2.10.4
  before=$(tree)
  mkdir -p "$ROOT$ALERTS" # where the alerts go stands a folder
  installer
  [ "$status" = 1 ]
  says "$ALERTS is a folder: move it away"
  rmdir "$ROOT$ALERTS" "$ROOT$CONFIG/health.d"
  installer --uninstall
  ok
  same "$before" "$(tree)"
}

@test "an upgrade replaces the plugin and keeps the configuration" {
  make_tree native 2.10.4
  installer
  echo 'max_peers: 20' >>"$ROOT$SETTINGS"
  settings=$(cat "$ROOT$SETTINGS")
  make_release 0.2.0
  echo '# a new option' >>"$RELEASE/docs/nginx-upstream.conf"
  echo '# a new alert' >>"$RELEASE/alerts/nginx_upstream.conf"
  installer
  ok
  says 'nginx-upstream 0.2.0 into Netdata'
  says "update $PLUGIN"
  says "update $ALERTS"
  grep -q 0.2.0 "$ROOT$PLUGIN"
  grep -q 'a new alert' "$ROOT$ALERTS"
  [ "$(cat "$ROOT$SETTINGS")" = "$settings" ]
}

@test "an alert file that was changed is kept, the new one put beside it" {
  make_tree native 2.10.4
  before=$(tree)
  installer
  echo '# my threshold' >>"$ROOT$ALERTS"
  echo '# a new alert' >>"$RELEASE/alerts/nginx_upstream.conf"
  installer
  ok
  says "keep $ALERTS, which was changed here; the one of this version is in $ALERTS.new"
  grep -q 'my threshold' "$ROOT$ALERTS"
  grep -q 'a new alert' "$ROOT$ALERTS.new"
  installer
  says 'Already up to date'
  cp "$ROOT$ALERTS.new" "$ROOT$ALERTS" # the user takes the new one
  installer
  ok
  [ ! -e "$ROOT$ALERTS.new" ]
  installer --uninstall
  ok
  same "$before" "$(tree)"
}

@test "an upgrade says what alerts that were renamed are called now" {
  make_tree native 2.10.4
  installer
  says_not 'is now'
  printf ' template: nginx_upstream_bad_gateway_unexplained\n     calc: 1\n' >>"$ROOT$ALERTS"
  installer
  ok
  says 'alert nginx_upstream_bad_gateway_unexplained is now nginx_upstream_failing_after_connect'
  cp "$ROOT$ALERTS.new" "$ROOT$ALERTS"
  installer
  says_not 'is now'
}

@test "a newer Netdata gets its form of the alerts" {
  make_tree debian 1.37.1
  installer
  grep -q 'peer $label:peer of' "$ROOT$ALERTS"
  make_tree debian 2.10.4
  installer
  ok
  says "update $ALERTS"
  grep -q 'peer ${label:peer} of' "$ROOT$ALERTS"
}

@test "mode and owner are fixed" {
  make_tree native 2.10.4
  installer
  before=$(tree)
  chmod 600 "$ROOT$PLUGIN"
  installer
  ok
  says "update $PLUGIN"
  same "$before" "$(tree)"
}

@test "a plugin copied by hand before is taken over" {
  make_tree native 2.10.4
  mkdir -p "$ROOT$CONFIG/custom-plugins.d"
  echo old >"$ROOT$PLUGIN"
  installer
  ok
  installer --uninstall
  ok
  [ ! -e "$ROOT$PLUGIN" ]
}

@test "the dry run prints every action and changes nothing" {
  make_tree native 2.10.4
  before=$(tree)
  installer --dry-run
  ok
  planned=$(printf '%s\n' "$output" | sed -n 's/^  would //p')
  same "$before" "$(tree)"
  says 'Dry run: nothing was changed.'
  installer
  done=$(printf '%s\n' "$output" | sed -n 's/^  \(create\|install\|add\|link\) /\1 /p')
  same "$planned" "$done"
  before=$(tree)
  installer --uninstall --dry-run
  ok
  says "would remove $PLUGIN"
  same "$before" "$(tree)"
}

@test "nothing is written outside the prefix, and no temporary file stays" {
  make_tree native 2.10.4
  TMPDIR=$BASE/tmp
  export TMPDIR
  mkdir "$TMPDIR"
  installer
  ok
  [ -z "$(ls -A "$TMPDIR")" ]
  [ -z "$(find "$ROOT" -name '*.new*')" ]
}
