# What the tests of install.sh stand on: a release folder, and trees in the layout of each Netdata package.
# Every path is inside $BASE, which is readable for all, so that the netdata user of a tree can be tried for real.
# shellcheck disable=SC2016,SC2034,SC2154 # the tests use what is set here; bats sets status, output and lines

REPOSITORY=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
MACHINE_PATH=$PATH

# Files with more to set up have their own setup, which begins with new_base.
setup() { new_base; }
teardown() {
  PATH=$MACHINE_PATH
  remove_base
}

new_base() {
  BASE=$(mktemp -d)
  chmod 755 "$BASE"
  ROOT=$BASE/root
  RELEASE=$BASE/release
  TOOLS=$BASE/tools
  mkdir "$ROOT" "$TOOLS"
  make_release 0.1.0
  make_node "$TOOLS/node" v18.19.0
  limit_path
}

remove_base() { rm -rf "$BASE"; }

# A PATH with the tools of a minimal Debian and nothing else: no node, npm, sudo, curl, ps or systemctl of this machine.
limit_path() {
  local tool at=()
  for tool in sh bash awk sed grep cat cksum cmp chmod chown cp cut diff dirname env find getent head id ln ls mkdir \
    mktemp mv printf readlink rm rmdir setpriv sort stat tail test timeout touch tr true uname; do
    if [ -x "/usr/bin/$tool" ]; then at+=("/usr/bin/$tool"); else at+=("/bin/$tool"); fi
  done
  ln -s "${at[@]}" "$TOOLS"
  PATH=$TOOLS
}

# make_node FILE VERSION: answers --version, and runs a script as sh; enough for an installer.
make_node() {
  mkdir -p "$(dirname "$1")"
  rm -f "$1" # it may be a link to a program of this machine, which nobody may write through
  printf '#!/bin/sh\n[ "$1" != --version ] || { echo %s; exit; }\nexec /bin/sh "$@"\n' "$2" >"$1"
  chmod 755 "$1"
}

# A release with stand-ins: the plugin is a shell script, which the stand-in for node runs.
make_release() {
  mkdir -p "$RELEASE/alerts" "$RELEASE/docs"
  cp "$REPOSITORY/install.sh" "$RELEASE/install.sh"
  cp "$REPOSITORY/docs/nginx-upstream.conf" "$RELEASE/docs/nginx-upstream.conf"
  printf '#!/usr/bin/env node\necho nginx-upstream %s\n' "$1" >"$RELEASE/nginx-upstream.plugin"
  cp "$REPOSITORY/test/install/alerts.conf" "$RELEASE/alerts/nginx_upstream.conf"
  cp "$REPOSITORY/alerts/adapt.awk" "$RELEASE/alerts/"
}

# make_tree LAYOUT VERSION: debian, native, static or docker, with an nginx whose logs the group adm may read.
make_tree() {
  local daemon=/usr/sbin/netdata plugins config=/etc/netdata
  case $1 in
    debian) plugins=/usr/lib/netdata/plugins.d ;;
    native | docker) plugins=/usr/libexec/netdata/plugins.d ;;
    static)
      plugins=/opt/netdata/usr/libexec/netdata/plugins.d
      daemon=/opt/netdata/usr/sbin/netdata
      config=/opt/netdata/etc/netdata
      ;;
  esac
  mkdir -p "$ROOT$plugins" "$ROOT$config" "$ROOT$(dirname "$daemon")" "$ROOT/etc"
  printf '#!/bin/sh\necho "netdata v%s"\n' "$2" >"$ROOT$daemon"
  chmod 755 "$ROOT$daemon"
  printf '[global]\n\trun as user = netdata\n' >"$ROOT$config/netdata.conf"
  printf 'root:x:0:0::/root:/bin/sh\nnetdata:x:1999:1999::/var/lib/netdata:/bin/sh\n' >"$ROOT/etc/passwd"
  case $1 in
    debian) make_groups netdata ;;
    *) make_groups syslog ;;
  esac
  if [ "$1" = docker ]; then
    touch "$ROOT/.dockerenv"
    make_logs /host/var/log/nginx
  else make_logs /var/log/nginx; fi
  CONFIG=$config
  PLUGIN=$config/custom-plugins.d/nginx-upstream.plugin
  SETTINGS=$config/nginx-upstream.conf
  ALERTS=$config/health.d/nginx_upstream.conf
}

# fresh_tree LAYOUT VERSION: the same in an empty root.
fresh_tree() {
  rm -rf "$ROOT"
  mkdir "$ROOT"
  make_tree "$1" "$2"
}

# The group of files that these tests can make is that of whoever runs them, so adm has that number here.
make_groups() {
  printf 'root:x:65530:\nadm:x:%s:%s\nnetdata:x:1999:\nwww-data:x:33:\n' "$(id -g)" "$1" >"$ROOT/etc/group"
}

make_logs() {
  mkdir -p "$ROOT$1"
  touch "$ROOT$1/error.log" "$ROOT$1/access.log"
  chmod 640 "$ROOT$1"/*.log
}

installer() { run sh "$RELEASE/install.sh" --prefix "$ROOT" "$@"; }

# Every path of the tree with type, mode, owner, and the sum of its bytes; without times.
tree() {
  (cd "$ROOT" && find . -printf '%p %y %m %U %G %l\n' && find . -type f -exec cksum {} +) | sort
}

ok() { [ "$status" = 0 ] || { echo "status $status: $output" >&2; return 1; }; }
refused() { # refused WORDS: one line on what is wrong, exit 1, and the tree is as it was
  [ "$status" = 1 ] || { echo "status $status: $output" >&2; return 1; }
  [ "${#lines[@]}" = 1 ] || { echo "more than one line: $output" >&2; return 1; }
  says "$1"
}
says() { case $output in *"$1"*) ;; *) echo "'$1' is not in: $output" >&2; return 1 ;; esac; }
says_not() { case $output in *"$1"*) echo "'$1' is in: $output" >&2; return 1 ;; esac; }
same() { [ "$1" = "$2" ] || { diff <(echo "$1") <(echo "$2") >&2; return 1; }; }
