// Puts the modules of the offline verifier, as tsc compiled them, into one file that needs nothing but Node:
//   node scripts/bundle-verifier.mjs [DIST]        writes DIST/verify.mjs, by default dist/verify.mjs
// Only imports, exports and source maps are taken out; names of modules must not clash, or Node refuses the file.
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** In the order in which they are best read: the checks first, then what they rest on. */
const parts = [
  ['evidence/verifier/verify', 'the checks, in the order in which they are made'],
  ['evidence/verifier/chain', 'a file of many bundles, one a line: each checked, and that nothing is between them'],
  ['evidence/verifier/leaf', 'what is hashed of an event'],
  ['evidence/verifier/proof', 'Merkle trees and their proofs (RFC 9162)'],
  ['evidence/verifier/note', 'signed notes and verifier keys (C2SP signed-note), Ed25519'],
  ['evidence/verifier/checkpoint', 'what a checkpoint says (C2SP tlog-checkpoint)'],
  ['evidence/verifier/hash', 'SHA-256, hex and base64'],
  ['domain/canonical-json', 'the one text of a JSON value (RFC 8785)'],
  ['evidence/verifier/bundle', 'the format of the file: its fields, none unknown'],
  ['evidence/verifier/shape', 'how fields are read'],
  ['evidence/verifier/lines', 'how large files are read'],
  ['evidence/verifier/policy', 'which witnesses are asked for (C2SP tlog-policy)'],
  ['evidence/verifier/main', 'the command: arguments, files, exit code'],
]
const modules = parts.map(([module]) => module)

const dist = process.argv[2] ?? fileURLToPath(new URL('../dist', import.meta.url))
const importStatement = /^import\s+\{([^}]*)\}\s+from\s+'([^']+)';?\n/gm
const fromNode = new Map()

const bodyOf = (module) => {
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
  return body
    .replace(/^export (?=const|class|function)/gm, '')
    .replace(/^(export \{\};?|\/\/# sourceMappingURL=.*)\n?/gm, '')
}

const bodies = parts.map(([module, what]) => `// ---- src/${module}.ts: ${what}\n\n${bodyOf(module)}`)

const head = `#!/usr/bin/env node
// The offline verifier of Ledgerline's bundles of evidence, in one file and with no dependency:
//   node verify.mjs FILE [--key VKEY]... [--policy FILE]
//
// It reads the files that it is given, writes to the standard output, and does nothing else.
//
// Of every file: it has the one form of the format, its leaves are in order, they are what it claims to be, and each event
// hashes to what its leaf says. Then the leaves are tied to the root of the log's tree:
//   of a run or a pipeline  by an inclusion proof of each;
//   of a period             by all of them: a consistency proof gives the tree before the first, and with every leaf appended
//                           it must have the root of the checkpoint. One left out, added or changed is another root.
// Last, the log's keys must have signed the checkpoints and the manifest, and witnesses as many as the policy asks for.
// The first check that does not hold ends it. Whatever is thrown is a check that does not hold.
//
// The parts:
${parts.map(([module, what]) => `//   ${module.split('/').at(-1).padEnd(15)} ${what}\n`).join('')}
`
const imports = [...fromNode].map(([from, names]) => `import { ${[...names].sort().join(', ')} } from '${from}';\n`)
const end = `\n// ---- the start

const { exitCode, output } = main(process.argv.slice(2));
console.log(output);
process.exitCode = exitCode;
`

/** As the sources are formatted. What tsc left out is put back: a blank line before what has a comment. */
const formatted = (text) => {
  const biome = createRequire(import.meta.url).resolve('@biomejs/biome/bin/biome')
  const style = ['--line-width=120', '--indent-style=space', '--javascript-formatter-quote-style=single']
  const args = [biome, 'format', '--stdin-file-path=verify.mjs', ...style, '--semicolons=as-needed']
  return execFileSync(process.execPath, args, { input: text.replace(/(?<!\n)\n(?=\/\*\*)/g, '\n\n'), encoding: 'utf8' })
}

const file = formatted([head, imports.join(''), '\n', bodies.join('\n'), end].join(''))
const [, code = ''] = file.split(/^\/\/ ---- /m)
if (code === '' || /^(import|export)\b/m.test(file.slice(file.indexOf(code)))) {
  throw new Error('an import or an export is left')
}
writeFileSync(join(dist, 'verify.mjs'), file)
