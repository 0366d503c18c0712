import { rmSync } from 'node:fs';

// Nothing of a renamed or deleted source may stay in the package.
for (const folder of ['dist', 'resources']) {
  rmSync(new URL(`../${folder}`, import.meta.url), { recursive: true, force: true });
}
