/** The order in which vitest starts the files. */
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** What runs programs takes up to a minute and a half a file, however small the file is. */
const slowest = ['/test/install/', '/test/e2e/'] as const;

function rank({ moduleId }: TestSpecification): number {
  const at = slowest.findIndex((folder) => moduleId.includes(folder));
  return at < 0 ? slowest.length : at;
}

/** The slow ones first: on a new machine vitest goes by size, and a small slow file that starts last runs alone. */
export class ProgramsFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}
