/** What mawk is asked to do: count the statuses and sum the connect times, no more. */

/** Cut at the quotes: the status is in the third piece, the connect times are the tenth. */
export const mawkProgram = `BEGIN { FS = "\\"" }
{
  split($3, words, " ")
  status[words[1]]++
  n = split($10, times, /, | : /)
  for (i = 1; i <= n; i++) if (times[i] != "-") sum += times[i]
}
END {
  for (code in status) print code, status[code]
  print sum
}
`;
