# One alert file in the repository, in current form; each Netdata gets the form that it understands.

load trees.bash

adapted_for() { # adapted_for VERSION: in text, the file as installed
  make_tree native "$1"
  installer
  ok
  text=$(cat "$ROOT$ALERTS")
}
has() { printf '%s\n' "$text" | grep -Fqx -- "$1" || { echo "no line '$1' in: $text" >&2; return 1; }; }
has_not() { ! printf '%s\n' "$text" | grep -Fq -- "$1" || { echo "'$1' is in: $text" >&2; return 1; }; }

@test "1.37.1: placeholders ended by a space or the end, no unknown keys" {
  adapted_for 1.37.1
  has '     info: peer $label:peer of $label:upstream , clients of $label:upstream in $family : see $label:peer'
  has_not summary
  has_not '${label:peer} second' # the rest of a summary over two lines
  has '     Info: first $label:peer \'
  has '           second $label:upstream'
  has_not '${label'
  has_not '${family'
}

@test "1.37.1: expressions stay as they are" {
  adapted_for 1.37.1
  has '     warn: $this > 0 AND ${nginx_upstream.requests.502} > 0'
}

@test "1.37.1: an alert that only chart labels narrow is left out, and that is said" {
  adapted_for 1.37.1
  says 'left out: t_narrowed is narrowed by chart labels'
  has '# left out: t_narrowed is narrowed by chart labels, which Netdata knows from 1.40 on'
  has_not 'template: t_narrowed'
  has_not 'transport=unix'
  has '# texts over several lines' # the comment of the next one stays
  has ' template: t_plain'
  has ' template: t_continued'
}

@test "1.39: modern placeholders, old keys" {
  adapted_for 1.39.1
  has '     info: peer ${label:peer} of ${label:upstream}, clients of ${label:upstream} in ${family}: see ${label:peer}'
  has_not 'template: t_narrowed'
  has_not summary
}

@test "1.40: chart labels, no summary" {
  adapted_for 1.40.0
  has 'chart labels: transport=unix'
  has_not summary
}

@test "1.45, 2.x and nightlies: as in the repository, byte by byte" {
  for version in 1.43.0 1.45.6 2.0.0 2.10.4 2.11.0-15-nightly 10.1; do
    adapted_for $version
    cmp "$RELEASE/alerts/nginx_upstream.conf" "$ROOT$ALERTS"
    says_not adapted
  done
}

@test "each version's file keeps the lookups, helpers and roles of every alert it holds" {
  for version in 1.37.1 1.38.0 1.40.0 2.10.4; do
    adapted_for $version
    templates=$(printf '%s\n' "$text" | grep -c '^ *template:')
    [ "$templates" = "$(printf '%s\n' "$text" | grep -c '^ *lookup: sum -1m unaligned of refused')" ]
    [ "$templates" = "$(printf '%s\n' "$text" | grep -c '^ *every: 5s')" ]
  done
}
