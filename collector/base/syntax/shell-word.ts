/** A word as a shell takes it: commands are printed to be pasted, and names in them come from anywhere. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
