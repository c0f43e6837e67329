# Read access to nginx's logs.

load trees.bash

@test "logs of the group adm: netdata joins it, and install.sh says so" {
  make_tree native 2.10.4
  installer
  ok
  says 'add netdata to the group adm, which may read /var/log/nginx/access.log (Netdata must be restarted to use it)'
  grep -qx "adm:x:$(id -g):syslog,netdata" "$ROOT/etc/group"
}

@test "an empty group" {
  make_tree native 2.10.4
  make_groups ''
  before=$(tree)
  installer
  grep -qx "adm:x:$(id -g):netdata" "$ROOT/etc/group"
  installer --uninstall
  same "$before" "$(tree)"
}

@test "already a member: nothing is done, and nothing is taken back" {
  make_tree debian 1.37.1
  groups=$(cat "$ROOT/etc/group")
  installer
  ok
  says 'netdata can read /var/log/nginx: nothing to do'
  same "$groups" "$(cat "$ROOT/etc/group")"
  installer --uninstall
  ok
  says_not 'group adm'
  same "$groups" "$(cat "$ROOT/etc/group")"
}

@test "logs that all may read: nothing is done" {
  make_tree native 2.10.4
  chmod 644 "$ROOT"/var/log/nginx/*.log
  groups=$(cat "$ROOT/etc/group")
  installer
  says 'netdata can read /var/log/nginx: nothing to do'
  same "$groups" "$(cat "$ROOT/etc/group")"
}

@test "logs that the group adm cannot read: the way is said, nothing is opened" {
  make_tree native 2.10.4
  groups=$(cat "$ROOT/etc/group")
  chmod 600 "$ROOT/var/log/nginx/error.log"
  installer
  ok
  says 'netdata cannot read /var/log/nginx/'
  says 'setfacl -R -m u:netdata:rX /var/log/nginx'
  same "$groups" "$(cat "$ROOT/etc/group")"
}

@test "a log folder that the group adm cannot enter" {
  make_tree native 2.10.4
  chmod 740 "$ROOT/var/log/nginx" # its names, not its files
  groups=$(cat "$ROOT/etc/group")
  installer
  ok
  says 'netdata cannot read /var/log/nginx'
  same "$groups" "$(cat "$ROOT/etc/group")"
}

@test "no logs" {
  make_tree native 2.10.4
  rm -r "$ROOT/var/log/nginx"
  installer
  ok
  says 'no /var/log/nginx here'
}

@test "who joined adm by other means stays in it" {
  make_tree native 2.10.4
  installer
  make_groups syslog # someone took it out again
  groups=$(cat "$ROOT/etc/group")
  installer --uninstall
  ok
  same "$groups" "$(cat "$ROOT/etc/group")"
}
