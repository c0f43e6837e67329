#!/bin/sh
# Installs nginx-upstream into the Netdata of this machine, upgrades it, and takes it away again. --demo shows it first.
#
# Everything it adds is written to a manifest (/var/lib/nginx-upstream/manifest), and --uninstall takes back exactly
# that. A second run finds everything in place and changes nothing. POSIX sh with the tools of a minimal system: no
# sudo, systemd, curl or ps is needed.
set -eu
# Nearly every line needs it. Without one, root's redirections would make a file of that name, which then fills up.
if ! [ -c /dev/null ] || ! [ -r /dev/null ] || ! [ -w /dev/null ]; then
  echo 'install.sh: error: /dev/null cannot be used here. In a chroot, mount the devices first: mount --bind /dev CHROOT/dev' >&2
  exit 1
fi
# A stream that is closed would be opened again as somebody's file: cron jobs and daemons start programs so.
{ true 3<&0; } 2>/dev/null || exec </dev/null
{ true 3>&1; } 2>/dev/null || exec >/dev/null
{ true 3>&2; } || exec 2>/dev/null # what it prints if not, nobody hears
LC_ALL=C # messages of tools and the classes of awk and sed are the same everywhere
export LC_ALL
umask 022

readonly NAME=nginx-upstream
readonly STATE=/var/lib/nginx-upstream
readonly MANIFEST=$STATE/manifest
readonly NODE_NEEDED=18.19

P='' # --prefix: every system path stands under it
action=install dry_run=no yes=no seconds=''
bundled_only=no missing=0 lacking='' reported=no
changes=0 work='' staged='' pending_dirs='' login_path=''
plugin='' own_version='' to_build=no plugin_put=no alerts_put=no had_plugin=no restart_for=''

usage() {
  cat <<'END'
Usage: install.sh [--bundled-node] [--dry-run] [--prefix DIR]
       install.sh --uninstall [--dry-run] [--yes] [--prefix DIR]
       install.sh --demo [--seconds N]
       install.sh --help

Installs the nginx-upstream plugin, its configuration, its alerts and the
command nginx-upstream into the Netdata of this machine. Run it as root; run it
again to upgrade. Your configuration and alert files that you changed are kept.

  --dry-run       print every action, change nothing (needs no root)
  --bundled-node  use the Node of this release, even if the machine has one
  --uninstall     remove what was installed; asks before it removes a file that
                  you changed
  --yes           answer yes to that question. Without a terminal nothing is
                  asked, and such a file is kept
  --prefix DIR    put all system paths under DIR and touch no service (for
                  packaging and tests)
  --demo          install nothing, but show it: a private nginx with backends
                  that fail, and a private Netdata with the charts and alerts.
                  If nginx or Netdata is missing, Debian's package is unpacked
                  into the demo's folder. Ctrl-C ends it and removes everything
                  but the downloaded packages. Needs no root
  --seconds N     end the demo after N seconds

It needs Netdata (Debian's package, Netdata's own deb or rpm, or the static
build in /opt/netdata) and Node 18.19 or newer that the netdata user can run.
Releases for linux-x64 and linux-arm64 bring a Node for machines without one. A
clone is built first, with npm and Node 18.19 or newer; a release needs neither
npm nor the network.

Netdata is restarted only if (a line before it says so)
  - the netdata user joins the group adm, to read nginx's logs
  - Netdata has given up an earlier copy of the plugin
  - the plugin is uninstalled

Exit status: 0 done, or nothing to do; 1 it could not be done, and the last line
on stderr begins with "install.sh: error:"; 2 wrong options; 130 interrupted. It
asks nothing, except --uninstall on a terminal.

Netdata in docker: run this script inside the container, from a release that you
copy into it:
  - the image has no Node: take the release for linux-x64 or linux-arm64
  - keep /etc/netdata on a volume, or the plugin is gone with the container
  - mount nginx's logs: -v /var/log:/host/var/log:ro
  - then: docker cp FOLDER NETDATA:/tmp/nu
          docker exec NETDATA /tmp/nu/install.sh
          docker restart NETDATA
END
}

