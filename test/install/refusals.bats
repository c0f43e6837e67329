# What install.sh refuses: one line, what is wrong and what to do; nothing is changed.

load trees.bash

unchanged() { same "$before" "$(tree)"; }

@test "no Netdata" {
  before=$(tree)
  installer
  refused 'no Netdata found'
  says 'get.netdata.cloud/kickstart.sh'
  unchanged
}

@test "no Netdata: a package is named where the distribution has one" {
  for system in 'debian 12:apt-get install netdata' 'debian 13:with Netdata' 'ubuntu 24.04:apt-get install netdata' \
    'fedora 43:with Netdata' 'alpine 3.22:with Netdata'; do
    mkdir -p "$ROOT/etc"
    printf 'ID=%s\nVERSION_ID="%s"\n' "${system%% *}" "$(echo "${system#* }" | cut -d: -f1)" >"$ROOT/etc/os-release"
    installer
    refused "${system#*:}"
  done
}

@test "a tool that a minimal system lacks: nothing is half installed" {
  make_tree native 2.10.4
  before=$(tree)
  for tool in cksum stat timeout; do
    mv "$TOOLS/$tool" "$BASE/away"
    installer
    mv "$BASE/away" "$TOOLS/$tool"
    refused "no $tool here: install it"
  done
  rm "$TOOLS/cksum" "$TOOLS/cmp"
  PATH=$TOOLS run sh "$RELEASE/install.sh" --prefix "$ROOT"
  [ "${lines[-1]}" = 'install.sh: error: 2 requirements are missing, see above: run install.sh again when they are installed' ]
  ln -s /usr/bin/cksum "$TOOLS/cksum"
  ln -s /usr/bin/cmp "$TOOLS/cmp"
  unchanged
}

@test "neither Netdata nor Node: both are reported at once" {
  rm "$TOOLS/node"
  before=$(tree)
  installer
  [ "$status" = 1 ]
  says 'install.sh: missing: no Netdata found'
  says 'install.sh: missing: no Node found'
  [ "${lines[-1]}" = 'install.sh: error: 2 requirements are missing, see above: run install.sh again when they are installed' ]
  unchanged
}

@test "a place for temporary files that is none, and a tree that cannot be written: one line each" {
  make_tree native 2.10.4
  TMPDIR=$BASE/none run sh "$RELEASE/install.sh" --prefix "$ROOT"
  refused 'cannot make a folder in'
  rm "$TOOLS/mkdir" # a link to the machine's own
  printf '#!/bin/sh\necho "mkdir: Read-only file system" >&2\nexit 1\n' >"$TOOLS/mkdir"
  chmod 755 "$TOOLS/mkdir"
  installer
  [ "$status" = 1 ]
  [ "${lines[-1]}" = 'install.sh: error: could not create /var/lib: mkdir: Read-only file system' ]
}

@test "a temporary folder that is full, or nearly so: one line, and not half a plugin is installed" {
  make_tree native 2.10.4
  if [ "$(id -u)" != 0 ]; then return 0; fi # a full file system can be made by root only
  mkdir "$BASE/full"
  before=$(tree)
  for size in 4k 8k 16k 64k 512k 2m; do
    PATH=$MACHINE_PATH run unshare --mount sh -c \
      'mount -t tmpfs -o "size=$5" tmpfs "$1" && PATH=$2 TMPDIR=$1 exec sh "$3" --prefix "$4"' \
      sh "$BASE/full" "$PATH" "$RELEASE/install.sh" "$ROOT" $size
    refused "$BASE/full is full: 4 MB are needed there for a moment"
    unchanged
  done
}

@test "a chroot without devices, or with a file in their place: said, and no file is made in /dev" {
  make_tree native 2.10.4
  if [ "$(id -u)" != 0 ]; then return 0; fi # an empty /dev can be made by root only
  before=$(tree)
  for make in : 'touch /dev/null' 'mknod /dev/null c 1 3 && chmod 0 /dev/null'; do
    # Of a device that may not be opened root hears nothing: the user that it is closed for does.
    local as='env'
    case $make in mknod*) as='setpriv --reuid=65534 --regid=65534 --clear-groups' ;; esac
    PATH=$MACHINE_PATH run unshare --mount sh -c \
      'mount -t tmpfs -o mode=755 tmpfs /dev && eval "$1" && before=$(ls -l /dev) || exit 9
      PATH=$2 $5 sh "$3" --prefix "$4"
      code=$?
      [ "$before" = "$(ls -l /dev)" ] || echo "/dev was changed"
      exit $code' \
      sh "$make" "$PATH" "$RELEASE/install.sh" "$ROOT" "$as"
    refused '/dev/null cannot be used here'
    unchanged
  done
}

