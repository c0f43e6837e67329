#!/bin/sh
# Gets Debian packages for this user alone and unpacks them: nothing is installed, no maintainer script runs, no
# service starts, the system's dpkg and apt state stay as they are. Works as root and as an ordinary user.
#
#   get-packages.sh DIR PACKAGE...      e.g. get-packages.sh ~/.cache/demo nginx netdata-core netdata-web
#
# Unpacks the packages, with those dependencies that this machine lacks, into DIR/root, and prints that path on
# stdout; progress and errors go to stderr. A package that is already there is not got again; two runs at once wait
# for each other. Programs from it need LD_LIBRARY_PATH=DIR/root/usr/lib/<triplet>:DIR/root/lib/<triplet>.
#
#   DIR/root          what the packages hold
#   DIR/got/PACKAGE   is there once PACKAGE and what it needs are in root
#   DIR/apt           separate package lists, only where the system's are missing or stale
set -eu
umask 022

fail() {
  echo "get-packages: $*" >&2
  exit 1
}
say() { echo "get-packages: $*" >&2; }

[ $# -ge 2 ] || fail "usage: get-packages.sh DIR PACKAGE..."
mkdir -p "$1" 2>/dev/null || fail "cannot create the folder $1"
dir=$(cd "$1" && pwd)
shift
case $dir in *'"'* | *';'*) fail "the folder's name must not hold a quote or a semicolon: $dir" ;; esac

missing_of() {
  for package; do [ -e "$dir/got/$package" ] || echo "$package"; done
}

[ -n "$(missing_of "$@")" ] || { echo "$dir/root" && exit 0; }
for command in apt-get dpkg-deb flock; do
  command -v "$command" >/dev/null ||
    fail "there is no $command here: this works on Debian and its kin; elsewhere install with your own package manager: $*"
done

mkdir -p "$dir/root" "$dir/got" "$dir/apt/lists/partial"
exec 9>"$dir/lock"
flock -n 9 || { say "waiting for another run that fills $dir" && flock 9; }
# The other run may have got everything meanwhile.
missing=$(missing_of "$@")
[ -n "$missing" ] || { echo "$dir/root" && exit 0; }

work=$(mktemp -d "$dir/work.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
mkdir -p "$work/cache/archives/partial"

# Read after the machine's own configuration (proxies, mirrors and keys stay in force), so that hooks can be cleared.
cat >"$work/apt.conf" <<EOF
Dir::Cache "$work/cache";
Debug::NoLocking "1";
APT::Sandbox::User "root";
APT::Get::List-Cleanup "0";
Acquire::Languages "none";
Acquire::Retries "3";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Pre-Install-Pkgs;
EOF

# Through links: beside the lists that it reads, apt makes its own folder.
use_system_lists() {
  mkdir -p "$work/lists/partial"
  find /var/lib/apt/lists -maxdepth 1 -type f -name '*_*' -exec ln -s {} "$work/lists" \;
  printf 'Dir::State::lists "%s";\n' "$work/lists" >>"$work/apt.conf"
}
use_own_lists() { printf 'Dir::State::lists "%s";\n' "$dir/apt/lists" >>"$work/apt.conf"; }
# apt-get update succeeds also when it reached nobody.
update_own_lists() {
  say "reading Debian's package lists"
  apt-get -c "$work/apt.conf" -q update >"$work/log" 2>&1 && has_lists "$dir/apt/lists"
}
# --reinstall: also those that the system has, which apt skips where it cannot. Recommended ones are not needed here.
download() {
  # shellcheck disable=SC2086 # package names hold no blanks: one word each
  apt-get -c "$work/apt.conf" -q -y --no-install-recommends --reinstall --download-only install $missing \
    >"$work/log" 2>&1 || return 1
  for package in $missing; do
    ls "$work/cache/archives/${package}"_*.deb >/dev/null 2>&1 || return 1
  done
}
# Debian 13 has no Netdata: bookworm's runs there, with the libraries of 13 where they serve.
add_bookworm() {
  # shellcheck disable=SC2016 # apt's own placeholders
  mirror=$(apt-get -c "$work/apt.conf" indextargets --format '$(RELEASE) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' |
    awk '$1 !~ /[-\/]/ && $2 == "main" && $3 ~ /debian\/?$/ { print $3; exit }')
  [ -n "$mirror" ] || return 1
  signed=
  for keys in /usr/share/keyrings/debian-archive-keyring.gpg /usr/share/keyrings/debian-archive-keyring.pgp; do
    [ -e "$keys" ] && signed="[signed-by=$keys]"
  done
  mkdir -p "$work/sources.d"
  cp /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources "$work/sources.d" 2>/dev/null || true
  echo "deb $signed $mirror bookworm main" >"$work/sources.d/older.list"
  printf 'Dir::Etc::sourceparts "%s";\n' "$work/sources.d" >>"$work/apt.conf"
  say "asking Debian 12 too"
}
has_lists() { [ -n "$(find "$1" -name '*_Packages*' -print 2>/dev/null | head -n 1)" ]; }
# The line of apt's that says most.
why() {
  for sign in '^E:' 'not possible' '^W:' .; do
    grep "$sign" "$work/log" | head -n 1 | grep . && return
  done
  echo "it says nothing"
}

# The machine's lists where they serve, else our own, fresh ones.
get() {
  if has_lists /var/lib/apt/lists && use_system_lists && download; then return; fi
  use_own_lists
  if has_lists "$dir/apt/lists" && download; then return; fi
  update_own_lists || fail "apt-get update failed: $(why)"
  if download; then return; fi
  if grep -q 'Unable to locate\|no installation candidate' "$work/log"; then
    if add_bookworm && update_own_lists && download; then return; fi
  fi
  # shellcheck disable=SC2086 # one line
  fail "apt-get could not get" $missing: "$(why)"
}

# shellcheck disable=SC2086 # one line
say "getting" $missing
get

for deb in "$work"/cache/archives/*.deb; do
  case ${deb##*/} in
    # A C library that is not the system's own breaks every program that the system's loader starts with it.
    libc6_* | libc-bin_* | libc6-*) continue ;;
  esac
  dpkg-deb -x "$deb" "$dir/root" || fail "cannot unpack ${deb##*/}"
  say "unpacked ${deb##*/}"
done
for package in $missing; do : >"$dir/got/$package"; done
echo "$dir/root"
