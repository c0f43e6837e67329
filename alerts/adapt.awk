# Adapts the alert file, which is written for current Netdata, to the version that will read it:
#   awk -v version=1.37.1 -f alerts/adapt.awk alerts/nginx_upstream.conf
#
#   before 1.38: ${label:x} and ${family} in info are $label:x and $family, ended by a space or the end of the text: a
#                full stop there becomes a dash
#   before 1.40: `chart labels:` is ignored, so an alert narrowed by it would fire for every chart: it is left out
#   before 1.43: `summary:` is unknown and logs an error at each reload
BEGIN { split(version, part, "."); v = part[1] * 1000 + part[2] }
function old_placeholders(text,   out, name) {
  out = ""
  while (match(text, /[$][{](label:[^}]*|family)[}]/)) {
    name = substr(text, RSTART + 2, RLENGTH - 3)
    out = out substr(text, 1, RSTART - 1) "$" name
    text = substr(text, RSTART + RLENGTH)
    if (text ~ /^[.] /) text = " -" substr(text, 2)
    if (text != "" && text !~ /^[ \t]/) out = out " "
  }
  return out text
}
function flush(   i) {
  if (narrowed) print "# left out: " title " is narrowed by chart labels, which Netdata knows from 1.40 on"
  for (i = 1; i <= n; i++) if (!narrowed || lines[i] ~ /^[ \t]*(#|$)/) print lines[i]
  n = 0; narrowed = 0
}
{
  if (!continued) {
    key = tolower($0); comment = key ~ /^[ \t]*#/
    if (comment || !sub(/[ \t]*:.*/, "", key)) key = ""
    sub(/^[ \t]+/, "", key)
    if (key == "template" || key == "alarm") { flush(); title = $0; sub(/^[^:]*:[ \t]*/, "", title) }
    if (key == "chart labels" && v < 1040) narrowed = 1
  }
  continued = !comment && /\\[ \t\r]*$/
  if (key == "summary" && v < 1043) next
  lines[++n] = key == "info" && v < 1038 ? old_placeholders($0) : $0
}
END { flush() }