@test "streams that are closed, as cron and daemons leave them, are no files that others write to" {
  make_tree native 2.10.4
  run sh -c 'exec sh "$0" --prefix "$1" <&-' "$RELEASE/install.sh" "$ROOT"
  ok
  run sh -c 'exec sh "$0" --prefix "$1" --uninstall >&-' "$RELEASE/install.sh" "$ROOT"
  ok
  [ -z "$output" ]
  run sh -c 'exec sh "$0" --prefix "$1" <&- >&- 2>&-' "$RELEASE/install.sh" "$ROOT"
  ok
  [ -f "$ROOT/etc/netdata/custom-plugins.d/nginx-upstream.plugin" ]
  run sh -c 'exec sh "$0" --prefix /nowhere/at/all 2>&-' "$RELEASE/install.sh"
  [ "$status" = 2 ]
  [ -z "$output" ]
}

@test "nobody reads what it says any more: it ends, and leaves no temporary folder" {
  make_tree native 2.10.4
  mkdir "$BASE/tmp"
  PATH=$MACHINE_PATH mkfifo "$BASE/pipe"
  # A pipe without a reader.
  TMPDIR=$BASE/tmp run bash -c 'exec 3<>"$1/pipe" 4>"$1/pipe" 3>&-; exec sh "$0" --prefix "$2" >&4' "$RELEASE/install.sh" "$BASE" "$ROOT"
  [ "$status" = 141 ]
  [ -z "$(ls -A "$BASE/tmp")" ]
  installer
  ok
}

@test "no node" {
  make_tree native 2.10.4
  rm "$TOOLS/node"
  before=$(tree)
  installer
  refused 'no Node found: install Node 18.19 or newer'
  unchanged
}

@test "an old node" {
  make_tree native 2.10.4
  for version in v16.20.2 v18.18.2 v8.19.0; do
    make_node "$TOOLS/node" $version
    before=$(tree)
    installer
    refused "$TOOLS/node is Node ${version#v}: install Node 18.19 or newer"
    unchanged
  done
}

@test "newer nodes are new enough" {
  make_tree native 2.10.4
  for version in v18.19.0 v18.20.4 v20.0.0 v100.1.0; do
    make_node "$TOOLS/node" $version
    installer
    ok
  done
}

@test "a node that does not run" {
  make_tree native 2.10.4
  printf '#!/bin/sh\nexit 127\n' >"$TOOLS/node"
  installer
  refused "$TOOLS/node does not run"
}

@test "a node in a home folder, which the netdata user cannot reach" {
  make_tree native 2.10.4
  make_node "$BASE/home/.nvm/versions/node/v22.0.0/bin/node" v22.0.0
  chmod 700 "$BASE/home"
  rm "$TOOLS/node"
  before=$(tree)
  PATH=$BASE/home/.nvm/versions/node/v22.0.0/bin:$PATH
  installer
  refused "the user netdata cannot run $BASE/home/.nvm/versions/node/v22.0.0/bin/node"
  unchanged
}

@test "the same with a real node, which root would reach for it" {
  make_tree native 2.10.4
  mkdir -p "$BASE/home/bin"
  ln -s "$(PATH=$MACHINE_PATH command -v node)" "$BASE/home/bin/node"
  chmod 700 "$BASE/home"
  rm "$TOOLS/node"
  PATH=$BASE/home/bin:$PATH
  installer
  refused "the user netdata cannot run $BASE/home/bin/node"
}

