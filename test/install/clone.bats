# From a clone: built first, with npm and a newer Node; once.

load trees.bash

# A clone with a stand-in for npm, which notes how it was called.
make_clone() {
  mv "$RELEASE/nginx-upstream.plugin" "$BASE/built"
  mkdir "$RELEASE/collector" "$RELEASE/charts"
  touch "$RELEASE/package.json" "$RELEASE/package-lock.json" "$RELEASE/build.js" "$RELEASE/collector/main.ts"
  make_node "$TOOLS/node" v20.19.0
  printf '#!/bin/sh\necho "$*" >>"%s/npm.log"\n[ "$1" != run ] || { mkdir -p dist && cp "%s/built" dist/nginx-upstream.plugin; }\n' \
    "$BASE" "$BASE" >"$TOOLS/npm"
  chmod 755 "$TOOLS/npm"
}

@test "a clone is built, then installed" {
  make_clone
  make_tree native 2.10.4
  installer
  ok
  says "build in $RELEASE: npm ci && npm run build"
  [ "$(cat "$BASE/npm.log")" = "$(printf 'ci --no-progress\nrun build')" ]
  [ -x "$ROOT$PLUGIN" ]
}

@test "the second run builds nothing; a changed source is built" {
  make_clone
  make_tree native 2.10.4
  installer
  rm "$BASE/npm.log"
  installer
  ok
  says 'Already up to date'
  [ ! -e "$BASE/npm.log" ]
  touch -d '+1 minute' "$RELEASE/collector/main.ts"
  installer
  ok
  [ -e "$BASE/npm.log" ]
}

@test "the dry run does not build" {
  make_clone
  make_tree native 2.10.4
  before=$(tree)
  installer --dry-run
  ok
  says 'would build in'
  says "would install $PLUGIN"
  [ ! -e "$BASE/npm.log" ]
  [ ! -e "$RELEASE/dist" ]
  same "$before" "$(tree)"
}

@test "building needs Node 18.19 and npm; both are reported at once, and that a release needs no npm" {
  make_clone
  make_tree native 2.10.4
  make_node "$TOOLS/node" v18.19.0
  mv "$TOOLS/npm" "$BASE/npm"
  installer
  refused 'building it needs npm'
  says 'or use a release, which needs none'
  rm "$TOOLS/node"
  installer
  [ "$status" = 1 ]
  says 'missing: no Node found'
  says 'missing: this is a clone, and building it needs Node 18.19 or newer (here: none)'
  says 'missing: this is a clone, and building it needs npm'
  [ "${lines[-1]}" = 'install.sh: error: 3 requirements are missing, see above: run install.sh again when they are installed' ]
  make_node "$TOOLS/node" v18.19.0
  mv "$BASE/npm" "$TOOLS/npm"
  installer
  ok
}

@test "a build that fails shows why" {
  make_clone
  make_tree native 2.10.4
  printf '#!/bin/sh\necho the reason\nexit 1\n' >"$TOOLS/npm"
  before=$(tree)
  installer
  [ "$status" = 1 ]
  says 'the reason'
  says 'could not build in'
  same "$before" "$(tree)"
}

@test "a release needs no npm" {
  make_tree native 2.10.4
  [ ! -e "$TOOLS/npm" ]
  installer
  ok
}

@test "the build runs as the owner of the clone, so that no file of root stays in it" {
  make_clone
  make_tree native 2.10.4
  if [ "$(id -u)" = 0 ]; then chown -R 65534:65534 "$RELEASE"; fi
  printf '#!/bin/sh\n[ "$1" != run ] || { mkdir dist && cp "%s/built" dist/nginx-upstream.plugin; }\n' "$BASE" >"$TOOLS/npm"
  installer
  ok
  [ -z "$(find "$RELEASE" ! -uid "$(stat -c %u "$RELEASE")")" ]
}