say() { printf '%s\n' "$*"; }
# What is said goes to our own stderr, also from within a command whose stderr is kept.
exec 4>&2
warn() { printf 'install.sh: warning: %s\n' "$*" >&4; }
die() {
  reported=yes
  printf 'install.sh: error: %s\n' "$*" >&4
  exit 1
}
# lack TEXT: something that must be there first. All of them are reported at once, by end_if_lacking.
lack() {
  missing=$((missing + 1))
  lacking="${lacking}install.sh: missing: $1
"
}
end_if_lacking() {
  [ $missing -gt 0 ] || return 0
  if [ $missing = 1 ]; then
    lacking=${lacking#install.sh: missing: }
    die "${lacking%?}, and run install.sh again"
  fi
  printf %s "$lacking" >&4
  die "$missing requirements are missing, see above: run install.sh again when they are installed"
}
# Every failure ends in one line that begins alike, also one that nobody thought of.
end() {
  status=$?
  rm -rf "${work:-/nonexistent}" ${staged:+"$staged"} 2>/dev/null || true
  if [ $status != 0 ] && [ $status != 130 ] && [ $reported = no ]; then
    die "stopped, see the message above; is the disk full or read-only, ${TMPDIR:-/tmp} included?"
  fi
}
no_room() { die "${TMPDIR:-/tmp} is full: 4 MB are needed there for a moment. Free them, or name another folder: TMPDIR=/var/tmp"; }
usage_error() {
  reported=yes
  printf 'install.sh: error: %s; see install.sh --help\n' "$*" >&4
  exit 2
}

# change TEXT COMMAND...: does it and says so; a dry run only says so.
change() {
  changes=$((changes + 1))
  if [ "$dry_run" = yes ]; then
    say "  would $1"
    return 0
  fi
  say "  $1"
  change_text=$1
  shift
  "$@" 2>"$work/stderr" || die "could not $change_text$(reason)"
}
# What the tool that failed has said, as the end of a sentence.
reason() { awk 'NF { printf ": %s", $0; exit }' "$work/stderr" 2>/dev/null || true; }

is_root() { [ "$(id -u)" = 0 ]; }

# ------------------------------------------------------------------------------------------ what root may run

# system_tool NAME: from the system's own folders, wherever PATH begins.
system_tool() {
  for folder in /usr/bin /bin /usr/sbin /sbin /run/current-system/sw/bin; do
    if [ -x "$folder/$1" ]; then
      say "$folder/$1"
      return 0
    fi
  done
  die "no $1 in /usr/bin or /bin: install it with your package manager"
}

# trusted PATH: nobody but root can change the file or folder, those above it, and what a link leads to. With a second
# word `shared`, PATH may be a folder as /tmp is: sticky, so that only the owner can exchange what is in it.
trusted() { only_root "$1" "${2:-}" && only_root "$("$(system_tool readlink)" -f "$1")" "${2:-}"; }
only_root() {
  up=$1 shared=${2:-}
  case $up in /*) ;; *) return 1 ;; esac
  while :; do
    # The owner of a link, too: in /tmp whoever owns it can exchange it.
    # shellcheck disable=SC2046 # three words
    set -- $("$(system_tool stat)" -L -c '%u %a' "$up" 2>/dev/null) $("$(system_tool stat)" -c %u "$up" 2>/dev/null)
    [ $# = 3 ] && [ "$1" = 0 ] && [ "$3" = 0 ] || return 1
    case $shared$2 in
      shared[1357]???) [ -d "$up" ] || return 1 ;;
      *[2367]? | *[2367]) return 1 ;;
    esac
    [ "$up" != / ] || return 0
    up=${up%/*}
    up=${up:-/}
    shared=shared
  done
}

# su and doas leave the caller's environment: what others can write is no place for root's programs and files, and what
# names code to load is not taken from them.
safe_environment() {
  login_path=$PATH
  for tool in id readlink stat; do system_tool $tool >/dev/null; done
  [ "$("$(system_tool id)" -u)" = 0 ] || return 0
  for name in $("$(system_tool env)" | "$(system_tool sed)" -n 's/^\(NODE_[A-Za-z0-9_]*\)=.*/\1/p; s/^\(LD_[A-Za-z0-9_]*\)=.*/\1/p') BASH_ENV ENV; do
    # Certificates of root's, without which npm reaches nothing behind a proxy that inspects TLS.
    if [ "$name" = NODE_EXTRA_CA_CERTS ] && trusted "$NODE_EXTRA_CA_CERTS"; then continue; fi
    unset "$name"
  done
  PATH=$(trusted_folders)
  export PATH
  if [ -n "${TMPDIR:-}" ] && ! trusted "$TMPDIR" shared; then
    # One that is missing where nobody else can make it is reported later.
    if [ -e "$TMPDIR" ] || [ -L "$TMPDIR" ] || ! trusted "${TMPDIR%/*}"; then unset TMPDIR; fi
  fi
}
trusted_folders() {
  kept=''
  rest=$login_path:
  while [ -n "$rest" ]; do
    folder=${rest%%:*}
    rest=${rest#*:}
    if trusted "${folder%/}"; then kept=$kept:${folder%/}; fi
  done
  kept=${kept#:}
  # An empty PATH would be the present folder.
  say "${kept:-/usr/sbin:/usr/bin:/sbin:/bin}"
}

# The machine's services and processes are ours to touch only when they belong to the tree we install into.
is_live() { [ -z "$P" ]; }

# at_least 18.20.4 18.19: compares major and minor.
at_least() {
  awk -v have="$1" -v want="$2" 'BEGIN {
    split(have, h, "."); split(want, w, ".")
    exit !(h[1] + 0 > w[1] + 0 || (h[1] + 0 == w[1] + 0 && h[2] + 0 >= w[2] + 0))
  }'
}

# ---------------------------------------------------------------------------------------------- the Netdata here

# Sets layout, layout_text, config, netdata_bin, and var_dir, under which log and lib are.
use_layout() {
  layout=$1
  case $1 in
    static) layout_text='static build' config=/opt/netdata/etc/netdata var_dir=/opt/netdata/var ;;
    native) layout_text='native package' config=/etc/netdata var_dir=/var ;;
    debian) layout_text='Debian package' config=/etc/netdata var_dir=/var ;;
  esac
  netdata_bin=/usr/sbin/netdata
  if [ "$1" = static ]; then
    netdata_bin=/opt/netdata/usr/sbin/netdata
    [ -x "$P$netdata_bin" ] || netdata_bin=/opt/netdata/bin/netdata
  fi
}

# The folder of Netdata's own plugins distinguishes the layouts.
plugins_dir_of() {
  case $1 in
    static) say /opt/netdata/usr/libexec/netdata/plugins.d ;;
    native) say /usr/libexec/netdata/plugins.d ;;
    debian) say /usr/lib/netdata/plugins.d ;;
  esac
}

find_netdata() {
  found=''
  for candidate in static native debian; do
    use_layout $candidate
    if [ -d "$P$(plugins_dir_of $candidate)" ] && [ -x "$P$netdata_bin" ]; then found="$found $candidate"; fi
  done
  # A package and its predecessor can share /usr/sbin/netdata: the static build is the only one beside another.
  case $found in
    '')
      layout='' version=''
      no_netdata
      return 0
      ;;
    ' static' | ' native' | ' debian') use_layout "${found# }" ;;
    ' native debian') use_layout native ;;
    *)
      use_layout static
      running=$(netdata_pid)
      if [ -z "$running" ]; then
        use_layout "${found##* }"
        running=$(netdata_pid)
      fi
      [ -n "$running" ] || die "two Netdata are installed, /opt/netdata and /usr/sbin/netdata, and none runs: start the one you use and run install.sh again"
      ;;
  esac
  [ -d "$P$config" ] || die "Netdata's configuration folder $config is missing: reinstall Netdata"
  version=$("$P$netdata_bin" -v 2>/dev/null | awk 'match($0, /[0-9]+\.[0-9]+(\.[0-9]+)*/) { print substr($0, RSTART, RLENGTH); exit }') || version=''
  if [ -z "$version" ]; then
    warn "$netdata_bin -v shows no version; treated as a current one"
    version=99.0
  fi
}

no_netdata() {
  if is_live && [ -n "$(any_netdata_pid)" ]; then
    die "a Netdata runs here, but in a container or from its own folder: see 'Netdata in docker' in install.sh --help"
  fi
  lack "no Netdata found (looked for /usr/sbin/netdata and /opt/netdata): install it first, $(how_to_get_netdata)"
}

# Debian 13, for example, has no package of it.
how_to_get_netdata() {
  own="with Netdata's own installer: wget -O /tmp/kickstart.sh https://get.netdata.cloud/kickstart.sh && sh /tmp/kickstart.sh"
  system=$(os_release ID) release=$(os_release VERSION_ID)
  if [ "$system" = ubuntu ] || [ "$system $release" = 'debian 12' ] || [ "$system $release" = 'debian 11' ]; then
    say "for example apt-get install netdata, or $own"
  else say "$own"; fi
}
os_release() { sed -n "s/^$1=\"\\{0,1\\}\\([^\"]*\\).*/\\1/p" "$P/etc/os-release" 2>/dev/null || true; }

