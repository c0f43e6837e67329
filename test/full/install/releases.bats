# The three tarballs that npm run release makes (RELEASES is their folder), in each layout of Netdata, on machines with
# and without their own Node. The Node inside is the real one: it starts the plugin where it was installed.

setup() {
  MACHINE_PATH=$PATH
  load ../../install/trees.bash
  new_base
  NODE=custom-plugins.d/nginx-upstream.node
  rm "$TOOLS/node"
}
teardown() {
  PATH=$MACHINE_PATH
  remove_base
}

tarball() { ls "$RELEASES" | grep -x "nginx-upstream-[0-9.]*$1\\.tar\\.gz"; }
# unpack KIND: '', -linux-x64 or -linux-arm64
unpack() {
  rm -rf "$RELEASE"
  mkdir "$RELEASE"
  PATH=$MACHINE_PATH tar -xzf "$RELEASES/$(tarball "$1")" -C "$RELEASE" --strip-components=1
}
own_node() { ln -sf "$(PATH=$MACHINE_PATH command -v node)" "$TOOLS/node"; }
# each_layout COMMAND...: in a new tree of each
each_layout() {
  for layout in debian:1.37.1 native:2.10.4 static:2.10.4 docker:2.10.4; do
    echo "# $layout" >&2
    rm -rf "$ROOT"
    mkdir "$ROOT"
    make_tree "${layout%:*}" "${layout#*:}"
    before=$(tree)
    "$@"
    same "$before" "$(tree)"
  done
}
# The processor that a program is for, from its ELF header: 3e is x86-64, b7 is arm64.
processor() { PATH=$MACHINE_PATH od -An -tx1 -j18 -N1 "$1" | tr -d ' '; }

installs_with_bundled_node() {
  installer
  ok
  says "run by $CONFIG/$NODE (Node 24."
  says "the release's own"
  cmp "$RELEASE/node" "$ROOT$CONFIG/$NODE"
  [ "$(head -n 1 "$ROOT$PLUGIN")" = "#!$CONFIG/$NODE" ]
  [ "$("$ROOT$CONFIG/$NODE" "$ROOT$PLUGIN" --version)" = "$(tail -n 1 "$BASE/version")" ]
  "$ROOT$CONFIG/$NODE" "$ROOT$PLUGIN" parse error </dev/null
  installer
  says 'Already up to date'
  installer --uninstall
  ok
}
installs_with_own_node() {
  installer
  ok
  says "run by $TOOLS/node"
  says "this machine's"
  [ ! -e "$ROOT$CONFIG/$NODE" ]
  [ "$("$ROOT$PLUGIN" --version)" = "$(tail -n 1 "$BASE/version")" ]
  installer --uninstall
  ok
}
refuses() { # refuses WORDS
  installer
  refused "$1"
}
note_version() { PATH=$MACHINE_PATH node "$RELEASE/nginx-upstream.plugin" --version >"$BASE/version"; }

@test "every tarball is what its sha256 says, and they differ in the Node alone" {
  cd "$RELEASES"
  [ "$(ls ./*.tar.gz | PATH=$MACHINE_PATH wc -l)" = 3 ]
  PATH=$MACHINE_PATH sha256sum --quiet -c ./*.sha256
  unpack ''
  mv "$RELEASE" "$BASE/plain"
  for kind in -linux-x64 -linux-arm64; do
    unpack $kind
    [ "$(diff -rq "$BASE/plain" "$RELEASE" | sed "s|$BASE/||g" | sort)" = "$(printf '%s\n' \
      'Files plain/LICENSES-bundled and release/LICENSES-bundled differ' \
      'Files plain/sbom.cdx.json and release/sbom.cdx.json differ' 'Only in release: node' 'Only in release: node.txt')" ]
    [ "$(stat -c %a "$RELEASE/node")" = 755 ]
  done
}

@test "linux-x64 where there is no Node: the release's own runs the plugin, in every layout" {
  [ "$(uname -m)" = x86_64 ]
  unpack -linux-x64
  [ "$(processor "$RELEASE/node")" = 3e ]
  note_version
  each_layout installs_with_bundled_node
}

@test "linux-x64 where there is a Node: that one runs the plugin, in every layout" {
  unpack -linux-x64
  note_version
  own_node
  each_layout installs_with_own_node
}

@test "linux-arm64: its Node is for arm64, and install.sh says so on another machine, in every layout" {
  unpack -linux-arm64
  [ "$(processor "$RELEASE/node")" = b7 ]
  each_layout refuses 'it is for linux-arm64 (glibc 2.28 or newer), Node 24.'
  note_version
  own_node
  each_layout installs_with_own_node
}

@test "plain: the machine's Node, or no installation, in every layout" {
  unpack ''
  note_version
  each_layout refuses 'no Node found: install Node 18.19 or newer'
  own_node
  each_layout installs_with_own_node
}

@test "linux-x64 over plain and back: the Node comes and goes, the settings stay" {
  make_tree static 2.10.4
  own_node
  unpack ''
  installer
  echo 'max_peers: 20' >>"$ROOT$SETTINGS"
  settings=$(cat "$ROOT$SETTINGS")
  rm "$TOOLS/node"
  unpack -linux-x64
  installer
  ok
  says "install $CONFIG/$NODE"
  says "update $PLUGIN"
  unpack ''
  installer
  ok
  says 'Already up to date'
  own_node
  installer
  ok
  says "remove $CONFIG/$NODE"
  [ "$(cat "$ROOT$SETTINGS")" = "$settings" ]
}
