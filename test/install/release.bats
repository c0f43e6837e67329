# The tarball that npm run release makes (RELEASE_TARBALL), installed where there is neither npm nor a network: with the
# machine's own Node, as the plugin in it is the real one.

load trees.bash
setup() {
  new_base
  ln -sf "$(PATH=$MACHINE_PATH command -v node)" "$TOOLS/node"
  unpack "$RELEASE_TARBALL"
}

unpack() {
  rm -rf "$RELEASE"
  mkdir "$RELEASE"
  PATH=$MACHINE_PATH tar -xzf "$1" -C "$RELEASE" --strip-components=1
}

@test "the tarball is what its sha256 says" {
  (cd "$(dirname "$RELEASE_TARBALL")" && PATH=$MACHINE_PATH sha256sum --quiet -c "${RELEASE_TARBALL##*/}.sha256")
}

@test "its bill of materials names what is bundled, in the versions of the lock file, and this very plugin" {
  PATH=$MACHINE_PATH node -e '
    const [release, repository] = process.argv.slice(1);
    const assert = require("node:assert");
    const read = (path) => JSON.parse(require("node:fs").readFileSync(path, "utf8"));
    const { dependencies } = read(`${repository}/package.json`);
    const { packages } = read(`${repository}/package-lock.json`);
    const { metadata, components } = read(`${release}/sbom.cdx.json`);
    const names = Object.keys(dependencies);
    assert.deepStrictEqual(components.map(({ purl }) => purl), names.map((name) => `pkg:npm/${name}@${dependencies[name]}`));
    for (const { name, licenses } of components) assert.equal(licenses[0].license.id, packages[`node_modules/${name}`].license);
    const plugin = require("node:fs").readFileSync(`${release}/nginx-upstream.plugin`);
    const sum = require("node:crypto").createHash("sha256").update(plugin).digest("hex");
    assert.equal(metadata.component.hashes[0].content, sum);
  ' "$RELEASE" "$REPOSITORY"
}

@test "it installs into every layout without npm, and uninstalls without a trace" {
  for layout in debian native static docker; do
    fresh_tree $layout 1.37.1
    before=$(tree)
    ! command -v npm
    installer
    ok
    says_not 'build in'
    [ "$("$ROOT$PLUGIN" --version)" = "$("$TOOLS/node" "$RELEASE/nginx-upstream.plugin" --version)" ]
    for file in "$RELEASE"/alerts/*.conf; do grep -q '^ *template:' "$ROOT$CONFIG/health.d/${file##*/}"; done
    installer
    ok
    says 'Already up to date'
    installer --uninstall
    ok
    same "$before" "$(tree)"
  done
}

@test "an upgrade from the version before keeps the user's configuration" {
  make_tree native 2.10.4
  mv "$RELEASE" "$BASE/new"
  make_release 0.0.9
  printf '#!/usr/bin/env node\nconsole.log("nginx-upstream 0.0.9")\n' >"$RELEASE/nginx-upstream.plugin"
  installer
  ok
  echo 'max_peers: 20' >>"$ROOT$SETTINGS"
  settings=$(cat "$ROOT$SETTINGS")
  rm -r "$RELEASE"
  mv "$BASE/new" "$RELEASE"
  installer
  ok
  says "update $PLUGIN"
  [ "$(cat "$ROOT$SETTINGS")" = "$settings" ]
  "$ROOT$PLUGIN" --version
}

@test "it holds nothing that names the machine it was made on" {
  ! PATH=$MACHINE_PATH grep -rlF "$(cd "$REPOSITORY" && pwd -P)" "$RELEASE"
}

@test "its demo says what is wrong with its options, and leaves nothing" {
  run sh "$RELEASE/install.sh" --demo --seconds soon
  [ "$status" = 2 ]
  says '--seconds takes an integer'
  run sh "$RELEASE/install.sh" --seconds 20
  [ "$status" = 2 ]
  says '--seconds is for --demo'
  rm "$TOOLS/node"
  run sh "$RELEASE/install.sh" --demo
  [ "$status" = 1 ]
  says 'no Node found: install Node 18.19 or newer'
}