# netdata_conf SECTION KEY: the value in netdata.conf, or nothing.
netdata_conf() {
  [ -r "$P$config/netdata.conf" ] || return 0
  awk -v section="[$1]" -v key="$2" '
    { line = $0; sub(/^[ \t]+/, "", line); sub(/[ \t\r]+$/, "", line) }
    line ~ /^\[/ { current = line; next }
    line ~ /^#/ || current != section { next }
    { at = index(line, "="); name = substr(line, 1, at - 1); sub(/[ \t]+$/, "", name) }
    at && name == key { value = substr(line, at + 1); sub(/^[ \t]+/, "", value) }
    END { if (value != "") print value }' "$P$config/netdata.conf"
}

# Netdata starts a new plugin automatically, unless its configuration says otherwise.
check_netdata_conf() {
  dirs=$(netdata_conf directories plugins)
  case $dirs in
    '' | *custom-plugins.d*) ;;
    *) warn "netdata.conf names other plugin folders: add \"$config/custom-plugins.d\" to [directories] plugins in $config/netdata.conf" ;;
  esac
  own=$(netdata_conf plugins $NAME)
  all=$(netdata_conf plugins 'enable running new plugins')
  case $own/$all in
    no/* | /no) warn "netdata.conf keeps new plugins off: set $NAME = yes under [plugins] in $config/netdata.conf" ;;
  esac
  if [ -e "$P$(plugins_dir_of "$layout")/$NAME.plugin" ]; then
    warn "$(plugins_dir_of "$layout")/$NAME.plugin is another copy, and Netdata prefers it: remove it"
  fi
}

# ------------------------------------------------------------------------------------- users and what they may do

passwd_of() { # the line of a user, by name
  if is_live && command -v getent >/dev/null; then getent passwd "$1" || true
  else awk -F: -v name="$1" '$1 == name' "$P/etc/passwd" 2>/dev/null || true; fi
}
group_of() { # the line of a group, by name or number
  if is_live && command -v getent >/dev/null; then getent group "$1" || true
  else awk -F: -v key="$1" '$1 == key || $3 == key' "$P/etc/group" 2>/dev/null || true; fi
}

# Sets user, uid, gid, group (the user's own group) and user_groups, as Netdata runs its plugins.
find_user() {
  user=$(netdata_conf global 'run as user')
  user=${user:-netdata}
  line=$(passwd_of "$user")
  [ -n "$line" ] || die "the user $user, which Netdata runs as, does not exist: reinstall Netdata, or fix 'run as user' in $config/netdata.conf"
  uid=$(say "$line" | cut -d: -f3)
  gid=$(say "$line" | cut -d: -f4)
  group=$(group_of "$gid" | cut -d: -f1)
  group=${group:-$gid}
  user_groups=$(groups_of_user)
}

# The numbers of all groups of $user.
groups_of_user() {
  if is_live; then id -G "$user"
  else
    awk -F: -v name="$user" -v own="$gid" 'BEGIN { list = own }
      { n = split($4, m, ","); for (i = 1; i <= n; i++) if (m[i] == name) list = list " " $3 } END { print list }' "$P/etc/group" 2>/dev/null
  fi
}

quoted() {
  for word; do printf "'%s' " "$(printf '%s' "$word" | sed "s/'/'\\\\''/g")"; done
}

# as_user COMMAND...: runs it with the rights of $user (root only). setpriv needs no entry in the user database and no
# PAM; runuser and su are for systems without it. env stands between, because setpriv holds root's capabilities until
# it has executed something: it would itself reach a node in /root.
as_user() {
  if setpriv --reuid 0 true 2>/dev/null; then
    setpriv --reuid "$uid" --regid "$gid" --groups "$(say "$user_groups" | tr ' ' ',')" -- env "$@"
  elif command -v runuser >/dev/null; then runuser -u "$user" -- "$@"
  else su -s /bin/sh "$user" -c "$(quoted "$@")"; fi
}

# mode_allows PATH BIT: whether PATH's own mode lets $user read (4) or search and run (1) it.
mode_allows() {
  # shellcheck disable=SC2046 # three words
  set -- "$2" $(stat -L -c '%u %g %a' "$1" 2>/dev/null)
  [ $# = 4 ] || return 1
  mode=00$4
  others=${mode#"${mode%?}"}
  mode=${mode%?}
  members=${mode#"${mode%?}"}
  mode=${mode%?}
  digit=$others
  case " $user_groups " in *" $3 "*) digit=$members ;; esac
  if [ "$2" = "$uid" ]; then digit=${mode#"${mode%?}"}; fi
  [ "$uid" = 0 ] || [ $((digit & $1)) != 0 ]
}

# path_allows ROOT PATH BIT: the same, with every folder on the way from ROOT down.
path_allows() {
  walked=$1
  rest=${2#/}
  while [ "${rest#*/}" != "$rest" ]; do
    walked=$walked/${rest%%/*}
    rest=${rest#*/}
    mode_allows "$walked" 1 || return 1
  done
  mode_allows "$walked/$rest" "$3"
}

can_read() {
  if is_live && is_root; then as_user test -r "$1" 2>/dev/null
  else path_allows "$P" "$1" 4; fi
}
can_run_node() {
  if is_root; then (cd / && as_user "$1" --version) >/dev/null 2>&1 </dev/null
  else path_allows '' "$(readlink -f "$1")" 1 && path_allows '' "$1" 1; fi
}

# -------------------------------------------------------------------------------------------------------- Node.js

node_version() { "$1" --version 2>/dev/null </dev/null | sed -n 's/^v\([0-9][0-9.]*\).*/\1/p'; }