@test "a link to a node out of reach is out of reach" {
  make_tree native 2.10.4
  make_node "$BASE/home/bin/node" v22.0.0
  chmod 700 "$BASE/home"
  ln -sf "$BASE/home/bin/node" "$TOOLS/node"
  installer
  refused "the user netdata cannot run $TOOLS/node"
}

@test "beside a node out of reach, another that will do is taken and both are named" {
  make_tree native 2.10.4
  make_node "$BASE/home/bin/node" v22.0.0
  make_node "$ROOT/usr/bin/node" v18.19.0
  chmod 700 "$BASE/home"
  rm "$TOOLS/node"
  PATH=$BASE/home/bin:$PATH
  installer
  ok
  says "not used: the user netdata cannot run $BASE/home/bin/node"
  says "run by $ROOT/usr/bin/node (Node 18.19.0, this machine's)"
}

@test "the same, found out by walking the modes (not root)" {
  make_tree native 2.10.4
  make_node "$BASE/home/bin/node" v22.0.0
  rm "$TOOLS/node"
  chmod 711 "$BASE/home"
  chmod 700 "$BASE/home/bin"
  PATH=$BASE/home/bin:$PATH
  as_nobody
  refused "the user netdata cannot run $BASE/home/bin/node"
  chmod 755 "$BASE/home/bin"
  as_nobody
  ok
}

# The installer as a user without rights, who owns the tree.
as_nobody() {
  if [ "$(id -u)" != 0 ]; then
    installer
    return
  fi
  chown -R 65534:65534 "$ROOT" "$BASE/home"
  run setpriv --reuid 65534 --regid 65534 --clear-groups -- sh "$RELEASE/install.sh" --prefix "$ROOT"
}

@test "a node whose path has a space" {
  make_tree native 2.10.4
  make_node "$BASE/my node/node" v22.0.0
  rm "$TOOLS/node"
  PATH="$BASE/my node:$PATH"
  installer
  refused 'has a space in its path'
}

@test "not root" {
  before=$(tree)
  if [ "$(id -u)" = 0 ]; then
    run setpriv --reuid 65534 --regid 65534 --clear-groups -- sh "$RELEASE/install.sh"
  else
    run sh "$RELEASE/install.sh"
  fi
  refused 'this must run as root: sudo'
  unchanged
}

@test "no such user" {
  make_tree native 2.10.4
  printf 'root:x:0:0::/root:/bin/sh\n' >"$ROOT/etc/passwd"
  before=$(tree)
  installer
  refused 'the user netdata, which Netdata runs as, does not exist'
  unchanged
}

@test "a release with files missing or broken" {
  make_tree native 2.10.4
  before=$(tree)
  for file in nginx-upstream.plugin alerts/nginx_upstream.conf alerts/adapt.awk docs/nginx-upstream.conf; do
    mv "$RELEASE/$file" "$RELEASE/away"
    installer
    refused 'is missing in'
    says "${file##*/}"
    touch "$RELEASE/$file"
    installer
    refused 'is missing in'
    mv "$RELEASE/away" "$RELEASE/$file"
  done
  echo 'nothing' >"$RELEASE/alerts/nginx_upstream.conf"
  installer
  refused 'holds no alert'
  make_release 0.1.0
  printf 'var x = 1\n' >"$RELEASE/nginx-upstream.plugin"
  installer
  refused 'is broken (no #! in its first line)'
  printf '#!/usr/bin/env node\nif then\n' >"$RELEASE/nginx-upstream.plugin"
  installer
  refused 'is broken ('
  unchanged
}

@test "a folder where a file must go" {
  make_tree native 2.10.4
  mkdir -p "$ROOT$PLUGIN"
  installer
  [ "$status" = 1 ]
  says "$PLUGIN is a folder: move it away"
  rmdir "$ROOT$PLUGIN"
  mkdir "$ROOT$SETTINGS"
  installer
  [ "$status" = 1 ]
  says "$SETTINGS is not a file: move it away"
}

