import { rmSync } from 'node:fs';

// The package must not contain the output of renamed or deleted sources.
for (const folder of ['dist', 'resources']) {
  rmSync(new URL(`../${folder}`, import.meta.url), { recursive: true, force: true });
}
