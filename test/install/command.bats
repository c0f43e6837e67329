# The command nginx-upstream, and which Node runs it.

load trees.bash
setup() {
  new_base
  COMMAND=/usr/local/bin/nginx-upstream
}

# A release with a Node inside.
bundle_node() {
  make_node "$RELEASE/node" "$1"
  echo linux-x64 >"$RELEASE/node.txt"
}
NODE=custom-plugins.d/nginx-upstream.node

@test "the command is a link to the plugin, in every layout, and goes with it" {
  for layout in debian native static docker; do
    fresh_tree $layout 2.10.4
    before=$(tree)
    installer
    ok
    says "link $COMMAND to $PLUGIN"
    [ "$(readlink "$ROOT$COMMAND")" = "$PLUGIN" ]
    installer
    says 'Already up to date'
    installer --uninstall
    ok
    same "$before" "$(tree)"
  done
}

@test "where sudo does not look in /usr/local/bin, it is in /usr/bin" {
  make_tree native 2.10.4
  printf '# Defaults secure_path = /usr/local/bin\nDefaults    secure_path = /sbin:/bin:/usr/sbin:/usr/bin\n' >"$ROOT/etc/sudoers"
  installer
  ok
  [ "$(readlink "$ROOT/usr/bin/nginx-upstream")" = "$PLUGIN" ]
  [ ! -e "$ROOT$COMMAND" ]
  printf 'Defaults\tsecure_path="/usr/local/sbin:/usr/local/bin:/usr/bin"\n' >"$ROOT/etc/sudoers"
  installer --uninstall
  installer
  [ -L "$ROOT$COMMAND" ]
}

@test "what is not ours under that name stays, and the plugin is named instead" {
  for kind in file link; do
    fresh_tree native 2.10.4
    mkdir -p "$ROOT/usr/local/bin"
    if [ $kind = file ]; then echo mine >"$ROOT$COMMAND"; else ln -s /opt/mine "$ROOT$COMMAND"; fi
    before=$(tree)
    installer
    ok
    says "$COMMAND belongs to something else and is left alone"
    installer --uninstall
    ok
    same "$before" "$(tree)"
  done
}

@test "anybody may run it, and where a folder is closed to others that is said" {
  make_tree native 2.10.4
  installer
  ok
  [ "$(stat -c %a "$ROOT$PLUGIN")" = 755 ]
  says_not 'closed to others'
  chmod 750 "$ROOT$CONFIG"
  installer
  ok
  says 'only root and netdata can run nginx-upstream: /etc/netdata is closed to others'
}

@test "the machine's own Node comes before the release's" {
  make_tree native 2.10.4
  bundle_node v22.0.0
  installer
  ok
  says "run by $TOOLS/node (Node 18.19.0, this machine's)"
  [ ! -e "$ROOT$CONFIG/$NODE" ]
}

@test "where there is no Node, or one too old, the release's is installed beside the plugin, in every layout" {
  for case in debian:none native:none native:v16.20.0 static:none docker:none; do
    own=${case#*:}
    rm -rf "$ROOT" "$TOOLS/node"
    mkdir "$ROOT"
    [ $own = none ] || make_node "$TOOLS/node" $own
    make_tree "${case%:*}" 2.10.4
    bundle_node v22.0.0
    before=$(tree)
    installer
    ok
    says "run by $CONFIG/$NODE (Node 22.0.0, the release's own)"
    cmp "$RELEASE/node" "$ROOT$CONFIG/$NODE"
    [ "$(stat -c %a "$ROOT$CONFIG/$NODE")" = 755 ]
    [ "$(head -n 1 "$ROOT$PLUGIN")" = "#!$CONFIG/$NODE" ]
    installer
    says 'Already up to date'
    installer --uninstall
    ok
    same "$before" "$(tree)"
  done
}

@test "--bundled-node takes the release's although there is another, and without the option it goes again" {
  make_tree native 2.10.4
  bundle_node v22.0.0
  installer --bundled-node
  ok
  [ "$(head -n 1 "$ROOT$PLUGIN")" = "#!$CONFIG/$NODE" ]
  installer
  ok
  says "remove $CONFIG/$NODE, as $TOOLS/node is used"
  [ "$(head -n 1 "$ROOT$PLUGIN")" = "#!$TOOLS/node" ]
  [ ! -e "$ROOT$CONFIG/$NODE" ]
}

@test "--bundled-node of a release without one" {
  make_tree native 2.10.4
  before=$(tree)
  installer --bundled-node
  refused 'this release has no Node inside'
  same "$before" "$(tree)"
}

@test "an upgrade by a release without a Node keeps the installed one" {
  make_tree native 2.10.4
  rm "$TOOLS/node"
  bundle_node v22.0.0
  installer
  rm -r "$RELEASE"
  make_release 0.2.0
  installer
  ok
  says "update $PLUGIN"
  [ "$(head -n 1 "$ROOT$PLUGIN")" = "#!$CONFIG/$NODE" ]
}

@test "a bundled Node for another machine or C library says so and changes nothing" {
  make_tree native 2.10.4
  rm "$TOOLS/node"
  bundle_node v22.0.0
  printf '#!/bin/sh\nexit 127\n' >"$RELEASE/node"
  before=$(tree)
  installer
  refused 'the Node in this release does not run here'
  says 'it is for linux-x64'
  same "$before" "$(tree)"
}

@test "a bundled Node that may not be executed (a lost mode, or /tmp mounted noexec) is not called another machine's" {
  make_tree native 2.10.4
  rm "$TOOLS/node"
  bundle_node v22.0.0
  before=$(tree)
  chmod 644 "$RELEASE/node"
  installer
  refused "$RELEASE/node may not be executed"
  says 'mounted noexec. Unpack the release in another folder'
  run sh "$RELEASE/install.sh" --demo
  refused "$RELEASE/node may not be executed"
  chmod 755 "$RELEASE/node"
  if [ "$(id -u)" = 0 ]; then # mounting is root's
    PATH=$MACHINE_PATH run unshare --mount sh -c \
      'mount --bind "$1" "$1" && mount -o remount,bind,noexec "$1" && PATH=$2 && exec sh "$1/install.sh" --prefix "$3"' \
      sh "$RELEASE" "$PATH" "$ROOT"
    refused "$RELEASE/node may not be executed"
  fi
  same "$before" "$(tree)"
}

@test "where the folder of commands is read-only, the plugin is installed all the same and named instead" {
  if [ "$(id -u)" != 0 ]; then return 0; fi # mounting is root's
  make_tree native 2.10.4
  mkdir -p "$ROOT/usr/local/bin"
  PATH=$MACHINE_PATH run unshare --mount sh -c \
    'mount --bind "$1/usr" "$1/usr" && mount -o remount,bind,ro "$1/usr" && PATH=$2 && exec sh "$3" --prefix "$1"' \
    sh "$ROOT" "$PATH" "$RELEASE/install.sh"
  ok
  says "warning: /usr/local/bin cannot be written to: where a text says nginx-upstream, type $PLUGIN"
  [ -f "$ROOT$PLUGIN" ]
}

@test "install.sh is found through a link" {
  make_tree native 2.10.4
  ln -s "$RELEASE/install.sh" "$BASE/link.sh"
  run sh "$BASE/link.sh" --prefix "$ROOT"
  ok
}
