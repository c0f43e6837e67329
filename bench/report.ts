export async function report(_args: readonly string[]): Promise<string> {
  return 'x';
}
