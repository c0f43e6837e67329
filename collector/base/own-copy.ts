/** A substring that is kept pins the entire chunk it was cut from (measured: hundreds of megabytes). */
export function ownCopy(text: string): string {
  return Buffer.from(text, 'utf16le').toString('utf16le');
}