@test "a file where a folder must be" {
  make_tree native 2.10.4
  touch "$ROOT$CONFIG/custom-plugins.d"
  installer
  [ "$status" = 1 ]
  says "$CONFIG/custom-plugins.d is not a folder: move it away"
}

@test "usage errors and help" {
  for options in '--demo --uninstall' '--uninstall --demo' '--uninstall --bundled-node' '--demo --bundled-node' '--demo --dry-run'; do
    # shellcheck disable=SC2086 # two options
    run sh "$RELEASE/install.sh" $options
    [ "$status" = 2 ]
    [ "${#lines[@]}" = 1 ]
  done
  for option in --unknown --prefix --prefix=/nowhere/at/all extra; do
    run sh "$RELEASE/install.sh" $option
    [ "$status" = 2 ]
    [ "${#lines[@]}" = 1 ]
    says 'see install.sh --help'
  done
  for seconds in soon '' 0 9 86401 999999999999999999999 -5 1e3 '60 ' 010; do
    run sh "$RELEASE/install.sh" --demo --seconds "$seconds"
    [ "$status" = 2 ]
    [ "$output" = "install.sh: error: --seconds takes an integer from 10 to 86400, not '$seconds'; see install.sh --help" ]
  done
  run sh "$RELEASE/install.sh" --help
  ok
  for line in "${lines[@]}"; do [ "${#line}" -le 80 ]; done
  for word in --dry-run --uninstall --yes --prefix --bundled-node docker 'is restarted' 'Exit status'; do says "$word"; done
}

# Programs of another user's, as in a PATH that su leaves: each notes that it was run, and by whom.
plant() { # plant FOLDER OWNER NAME...
  local folder=$1 owner=$2 name
  shift 2
  mkdir -p "$folder"
  for name; do
    printf '#!/bin/sh\n/usr/bin/id -u >>%s/ran\necho v22.0.0\n' "$BASE" >"$folder/$name"
    chmod 755 "$folder/$name"
    chown -h "$owner" "$folder/$name"
  done
  chown "$owner" "$folder"
}
never_run() { [ ! -e "$BASE/ran" ] || { echo "run by user $(cat "$BASE/ran")" >&2; return 1; }; }

@test "root runs no program from a folder of another user's in PATH, and keeps nothing in such a TMPDIR" {
  if [ "$(id -u)" != 0 ]; then return 0; fi # there is nobody to protect
  make_tree native 2.10.4
  plant "$BASE/evil/bin" 65534 node nodejs npm id awk stat readlink getent setpriv mktemp sed runuser cat
  mkdir "$BASE/evil/tmp"
  chown 65534 "$BASE/evil/tmp"
  for mode in --dry-run --yes --uninstall; do
    PATH=$BASE/evil/bin:$PATH TMPDIR=$BASE/evil/tmp installer $mode
    ok
    never_run
    [ -z "$(ls -A "$BASE/evil/tmp")" ]
  done
}

@test "root uses no folder of PATH and no TMPDIR below one that all can write, sticky or not" {
  if [ "$(id -u)" != 0 ]; then return 0; fi
  make_tree native 2.10.4
  mkdir "$BASE/sticky" "$BASE/real" "$BASE/other"
  plant "$BASE/real" 0 node awk sed env
  plant "$BASE/sticky" 0 awk sed env
  chmod 1777 "$BASE/sticky" "$BASE/other"
  ln -s "$BASE/real" "$BASE/other/link" # of root's folder, but the link can be exchanged
  chown -h 65534 "$BASE/other/link"
  ln -s "$BASE/other/soon" "$BASE/soon"
  for folder in "$BASE/sticky" "$BASE/other/link" "$BASE/other/missing"; do
    PATH=$folder:$PATH installer --dry-run
    ok
    never_run
  done
  # Reported where nobody else can make it; else the system's own /tmp is used.
  for folder in other/missing other/link soon; do
    TMPDIR=$BASE/$folder installer --dry-run
    ok
  done
  [ -z "$(find "$BASE/real" -name 'tmp.*')" ]
  TMPDIR=$BASE/other installer --dry-run # as /tmp is
  ok
}