# Sets node to the absolute path for the shebang: the first one that is new enough and that $user can run. The PATH of
# a login is not the PATH of Netdata, so `env node` in the shebang would find another one, or none. The machine's own
# comes first, as its updates come with the machine's; then the release's, or the one an earlier release has installed.
find_node() {
  node='' refused='' bundled_put=''
  bundled=$config/custom-plugins.d/$NAME.node
  if [ $bundled_only = no ]; then find_own_node; fi
  if [ -z "$node" ] && [ -f "$here/node" ]; then use_bundled_node; fi
  if [ -z "$node" ] && [ $bundled_only = no ] && [ -x "$P$bundled" ] && ! node_refused "$P$bundled"; then
    node=$bundled runner=$P$bundled bundled_put=keep
  fi
  if [ -z "$node" ]; then
    if [ $bundled_only = yes ]; then lack "this release has no Node inside: take nginx-upstream-VERSION-linux-x64 or -linux-arm64"
    elif [ -n "$refused" ]; then lack "$refused"
    else lack "no Node found: install Node $NODE_NEEDED or newer, for example apt-get install nodejs, or take the release with Node inside (nginx-upstream-VERSION-linux-x64 or -linux-arm64)"; fi
  elif [ -n "$refused" ]; then say "  not used: $refused"; fi
}
find_own_node() {
  while IFS= read -r candidate; do
    case $candidate in /*) ;; *) continue ;; esac
    [ -x "$candidate" ] || continue
    node_refused "$candidate" && continue
    node=$candidate runner=$candidate
    break
  done <<END
$(for name in node nodejs; do printf '%s\n' "$login_path:$P/usr/bin:$P/usr/local/bin" | tr ':' '\n' | sed "s|/*\$|/$name|"; done)
END
}

# The Node of a release is tried where it lies: it is Node's own build, for glibc 2.28 or newer.
use_bundled_node() {
  check_noexec "$here/node"
  node_have=$(node_version "$here/node")
  if [ -z "$node_have" ]; then
    machine=$(uname -m) libc=$(ldd --version 2>&1 | head -n 1 || true)
    die "the Node in this release does not run here ($machine, ${libc:-an unknown C library}): it is for $(cat "$here/node.txt" 2>/dev/null || say 'another machine'). Install Node $NODE_NEEDED or newer with the system's packages"
  fi
  node=$bundled runner=$here/node bundled_put=yes
}
# Hardened machines mount /tmp so.
check_noexec() {
  [ -x "$1" ] || die "$1 may not be executed: the file has lost its mode, or its file system is mounted noexec. Unpack the release in another folder, for example under /opt"
}
# Installed before the plugin, which cannot start without it.
install_node() {
  make_dir "$config/custom-plugins.d"
  case $bundled_put in
    yes) put_file "$here/node" "$bundled" 0755 ;;
    keep) ;;
    *) if [ -n "$(manifest_sum "$bundled")" ]; then change "remove $bundled, as $node is used" remove_file "$bundled"; fi ;;
  esac
}

# Whether a node will not do; the first reason is kept in refused.
node_refused() {
  why='' have=''
  if is_root && ! trusted "$1"; then
    why="others than root can change $1 or a folder above it, so root does not run it: install Node for all users, for example apt-get install nodejs"
  elif have=$(node_version "$1") && [ -z "$have" ]; then why="$1 does not run: reinstall Node $NODE_NEEDED or newer"
  elif ! at_least "$have" $NODE_NEEDED; then why="$1 is Node $have: install Node $NODE_NEEDED or newer, for example apt-get install nodejs"
  elif [ "${1#*[[:space:]]}" != "$1" ]; then why="$1 has a space in its path, which a shebang cannot hold: install Node in /usr/bin or /usr/local/bin"
  elif ! can_run_node "$1"; then why="the user $user cannot run $1: install Node for all users, for example apt-get install nodejs (a node in a home folder, as by nvm, is out of Netdata's reach)"
  else
    node_have=$have
    return 1
  fi
  [ -n "$refused" ] || refused=$why
}

# ------------------------------------------------------------------------------------- what there is to install

# Sets source_plugin, source_config, own_version; builds a clone first. The alerts are all files in alerts/.
find_sources() {
  source_config=$here/docs/nginx-upstream.conf
  source_plugin=$here/dist/nginx-upstream.plugin
  [ -f "$source_plugin" ] || [ ! -f "$here/nginx-upstream.plugin" ] || source_plugin=$here/nginx-upstream.plugin
  if [ -f "$here/package.json" ] && [ -d "$here/collector" ]; then build_clone; fi
  end_if_lacking
  for file in "$source_plugin" "$here/alerts/nginx_upstream.conf" "$here"/alerts/*.conf "$here/alerts/adapt.awk" "$source_config"; do
    if [ "$dry_run" = yes ] && [ "$to_build" = yes ] && [ "$file" = "$source_plugin" ]; then continue; fi
    [ -s "$file" ] || die "${file#"$here/"} is missing in $here: unpack the release again, or clone again"
  done
  if [ -f "$source_plugin" ]; then check_plugin; fi
  for file in "$here"/alerts/*.conf; do
    grep -Eq '^[[:space:]]*(template|alarm):' "$file" || die "$file holds no alert: unpack the release again"
  done
}

check_plugin() {
  head -n 1 "$source_plugin" | grep -q '^#!' || die "$source_plugin is broken (no #! in its first line): unpack the release again, or remove dist and run install.sh again"
  own_version=$(timeout 20 "$runner" "$source_plugin" --version 2>"$work/stderr" </dev/null) ||
    die "$source_plugin is broken ($(grep -m 1 Error "$work/stderr" || say 'it does not start')): unpack the release again, or remove dist and run install.sh again"
}

# Building only when a source is newer than the result keeps the second run free of npm, the network and changes.
build_clone() {
  if [ -f "$source_plugin" ] && [ -z "$(find "$here/collector" "$here/charts" "$here/demo" "$here/build.js" \
    "$here/package.json" "$here/package-lock.json" -type f -newer "$source_plugin" 2>/dev/null | head -n 1)" ]; then return 0; fi
  to_build=yes
  have=$(as_owner node --version 2>/dev/null </dev/null | sed -n 's/^v//p')
  have=${have:-none}
  at_least "$have" $NODE_NEEDED || lack "this is a clone, and building it needs Node $NODE_NEEDED or newer (here: $have): install it, for example apt-get install nodejs npm, or use a release"
  as_owner sh -c 'command -v npm' >/dev/null || lack "this is a clone, and building it needs npm: install it, for example apt-get install npm, or use a release, which needs none"
  end_if_lacking
  change "build in $here: npm ci && npm run build (needs the network)" run_build
}

# As the owner of the clone, so that root leaves no files in a user's folder that the user cannot remove, and with the
# caller's PATH: root itself runs nothing of that user's.
as_owner() {
  owner=$(stat -c %u "$here")
  if is_root && [ "$owner" != 0 ] && setpriv --reuid 0 true 2>/dev/null; then
    home=$(getent passwd "$owner" | cut -d: -f6)
    set -- setpriv --reuid "$owner" --regid "$(stat -c %g "$here")" --clear-groups -- \
      env HOME="${home:-/tmp}" PATH="$login_path" "$@"
  fi
  (cd "$here" && env "$@")
}
run_build() {
  { as_owner npm ci --no-progress && as_owner npm run build; } >"$work/build.log" 2>&1 && return 0
  tail -n 20 "$work/build.log" >&4
  return 1
}

# adapt_alerts VERSION <alerts >adapted: for the version that will read them.
adapt_alerts() { awk -v version="$1" -f "$here/alerts/adapt.awk"; }

# ------------------------------------------------------------------------------- the manifest, files and folders

# Lines of the manifest: "layout NAME", "dir PATH", "file CRC SIZE PATH" (cksum of what was put there), "link PATH TARGET",
# "group GROUP USER".
manifest_has() { [ -f "$P$MANIFEST" ] && grep -Fqx "$1" "$P$MANIFEST"; }
manifest_sum() {
  [ ! -f "$P$MANIFEST" ] || awk -v path="$1" '$1 == "file" && $4 == path { print $2, $3 }' "$P$MANIFEST"
}
sum_of() { cksum <"$1"; }
manifest_add() {
  [ "$dry_run" = no ] || return 0
  manifest_has "$1" || printf '%s\n' "$1" >>"$P$MANIFEST"
}
manifest_file() { # the present bytes of a file are ours
  [ "$dry_run" = no ] || return 0
  if [ "$(manifest_sum "$1")" = "$(sum_of "$P$1")" ]; then return 0; fi
  manifest_drop_file "$1"
  manifest_add "file $(sum_of "$P$1") $1"
}
manifest_drop() { # manifest_drop BEGINNING: the lines that begin so
  awk -v text="$1" 'index($0, text) != 1' "$P$MANIFEST" >"$work/manifest" && cat "$work/manifest" >"$P$MANIFEST"
}
manifest_drop_file() {
  awk -v path="$1" '!($1 == "file" && $4 == path)' "$P$MANIFEST" >"$work/manifest"
  cat "$work/manifest" >"$P$MANIFEST"
}

own() { # own PATH MODE: root's, readable by Netdata's group. Without root (only under --prefix) the mode alone.
  chmod "$2" "$1" || return 1
  if is_root; then chown "0:$gid" "$1"; fi
}
is_owned() {
  if is_root; then [ "$(stat -c '%a %u %g' "$1")" = "${2#0} 0 $gid" ]
  else [ "$(stat -c %a "$1")" = "${2#0}" ]; fi
}

# Makes a folder with its missing parents, and remembers those it made.
make_dir() {
  [ ! -d "$P$1" ] || return 0
  [ ! -e "$P$1" ] || die "$1 is not a folder: move it away and run install.sh again"
  make_dir "$(dirname "$1")"
  change "create $1" make_one_dir "$1"
}
make_one_dir() {
  mkdir "$P$1" && own "$P$1" 0755 || return 1
  pending_dirs="$pending_dirs $1" # those above the manifest are made before it can be written
  [ -d "$P$STATE" ] || return 0
  for made in $pending_dirs; do manifest_add "dir $made"; done
  pending_dirs=''
}

# put_file SOURCE DESTINATION MODE: the destination holds SOURCE's bytes. Written beside it under a name that Netdata
# ignores, then renamed, so that Netdata never starts half a file. Sets put to yes or no.
put_file() {
  put=no
  [ ! -d "$P$2" ] || die "$2 is a folder: move it away and run install.sh again"
  if [ -f "$P$2" ] && cmp -s "$1" "$P$2" && is_owned "$P$2" "$3"; then
    manifest_file "$2"
    return 0
  fi
  put=yes
  verb=install
  [ ! -f "$P$2" ] || verb=update
  change "$verb $2 ($3 root:$group)" put_now "$@"
}
put_now() {
  new=$P$2.new.$$
  # Never through a link, or into a file, that somebody else has put there.
  if [ -e "$new" ] || [ -L "$new" ]; then
    say "$new exists already: remove it" >&2
    return 1
  fi
  staged=$new
  (set -C && cat "$1" >"$staged") && own "$staged" "$3" || return 1
  if [ "$2" = "$plugin" ]; then check_start "$staged"; fi
  mv -f "$staged" "$P$2" && staged='' && manifest_file "$2"
}

# The one proof that counts: the netdata user starts the file, in its place, by its shebang. Tried before Netdata can
# find it, because Netdata gives up a plugin that fails to start.
check_start() {
  is_live && is_root || return 0
  [ -x "$1" ] || die "nothing may be executed in ${plugin%/*}: its file system is mounted noexec. Mount it with exec and run install.sh again"
  (cd / && as_user timeout 20 "$1" --version) >/dev/null 2>"$work/said" </dev/null ||
    die "the user $user cannot start $plugin ($(head -n 1 "$work/said")): let $user into all folders of that path and run install.sh again"
}

install_plugin() {
  plugin=$config/custom-plugins.d/$NAME.plugin
  had_plugin=no
  [ ! -f "$P$plugin" ] || had_plugin=yes
  if [ ! -f "$source_plugin" ]; then # a dry run in a clone that is not built yet
    change "install $plugin (0755 root:$group)"
    return 0
  fi
  { printf '#!%s\n' "$node" && tail -n +2 "$source_plugin"; } >"$work/plugin" || no_room
  put_file "$work/plugin" "$plugin" 0755
  plugin_put=$put
  if [ $put = no ]; then check_start "$P$plugin"; fi
}

# The same file as a command, for people: where sudo finds it too, which on some systems leaves out /usr/local/bin.
install_command() {
  closed=$(closed_folder "$(dirname "$plugin")")
  [ -z "$closed" ] || say "  only root and $group can run $NAME: $closed is closed to others"
  folder=/usr/local/bin
  if grep -hs '^[^#]*secure_path' "$P/etc/sudoers" "$P/etc/sudoers.d"/* | grep -qv '/usr/local/bin'; then folder=/usr/bin; fi
  command=$folder/$NAME
  if [ "$(readlink "$P$command")" = "$plugin" ]; then
    manifest_add "link $command $plugin"
    return 0
  fi
  # Our own link, to where an earlier installation was, is moved.
  if [ -e "$P$command" ] || [ -L "$P$command" ] && ! grep -qs "^link $command " "$P$MANIFEST"; then
    warn "$command belongs to something else and is left alone: where a text says $NAME, type $plugin"
    return 0
  fi
  if [ "$dry_run" = no ] && [ -d "$P$folder" ] && [ ! -w "$P$folder" ]; then
    warn "$folder cannot be written to: where a text says $NAME, type $plugin"
    return 0
  fi
  make_dir $folder
  change "link $command to $plugin" put_link "$command" "$plugin"
}
closed_folder() { # the first folder on the way that others may not enter
  case $1 in /) return 0 ;; esac
  closed_folder "$(dirname "$1")"
  case $(stat -L -c %a "$P$1" 2>/dev/null) in *[1357]) ;; '') ;; *) say "$1" ;; esac
}
put_link() { ln -sf "$2" "$P$1" && manifest_drop "link $1 " && manifest_add "link $1 $2"; }

install_config() {
  if [ -e "$P$config/$NAME.conf" ]; then
    [ -f "$P$config/$NAME.conf" ] || die "$config/$NAME.conf is not a file: move it away and run install.sh again"
    return 0
  fi
  put_file "$source_config" "$config/$NAME.conf" 0644
}

install_alerts() {
  make_dir "$config/health.d"
  for source in "$here"/alerts/*.conf; do install_alert_file "$source" "$config/health.d/${source##*/}"; done
}

