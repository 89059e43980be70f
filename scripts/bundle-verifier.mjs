// Puts the modules of the offline verifier, as tsc compiled them, into one file that needs nothing but Node:
//   node scripts/bundle-verifier.mjs [DIST]        writes DIST/verify.mjs, by default dist/verify.mjs
// Only imports, exports and source maps are taken out; names of modules must not clash, or Node refuses the file.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** In the order in which they build on each other. */
const modules = [
  'domain/canonical-json',
  ...['hash', 'proof', 'note', 'checkpoint', 'policy', 'leaf', 'shape', 'bundle', 'verify', 'main'].map(
    (name) => `evidence/verifier/${name}`,
  ),
]

const dist = process.argv[2] ?? fileURLToPath(new URL('../dist', import.meta.url))
const importStatement = /^import\s+\{([^}]*)\}\s+from\s+'([^']+)';?\n/gm
const fromNode = new Map()

const bodies = modules.map((module) => {
  const text = readFileSync(join(dist, 'src', `${module}.js`), 'utf8')
  const body = text.replace(importStatement, (_, names, from) => {
    if (from.startsWith('node:')) {
      for (const name of names.split(',')) fromNode.set(from, (fromNode.get(from) ?? new Set()).add(name.trim()))
    } else if (!modules.some((known) => from.endsWith(`/${known.split('/').at(-1)}.js`))) {
      throw new Error(`${module} imports ${from}, which is not one of the verifier's modules`)
    } else if (/\sas\s/.test(names)) {
      throw new Error(`${module} imports from ${from} under another name`)
    }
    return ''
  })
  return `// ---- src/${module}.ts\n\n${body.replace(/^export (?=const|class|function)/gm, '').replace(/^(export \{\};?|\/\/# sourceMappingURL=.*)\n?/gm, '')}`
})

const head = `#!/usr/bin/env node
// The offline verifier of Ledgerline's bundles of evidence, in one file and with no dependency:
//   node verify.mjs FILE [--key VKEY]... [--policy FILE]
`
const imports = [...fromNode].map(([from, names]) => `import { ${[...names].sort().join(', ')} } from '${from}';\n`)
const end = `// ----

const { exitCode, output } = main(process.argv.slice(2));
console.log(output);
process.exitCode = exitCode;
`
const file = [head, imports.join(''), '\n', bodies.join('\n'), end].join('')
if (/^(import|export)\b/m.test(file.slice(head.length + imports.join('').length))) {
  throw new Error('an import or an export is left')
}
writeFileSync(join(dist, 'verify.mjs'), file)