@test "a PATH that others can change in every folder: root's programs are the system's" {
  if [ "$(id -u)" != 0 ]; then return 0; fi
  make_tree native 2.10.4
  plant "$BASE/theirs" 65534 awk sed find grep node
  run env "PATH=$BASE/theirs" /bin/sh "$RELEASE/install.sh" --prefix "$ROOT" --dry-run
  says_not 'no awk here'
  says_not 'not found'
  never_run
}

@test "what the caller's environment gives programs to load is not taken by root" {
  if [ "$(id -u)" != 0 ]; then return 0; fi
  make_tree native 2.10.4
  printf '#!/bin/sh\nenv >>%s/seen\necho v18.19.0\n' "$BASE" >"$TOOLS/node"
  run env NODE_OPTIONS=--require=/x NODE_PATH=/x NODE_EXTRA_CA_CERTS=/x NODE_REPL_HISTORY=/x LD_LIBRARY_PATH=/x \
    LD_PRELOAD= BASH_ENV=/x ENV=/x OTHER=/x sh "$RELEASE/install.sh" --prefix "$ROOT"
  ok
  grep -qx OTHER=/x "$BASE/seen"
  ! grep -E '^(NODE_|LD_|BASH_ENV|ENV)' "$BASE/seen" || return 1
}

@test "behind a proxy that inspects TLS root's own certificates are kept for npm, others' are not" {
  if [ "$(id -u)" != 0 ]; then return 0; fi
  make_tree native 2.10.4
  printf '#!/bin/sh\nenv >>%s/seen\necho v18.19.0\n' "$BASE" >"$TOOLS/node"
  run env NODE_EXTRA_CA_CERTS=/etc/passwd sh "$RELEASE/install.sh" --prefix "$ROOT"
  ok
  grep -qx NODE_EXTRA_CA_CERTS=/etc/passwd "$BASE/seen"
  rm "$BASE/seen"
  echo x >"$BASE/theirs.pem"
  chown 65534 "$BASE/theirs.pem"
  run env "NODE_EXTRA_CA_CERTS=$BASE/theirs.pem" sh "$RELEASE/install.sh" --prefix "$ROOT"
  ok
  ! grep NODE_EXTRA "$BASE/seen" || return 1
}

@test "nothing is written through a link that waits under the name of a file in the making" {
  make_tree native 2.10.4
  mkdir -p "$ROOT$CONFIG/custom-plugins.d"
  echo kept >"$BASE/victim"
  for target in "$BASE/victim" "$BASE/none" /dev/null ''; do
    run sh -c 'new=$1.new.$$; if [ -n "$4" ]; then ln -s "$4" "$new"; else echo theirs >"$new"; fi
      exec sh "$2" --prefix "$3"' sh "$ROOT$PLUGIN" "$RELEASE/install.sh" "$ROOT" "$target"
    [ "$status" = 1 ]
    says 'exists already: remove it'
    [ "$(cat "$BASE/victim")" = kept ]
    [ ! -e "$BASE/none" ]
    [ ! -e "$ROOT$PLUGIN" ]
    rm "$ROOT$PLUGIN".new.*
  done
}

@test "a node that others than root can change is named and not run" {
  if [ "$(id -u)" != 0 ]; then return 0; fi
  make_tree native 2.10.4
  rm "$TOOLS/node"
  plant "$BASE/theirs" 65534 node
  mkdir "$BASE/a" "$BASE/b" "$BASE/c" "$BASE/d" "$BASE/open"
  ln -s "$BASE/theirs/node" "$BASE/a/node" # a link to it in a folder of root's
  plant "$BASE/b" 0 node
  chown 65534 "$BASE/b/node"
  plant "$BASE/c" 0 node
  chmod 775 "$BASE/c/node"
  plant "$BASE/d" 0 node
  chmod 757 "$BASE/d"
  plant "$BASE/open/bin" 0 node
  chmod 777 "$BASE/open"
  for folder in theirs a b c d open/bin; do
    PATH=$BASE/$folder:$PATH installer
    refused "others than root can change $BASE/$folder/node or a folder above it, so root does not run it"
    never_run
  done
}