# What alerts of earlier versions are called now, for notifications and silencing rules that name them.
say_renamed() {
  while read -r old new; do
    if grep -q "^ *template: nginx_upstream_$old\$" "$1"; then say "    alert nginx_upstream_$old is now nginx_upstream_$new"; fi
  done <<NAMES
bad_gateway_unexplained failing_after_connect
worker_connections_exhausted worker_connections
descriptors_exhausted descriptors
NAMES
}

# install_alert_file SOURCE TARGET. One that the user changed is the user's: the new one is put beside it, where Netdata
# does not read it.
install_alert_file() {
  adapt_alerts "$version" <"$1" >"$work/alerts"
  grep '^# left out: ' "$work/alerts" | sed 's/^# /  /' || true
  if [ -f "$P$2" ] && ! cmp -s "$work/alerts" "$P$2"; then say_renamed "$P$2"; fi
  if [ -f "$P$2" ] && ! cmp -s "$work/alerts" "$P$2" && [ "$(manifest_sum "$2")" != "$(sum_of "$P$2")" ]; then
    put_file "$work/alerts" "$2.new" 0644
    say "  keep $2, which was changed here; the one of this version is in $2.new"
    return 0
  fi
  put_file "$work/alerts" "$2" 0644
  [ "$put" = no ] || alerts_put=yes
  if [ "$put" = yes ] && ! cmp -s "$work/alerts" "$1"; then say "    adapted to Netdata $version"; fi
  if [ -n "$(manifest_sum "$2.new")" ]; then change "remove $2.new" remove_file "$2.new"; fi
}
remove_file() { rm -f "$P$1" && manifest_drop_file "$1"; }

# ------------------------------------------------------------------------------------------------ nginx's logs

# Sets restart_for when the running Netdata must be restarted to use a group.
give_log_access() {
  logs=/var/log/nginx
  [ ! -d "$P/host$logs" ] || logs=/host$logs # in Netdata's container
  if [ ! -d "$P$logs" ]; then
    say "  no $logs here: when nginx logs to files, run install.sh again"
    return 0
  fi
  adm=$(group_of adm | cut -d: -f3)
  locked='' by_adm=yes
  for log in "$P$logs" "$P$logs"/*.log; do
    [ -e "$log" ] || continue
    can_read "${log#"$P"}" && continue
    [ -n "$locked" ] || locked=${log#"$P"}
    adm_reads "$log" || by_adm=no
  done
  if [ -z "$locked" ]; then
    say "  $user can read $logs: nothing to do"
  elif [ -n "$adm" ] && [ $by_adm = yes ]; then
    change "add $user to the group adm, which may read $locked (Netdata must be restarted to use it)" join_group adm
    restart_for="the new group of $user"
    user_groups=$(groups_of_user)
    if [ "$dry_run" = no ] && ! can_read "$locked"; then warn "$user still cannot read $locked"; fi
  else
    warn "$user cannot read $locked: allow it, for example with setfacl -R -m u:$user:rX $logs (and a default: setfacl -d -m u:$user:rX $logs)"
  fi
}

# Whether the group adm may read a log, or a folder with its names.
adm_reads() {
  need=4
  [ ! -d "$1" ] || need=5
  stat -L -c '%g %a' "$1" | awk -v adm="${adm:-none}" -v need=$need '
    { mode = substr("000" $2, length($2) + 1); digit = substr(mode, $1 == adm ? 2 : 3, 1)
      exit !(int(digit / 4) % 2 && (need == 4 || digit % 2)) }'
}

join_group() {
  if ! is_live; then edit_group "$1" "$user" yes
  elif command -v usermod >/dev/null; then usermod -a -G "$1" "$user"
  else addgroup "$user" "$1"; fi && manifest_add "group $1 $user"
}
leave_group() {
  if ! is_live; then edit_group "$1" "$2" no
  elif command -v gpasswd >/dev/null; then gpasswd -d "$2" "$1" >/dev/null
  else delgroup "$2" "$1"; fi
}
edit_group() { # under --prefix, where the tools for users would change this machine: the file itself
  awk -F: -v OFS=: -v name="$1" -v user="$2" -v add="$3" '$1 == name {
      n = split($4, m, ","); list = ""
      for (i = 1; i <= n; i++) if (m[i] != user) list = list (list == "" ? "" : ",") m[i]
      $4 = add == "yes" ? list (list == "" ? "" : ",") user : list } { print }' "$P/etc/group" >"$work/group" &&
    cat "$work/group" >"$P/etc/group"
}
is_member() { group_of "$1" | cut -d: -f4 | tr ',' '\n' | grep -Fqx "$2"; }

# ------------------------------------------------------------------------------------------ the running Netdata

parent_of() { awk '$1 == "PPid:" { print $2 }' "/proc/$1/status" 2>/dev/null; }
is_named_netdata() { { read -r process_name <"/proc/$1/comm"; } 2>/dev/null && [ "$process_name" = netdata ]; }

any_netdata_pid() {
  for process in /proc/[0-9]*; do
    is_named_netdata "${process#/proc/}" || continue
    say "${process#/proc/}"
    break
  done
}

# The daemon that uses our configuration folder: not one in a container, and not its helper processes.
netdata_pid() {
  is_live || return 0
  inode=$(stat -c %i "$config" 2>/dev/null || true)
  for process in /proc/[0-9]*; do
    pid=${process#/proc/}
    is_named_netdata "$pid" || continue
    if is_named_netdata "$(parent_of "$pid")"; then continue; fi
    [ "$(stat -c %i "$process/root$config" 2>/dev/null)" = "$inode" ] || continue
    say "$pid"
    break
  done
}

# The plugin as Netdata runs it: "node PLUGIN SECONDS"; what a person typed has a word or an option there.
plugin_pids() {
  is_live || return 0
  for process in /proc/[0-9]*; do
    { tr '\0' '\n' <"$process/cmdline"; } 2>/dev/null | awk -v plugin="$1" '
      NR == 2 && $0 == plugin { ours = 1 } NR == 3 && !/^[0-9]+$/ { ours = 0 } END { exit !ours }' || continue
    say "${process#/proc/}"
  done
}

service_command() { # service_command start|restart: what a person would do
  if [ -d "$P/run/systemd/system" ] && command -v systemctl >/dev/null; then say "systemctl $1 netdata"
  elif [ -x "$P/etc/init.d/netdata" ]; then say "/etc/init.d/netdata $1"
  elif [ -e "$P/.dockerenv" ]; then say "docker restart CONTAINER, on its host"
  elif [ "$1" = start ]; then say "$netdata_bin"
  else say "end it and run $netdata_bin"; fi
}
restart_netdata() { # restart_netdata WHY: fails where a person must do it
  command=$(service_command restart)
  case $command in
    systemctl* | /etc/init.d/*) change "restart Netdata for $1: $command" run_service "$command" ;;
    *)
      say "  Restart Netdata for $1, there is neither systemctl nor /etc/init.d/netdata here: $command"
      return 1
      ;;
  esac
}
run_service() {
  # The daemon must not get our environment from an init script, whose exit status says little: the process counts.
  # shellcheck disable=SC2086 # a command and its arguments
  (cd / && env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin $1) >/dev/null 2>&1 </dev/null || true
  for _ in 1 2 3 4 5; do
    if [ -n "$(netdata_pid)" ]; then return 0; fi
    sleep 1
  done
  return 1
}

reload_health() {
  cli=$(dirname "$netdata_bin")/netdatacli
  if [ -x "$cli" ] && "$cli" reload-health >/dev/null 2>&1; then return 0; fi
  kill -USR2 "$1" # what netdatacli asks for; Debian's daemon keeps its pipe in a private /tmp
}

# Brings a running Netdata to use what has changed.
use_changes() {
  is_live || return 0
  netdata=$(netdata_pid)
  [ -n "$netdata" ] || return 0
  pids=$(plugin_pids "$plugin")
  # Netdata does not try again what once failed to start, until it is restarted.
  if [ "$plugin_put" = yes ] && [ $had_plugin = yes ] && [ -z "$pids" ]; then restart_for='a plugin it has given up'; fi
  if [ -n "$restart_for" ]; then
    restart_netdata "$restart_for" && return 0
  fi
  process_has_group "$netdata" || say "  Netdata was started before $user joined adm and cannot read nginx's logs yet: $(service_command restart)"
  if [ "$alerts_put" = yes ]; then change 'reload the alerts' reload_health "$netdata"; fi
  if [ "$plugin_put" = yes ]; then
    for pid in $pids; do change "end the old plugin, pid $pid: Netdata starts the new one" kill -TERM "$pid"; done
  elif [ -z "$pids" ] && [ -n "$(find "$plugin" -mmin +2 2>/dev/null)" ]; then
    say "  Netdata has not started the plugin for minutes: $(service_command restart)"
  fi
}

# A daemon started before its user joined adm does not have the group.
process_has_group() {
  is_member adm "$user" || return 0
  awk -v adm="$(group_of adm | cut -d: -f3)" '$1 == "Groups:" { for (i = 2; i <= NF; i++) if ($i == adm) found = 1 }
    END { exit !found }' "/proc/$1/status"
}

# ------------------------------------------------------------------------------------------------- the two ways

next_steps() {
  port=$(netdata_conf web 'default port')
  every=$(netdata_conf plugins 'check for new plugins every')
  case $every in
    '') every='60 seconds' ;;
    *[!0-9]*) ;;
    *) every="$every seconds" ;;
  esac
  logs="grep $NAME $var_dir/log/netdata/*.log"
  if at_least "$version" 1.44 && [ -d "$P/run/systemd/system" ]; then logs="journalctl --namespace=netdata --grep $NAME"; fi
  say "Open next:"
  say "  1. http://localhost:${port:-19999}, section nginx_upstream: it appears within $every, when Netdata checks for new plugins"
  say "  2. $NAME check: what was found, and what is missing (settings are optional: $config/$NAME.conf)"
  say "  3. no such section after some minutes: see Netdata's log: $logs"
}

install() {
  find_netdata
  if [ -n "$layout" ]; then
    find_user
  else config=/etc/netdata user=root uid=0 gid=0 user_groups=0; fi # no rights are judged where there is no Netdata
  find_node
  find_sources
  whose="this machine's"
  [ -z "$bundled_put" ] || whose="the release's own"
  say "$NAME ${own_version##* } into Netdata $version ($layout_text, $config), run by $node (Node $node_have, $whose)"
  check_netdata_conf
  make_dir $STATE
  manifest_add "layout $layout"
  install_node
  install_plugin
  install_command
  install_config
  install_alerts
  give_log_access
  use_changes
  if [ $changes = 0 ]; then say "Already up to date: nothing was changed."; fi
  if [ "$dry_run" = yes ]; then
    say "Dry run: nothing was changed."
    return 0
  fi
  if is_live && [ -z "$(netdata_pid)" ]; then say "Netdata is not running; start it: $(service_command start)"; fi
  next_steps
}

uninstall() {
  if [ ! -f "$P$MANIFEST" ]; then
    say "Nothing to uninstall: there is no $MANIFEST."
    return 0
  fi
  use_layout "$(awk '$1 == "layout" { name = $2 } END { print name }' "$P$MANIFEST")"
  say "Uninstalling $NAME:"
  awk '{ line[NR] = $0 } END { for (i = NR; i > 0; i--) print line[i] }' "$P$MANIFEST" >"$work/manifest"
  exec 3<&0 # the question is for the user, not for the manifest
  for kinds in link file group dir; do
    if [ $kinds = dir ] && [ "$dry_run" = no ]; then rm -f "$P$MANIFEST"; fi
    while read -r kind rest; do
      [ "$kind" = $kinds ] || continue
      case $kind in
        file) uninstall_file "${rest##* }" "${rest% *}" ;;
        link) uninstall_link "${rest%% *}" "${rest#* }" ;;
        group) uninstall_group "${rest% *}" "${rest#* }" ;;
        dir) uninstall_dir "$rest" ;;
      esac
    done <"$work/manifest"
  done
  forget
  uninstall_state
  if [ "$dry_run" = yes ]; then say "Dry run: nothing was changed."; else say "$NAME is uninstalled."; fi
}

uninstall_link() {
  [ "$(readlink "$P$1")" != "$2" ] || change "remove $1" rm -f "$P$1"
}
uninstall_file() {
  [ -f "$P$1" ] || return 0
  case $1 in
    *.plugin | *.node) ;;
    *)
      if [ "$2" != "$(sum_of "$P$1")" ] && ! may_remove "$1"; then
        say "  keep $1, which was changed here; to remove it: rm $1"
        return 0
      fi
      ;;
  esac
  change "remove $1" rm -f "$P$1"
}
may_remove() {
  [ $yes = no ] || return 0
  [ "$dry_run" = no ] && [ -t 3 ] || return 1
  printf '  %s was changed here. Remove it? [y/N] ' "$1"
  read -r answer <&3 || return 1
  case $answer in [yY]*) ;; *) return 1 ;; esac
}
uninstall_group() {
  ! is_member "$1" "$2" || change "take $2 out of the group $1" leave_group "$1" "$2"
}
uninstall_dir() {
  [ -d "$P$1" ] || return 0
  if [ "$dry_run" = yes ]; then change "remove $1, if it is empty then"
  elif [ -z "$(ls -A "$P$1")" ]; then change "remove $1" rmdir "$P$1"
  else say "  keep $1, which holds other files"; fi
}

# A running Netdata keeps the charts, its groups, and the memory of a plugin that can no longer be started; only a
# restart makes it forget, and without one it would not start the plugin when it is installed again.
forget() {
  is_live || return 0
  netdata=$(netdata_pid)
  [ -n "$netdata" ] || return 0
  pids=$(plugin_pids "$config/custom-plugins.d/$NAME.plugin")
  if restart_netdata "it to forget the plugin"; then
    [ "$dry_run" = yes ] || await_end "$config/custom-plugins.d/$NAME.plugin"
    return 0
  fi
  for pid in $pids; do change "end the plugin, pid $pid" end_process "$pid"; done
  change 'reload the alerts' reload_health "$netdata"
}

# What the plugin itself keeps: how far it has read the logs, past incidents, and who listened for the peers. Removed last, as a running plugin writes it again.
uninstall_state() {
  lib=$(netdata_conf directories lib)
  state_dir=$P${lib:-$var_dir/lib/netdata}
  for state in "$state_dir/$NAME".checkpoint.json* "$state_dir/$NAME".incidents.json* "$state_dir/$NAME".listeners.* "$state_dir/$NAME".verdicts.*; do
    if [ -f "$state" ]; then change "remove ${state#"$P"}" rm -f "$state"; fi
  done
}

# A plugin notices that its Netdata has gone when it draws next, and writes its state until then.
await_end() {
  for _ in 1 2 3 4 5; do
    pids=$(plugin_pids "$1")
    [ -n "$pids" ] || return 0
    sleep 1
  done
  for pid in $pids; do end_process "$pid"; done
}
end_process() {
  kill -TERM "$1"
  for _ in 1 2 3 4 5; do
    kill -0 "$1" 2>/dev/null || return 0
    sleep 1
  done
}

# ------------------------------------------------------------------------------------------------------- the demo

# Gives way to the demo's own program.
demo() {
  node=$(command -v node || command -v nodejs || true)
  if [ -n "$node" ] && is_root && ! trusted "$node"; then node=''; fi
  have=''
  [ -z "$node" ] || have=$(node_version "$node")
  if ! at_least "${have:-0}" $NODE_NEEDED && [ -f "$here/node" ]; then
    check_noexec "$here/node"
    node=$here/node
  elif [ -z "$node" ]; then lack "no Node found: install Node $NODE_NEEDED or newer, for example apt-get install nodejs, and run install.sh --demo again"
  elif ! at_least "${have:-0}" $NODE_NEEDED; then lack "$node is Node ${have:-broken}: install Node $NODE_NEEDED or newer, for example apt-get install nodejs"; fi
  program=$here/demo/demo.cjs # in a release
  if [ -d "$here/collector" ]; then
    program=$here/dist/demo.cjs source_plugin=$here/dist/nginx-upstream.plugin
    build_clone
  fi
  end_if_lacking
  [ -f "$program" ] || die "${program#"$here/"} is missing in $here: unpack the release again, or remove dist and run install.sh again"
  rm -rf "$work" # the trap does not outlive exec
  exec "$node" "$program" --home "$here" ${seconds:+--seconds "$seconds"}
}

main() {
  trap end EXIT
  trap 'exit 130' INT HUP TERM
  trap 'reported=yes; exit 141' PIPE # nobody is left to read why
  safe_environment
  while [ $# -gt 0 ]; do
    case $1 in
      --help | -h)
        usage
        exit 0
        ;;
      --uninstall | --demo)
        [ "$action" = install ] || [ "$action" = "${1#--}" ] || usage_error "--demo and --uninstall exclude each other"
        action=${1#--}
        ;;
      --bundled-node) bundled_only=yes ;;
      --seconds | --seconds=*)
        if [ "$1" = --seconds ]; then
          [ $# -ge 2 ] || usage_error "--seconds needs a number"
          shift
        fi
        seconds=${1#--seconds=}
        case $seconds in
          [1-9][0-9] | [1-9][0-9][0-9] | [1-9][0-9][0-9][0-9] | [1-7][0-9][0-9][0-9][0-9] | 8[0-5][0-9][0-9][0-9] | 86[0-3][0-9][0-9] | 86400) ;;
          *) usage_error "--seconds takes an integer from 10 to 86400, not '$seconds'" ;;
        esac
        ;;
      --dry-run) dry_run=yes ;;
      --yes | -y) yes=yes ;;
      --prefix | --prefix=*)
        if [ "$1" = --prefix ]; then
          [ $# -ge 2 ] || usage_error "--prefix needs a folder"
          shift
        fi
        prefix=${1#--prefix=}
        [ -d "$prefix" ] || usage_error "--prefix $prefix is not a folder"
        P=$(cd "$prefix" && pwd -P)
        P=${P%/}
        ;;
      *) usage_error "unknown option $1" ;;
    esac
    shift
  done
  if [ "$action" = uninstall ] && [ $bundled_only = yes ]; then usage_error "--bundled-node is for installing"; fi
  if [ "$action" = demo ]; then
    if ! is_live || [ $dry_run = yes ] || [ $bundled_only = yes ]; then usage_error "--demo takes --seconds and --yes only"; fi
  elif [ -n "$seconds" ]; then usage_error "--seconds is for --demo"
  elif is_live && ! is_root && [ $dry_run = no ]; then
    die "this must run as root: sudo $0, or where there is no sudo: su -c $0"
  fi
  for tool in awk cksum cmp find grep mktemp readlink sed stat timeout; do
    command -v $tool >/dev/null || lack "no $tool here: install it with your package manager"
  done
  end_if_lacking
  here=$(cd "$(dirname "$(readlink -f "$0")")" && pwd -P)
  work=$(mktemp -d 2>/dev/null) || die "cannot make a folder in ${TMPDIR:-/tmp}: is it full, or read-only?"
  # Everything is written there first. Found out now, as half a plugin must never be installed.
  head -c 4194304 /dev/zero 2>/dev/null >"$work/room" || no_room
  rm "$work/room"
  $action
}

main "$@"
